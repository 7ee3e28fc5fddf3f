import Foundation
import StreamTestKit
import Testing

/// The console's figures for machines, judged by Prometheus' own tool.
@Suite(.serialized) struct ConsoleFiguresTests {
  private func promtool(_ text: String) async throws -> (code: Int32, said: String) {
    let folders =
      (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    let program = try #require(
      folders.map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) },
      "promtool is not here; `scripts/bootstrap test` installs it")
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = ["check", "metrics"]
    let input = FileHandle(forReadingAtPath: try folder.write(text, to: "metrics"))
    process.standardInput = input
    let said = try folder.write("", to: "said")
    let output = FileHandle(forWritingAtPath: said)
    process.standardOutput = output
    process.standardError = output
    let code = try await process.runToEnd(closing: [input, output])
    return (code, try String(contentsOfFile: said, encoding: .utf8))
  }

  @Test func `promtool finds nothing wrong with a live scrape, nor with that of a file`()
    async throws
  {
    for console in [try await Console.demo(), try await ConsoleFixture.console()] {
      let scrape = try await console.probe.get("/metrics")
      #expect(scrape.status == 200, "\(scrape)")
      #expect(scrape.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
      let (code, said) = try await promtool(scrape.body)
      #expect(code == 0 && said.isEmpty, "\(said)")
      for name in [
        "weir_events_total{fate=\"applied\"}", "weir_snapshots_total", "weir_file_bytes",
        "weir_alerts", "weir_outbox", "weir_process_resident_memory_bytes",
      ] {
        #expect(scrape.body.contains("\n\(name)") || scrape.body.hasPrefix(name), "\(name)")
      }
    }
    let (code, said) = try await promtool("weir_bad_total{ 1\n")
    #expect(code != 0 && !said.isEmpty, "the tool that finds nothing wrong finds something")
  }

  @Test func `A worker that lives is alive and ready, and says so to whoever asks`() async throws {
    let console = try await Console.demo()
    for path in ["/healthz", "/readyz"] {
      let answer = try await console.probe.get(path)
      #expect(answer.status == 200 && !answer.body.isEmpty, "\(path): \(answer)")
    }
    let before = try await console.probe.get("/metrics").body
    let counter = /\nweir_events_total\{fate="applied"\} (?<count>\d+)/
    let first = try #require(before.firstMatch(of: counter).flatMap { Int($0.count) })
    var later = first
    let deadline = ContinuousClock.now + Patience.duration
    while later <= first, ContinuousClock.now < deadline {
      let text = try await console.probe.get("/metrics").body
      later = text.firstMatch(of: counter).flatMap { Int($0.count) } ?? 0
    }
    #expect(later > first)
  }
}
