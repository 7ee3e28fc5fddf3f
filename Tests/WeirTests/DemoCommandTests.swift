import Foundation
import StreamCore
import StreamTestKit
import Testing
import WorkerRuntime

@testable import weir

@Suite("The demonstration's command")
struct DemoCommandTests {
  private var embedded: String { String(decoding: PackageResources.shop_yaml, as: UTF8.self) }

  @Test("the pipeline in the binary is that of the repository")
  func pipeline() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appending(path: "pipelines/shop.yaml")
    #expect(try String(contentsOf: file, encoding: .utf8) == embedded)
  }

  @Test("durations are numbers with a unit")
  func durations() {
    #expect(DemoDuration(argument: "20s")?.ms == 20_000)
    #expect(DemoDuration(argument: "1.5m")?.ms == 90_000)
    #expect(DemoDuration(argument: "250ms")?.ms == 250)
    #expect(DemoDuration(argument: "1h")?.ms == 3_600_000)
    for wrong in ["", "20", "s", "-1s", "0s", "infs", "1e300h", "nanm", "20 parsecs"] {
      #expect(DemoDuration(argument: wrong) == nil, "\(wrong)")
    }
  }

  @Test("values out of range are wrong usage")
  func ranges() throws {
    #expect(throws: (any Error).self) { try Demo.parse(["--speed", "0"]) }
    #expect(throws: (any Error).self) { try Demo.parse(["--customers", "0"]) }
    #expect(throws: (any Error).self) { try Demo.parse(["--for", "soon"]) }
    #expect(try Demo.parse(["--for", "20s", "--seed", "7"]).duration?.ms == 20_000)
  }

  @Test("the lines to try work as they are printed, and show what was computed")
  func commands() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "a demo's \(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var options = DemoOptions(
      pipelineText: embedded, dataPath: folder.appending(path: "demo.sqlite").path)
    options.speed = 3_600
    options.eventsMax = 10_000
    let session = try DemoSession(options)
    let isRead = session.wait(timeoutMs: Int64(Patience.ms)) { $0.status.fates.read >= 10_000 }
    let summary = try session.stop()
    #expect(isRead)
    let epilogue = DemoEpilogue(summary: summary, zone: session.pipeline.plan.zone)
    let commands = epilogue.commands
    #expect(commands.count == 3 && commands.allSatisfy { epilogue.text.contains($0) })
    let outputs = try commands.map(shell)
    for output in outputs { #expect(output.status == 0, "\(output.text)") }
    #expect(outputs[0].text.contains("mini_program") && outputs[0].text.contains("revenue"))
    #expect(outputs[1].text.contains("19:0") && outputs[1].text.contains("mini_program"))
    #expect(outputs[2].text.split(separator: "\n").count == 4 + DemoSession.partitions)
  }

  private func shell(_ command: String) throws -> (status: Int32, text: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test("paths become one word of a command line")
  func quoting() {
    #expect(DemoEpilogue.quoted("./a/b-1.sqlite") == "./a/b-1.sqlite")
    #expect(DemoEpilogue.quoted("a b's.sqlite") == #"'a b'\''s.sqlite'"#)
    #expect(DemoEpilogue.quoted("-x") == "'./-x'")
    #expect(DemoEpilogue.quoted("$(x)") == "'$(x)'")
  }
}
