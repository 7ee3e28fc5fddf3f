import BenchmarkKit
import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// How long each page takes at the server over a year's file: the first time, right after a commit,
/// which is when open pages fetch themselves again, and asked again without one.
struct PageTimes {
  let folder: URL
  let rounds: Int

  func run() throws {
    let pipeline = try Pipeline.parse(text: YearRules.pipeline, file: "year.yaml")
    let text = folder.appendingPathComponent("year.yaml")
    try YearRules.pipeline.write(to: text, atomically: true, encoding: .utf8)
    let path = folder.appendingPathComponent("year.sqlite").path
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let count = try YearFile.make(path: path, pipeline: pipeline, endMs: now)
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
    print(
      String(
        format: "A year of results: %d rows, %.0f MB; %d rounds; milliseconds", count,
        (bytes?.doubleValue ?? 0) / 1e6, rounds))
    let console = try ConsoleProcess(
      ["serve", path, "--pipeline", text.path, "--listen", "127.0.0.1:0"], in: folder)
    let connection = try HTTPConnection(port: console.port())
    let pages = try Self.pages(connection)
    var times: [String: Times] = [:]
    for page in pages {
      let (first, bytes) = try time(page, connection)
      times[page] = Times(first: first, bytes: bytes)
    }
    let file = try ResultsFile.open(
      path: path,
      identity: PipelineIdentity(
        name: pipeline.plan.name, definition: pipeline.plan.definition,
        tzdataVersion: pipeline.plan.tzdataVersion, weirVersion: "benchmark"))
    defer { try? file.close() }
    for round in 0..<rounds {
      for page in pages {
        var change = SnapshotChange(taken: WallTime(ms: now + Int64(round)))
        change.watermark = EventTime(ms: now)
        _ = try file.commit(change, durable: false)
        times[page]?.fresh.append(try time(page, connection).ms)
        times[page]?.again.append(try time(page, connection).ms)
      }
    }
    print(
      "after a commit p50    p99    max   again p50    p99   first   bytes  page")
    for page in pages { if let times = times[page] { print(times.line + "  " + page) } }
    let worst = times.values.flatMap(\.fresh).sorted()
    print(
      String(
        format: "all pages after a commit: p50 %.1f, p99 %.1f, max %.1f",
        worst[worst.count / 2], worst[(worst.count - 1) * 99 / 100], worst[worst.count - 1]))
    let slowest = times.values.map { $0.at(0.99) }.max() ?? 0
    try Figures.note(
      Figure("console over a year of rows", "slowest page, p99", slowest, "ms", .atMost(100)))
  }

  private func time(
    _ page: String, _ connection: HTTPConnection
  ) throws -> (ms: Double, bytes: Int) {
    let start = ContinuousClock.now
    let answer = try connection.get(page, ["Accept": page.hasPrefix("/api") ? "*/*" : "text/html"])
    let passed = (ContinuousClock.now - start).inMs
    guard answer.status == 200 else {
      throw BenchmarkError(
        "\(page) was answered with \(answer.status): "
          + String(decoding: answer.body.prefix(500), as: UTF8.self))
    }
    return (passed, answer.body.count)
  }

  /// The pages of the navigation, and what they lead to: each shape of address once, so that there
  /// is one metric, one alert and one rule, with every range and view that they offer.
  private static func pages(_ connection: HTTPConnection) throws -> [String] {
    var found = ["/", "/metrics"]
    var shapes: [String: Int] = ["/": 1, "/metrics": 1]
    var next = 0
    while next < found.count, found.count < 120 {
      let page = found[next]
      next += 1
      let answer = try connection.get(page, ["Accept": "text/html"])
      let text = String(decoding: answer.body, as: UTF8.self)
      for match in text.matches(of: /href="(?<link>\/[^"#]*)"/) {
        let link = String(match.link).replacing("&amp;", with: "&")
        guard !["/assets", "/language", "/sign-"].contains(where: link.hasPrefix) else { continue }
        let shape = shape(of: link)
        guard !found.contains(link), shapes[shape, default: 0] < 2 else { continue }
        shapes[shape, default: 0] += 1
        found.append(link)
      }
    }
    return found
  }

  /// An address without what it is about: names of the query stay, ids of the path go.
  private static func shape(of link: String) -> String {
    let parts = link.split(separator: "?", maxSplits: 1)
    let path = parts[0].split(separator: "/").enumerated().map { $0 == 0 ? $1 : "…" }
    let names = (parts.count > 1 ? parts[1].split(separator: "&") : [])
      .map { $0.hasPrefix("range") || $0.hasPrefix("format") ? $0 : $0.prefix { $0 != "=" } }
    return (path + ["?"] + names.sorted()).joined(separator: "/")
  }
}

/// Milliseconds of one page.
private struct Times {
  var first = 0.0
  var fresh: [Double] = []
  var again: [Double] = []
  var bytes = 0

  var line: String {
    String(
      format: "%18.1f %6.1f %6.1f %11.1f %6.1f %7.1f %7d", at(0.5), at(0.99), at(1),
      Self.at(0.5, again), Self.at(0.99, again), first, bytes)
  }

  /// The time after a commit that so great a share does not exceed.
  func at(_ share: Double) -> Double { Self.at(share, fresh) }

  private static func at(_ share: Double, _ times: [Double]) -> Double {
    times.sorted()[Int(Double(times.count - 1) * share)]
  }
}
