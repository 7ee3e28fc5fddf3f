import Foundation
import HTTPTypes
import PipelineSpec
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A results file of a test, which goes with it, and consoles over it.
final class TestFile {
  let directory: String
  var path: String { directory + "/shop.sqlite" }
  private let file: ResultsFile

  /// Makes a file of `definition`, the canonical text of a pipeline.
  init(definition: String = TestFile.definition) throws {
    directory = NSTemporaryDirectory() + "weir-console-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    file = try ResultsFile.open(
      path: directory + "/shop.sqlite",
      identity: PipelineIdentity(
        name: "shop", definition: definition, tzdataVersion: "2025b", weirVersion: "1.0"))
  }

  deinit {
    try? file.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  static let definition = """
    pipeline 1
    name shop
    zone Asia/Shanghai
    time lateness=60000 max_ahead=86400000 not_before=631152000000 dedup=-
    metric revenue sum window=1h every=1h lateness=- carry=- series_ttl=604800000 max_series=10000
     of properties.total
     where event == "purchase"
     by platform = platform
    metric users distinct users window=1d every=1d lateness=- carry=- series_ttl=1 max_series=10
    formula rate = errors / payments
    funnel checkout within=86400000 entered=1d order=default lateness=- max_series=10000
     step "view" = event == "view"
     step "paid" = event == "purchase"
     by platform = platform
    retention weekly unit=1w periods=4 mode=first_time forget_after=34560000000 lateness=-
    session visits gap=1800000 max=86400000 lateness=- max_series=10000

    """

  /// Commits one snapshot; `fill` says what is in it.
  func commit(_ fill: (inout SnapshotChange) -> Void = { _ in }) throws {
    var change = SnapshotChange(taken: WallTime(ms: 1_772_000_000_000))
    fill(&change)
    _ = try file.commit(change, durable: false)
  }

  /// Ends the worker's hold of the file: from now on nobody commits to it.
  func release() { try? file.close() }

  /// A console over what is committed, at a time of day shortly after.
  func console(
    tokens: [ConsoleToken] = [], pipeline: Pipeline? = nil,
    live: (@Sendable () -> LiveFigures?)? = nil
  ) throws -> Console {
    try Console(
      ConsoleSetup(
        dataPath: path, pipeline: pipeline, address: #require(ConsoleAddress("127.0.0.1:0")),
        tokens: tokens, live: live, now: { WallTime(ms: 1_772_000_003_000) }))
  }
}

extension Console {
  /// What a reader is told who asks for `target`, checked as a router does it.
  func ask(
    _ target: String, language: Language = .english,
    rights: ConsoleRights = .read, method: HTTPRequest.Method = .get,
    body: [(name: String, value: String)] = []
  ) throws -> Answer {
    let segments = URLText.path(of: target).split(separator: "/", omittingEmptySubsequences: true)
    let endpoint = endpoints.first { endpoint in
      let own = endpoint.path.split(separator: "/", omittingEmptySubsequences: true)
      return endpoint.method == method && own.count == segments.count
        && zip(own, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    guard let endpoint else { throw Problem.notFound("there is no \(target)") }
    let visitor = Visitor(
      name: rights.contains(.write) ? "ann" : nil, rights: rights,
      formKey: rights.contains(.write) ? "key" : nil)
    return try answer(
      endpoint, target: target, body: body, visitor: visitor, language: language)
  }

  /// The text of an answer.
  func text(
    _ target: String, language: Language = .english, rights: ConsoleRights = .read
  ) throws -> String {
    String(decoding: try ask(target, language: language, rights: rights).body, as: UTF8.self)
  }
}

/// Whether markup is well formed, and what every page must not have.
enum PageCheck {
  /// Records an issue where `html` is no page, or has script or style inside.
  static func check(_ html: String, _ name: String) {
    let doctype = "<!DOCTYPE html>"
    guard html.hasPrefix(doctype) else {
      Issue.record("\(name): no doctype")
      return
    }
    // What HTML may leave open or without a value, as XML wants it.
    let xml = html.dropFirst(doctype.count)
      .replacing(#/<(meta|link|input|br|hr|img|col)\b([^>]*?)\/?>/#) { "<\($0.1)\($0.2)/>" }
      .replacing(
        #/\s(defer|required|checked|selected|data-live|open|hidden|disabled)(?=[\s\/>])/#
      ) { " \($0.1)=\"\"" }
      .replacing(#/\s(data-submit-on-change)(?=[\s\/>])/#) { " \($0.1)=\"\"" }
    let parser = XMLParser(data: Data(xml.utf8))
    if !parser.parse() {
      let lines = xml.split(separator: "\n", omittingEmptySubsequences: false)
      let line = parser.lineNumber - 1
      let text = lines.indices.contains(line) ? String(lines[line].prefix(300)) : ""
      Issue.record("\(name): \(parser.parserError.map { "\($0)" } ?? "") at \(line): \(text)")
    }
    #expect(!html.contains("<style"), "\(name): style inside")
    #expect(!html.contains(" style=\""), "\(name): style inside")
    #expect(!html.contains(" onclick"), "\(name): script inside")
    #expect(!html.contains("Optional("), "\(name): an optional's text")
    #expect(!html.contains("nil"), "\(name): nil")
  }
}
