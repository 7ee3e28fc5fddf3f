import Foundation
import PipelineSpec
import StreamCore
import Testing

/// The files of `Tests/Conformance`: what the stages mean, by examples worked out by hand.
@Suite struct ConformanceTests {
  static let files =
    (try? Files.yaml(in: Files.root.appending(path: "Tests/Conformance"))) ?? []

  @Test func `There are cases of every kind of stage`() {
    for kind in [
      "funnel", "retention", "sessions", "lifecycle", "traits", "alerts", "risks", "kpis",
    ] {
      #expect(Self.files.contains { $0.lastPathComponent.hasPrefix(kind) }, "\(kind)")
    }
  }

  /// Each case by itself: where users are in one partition, and where they go through the exchange.
  @Test(arguments: files, [true, false])
  func `Every case of a conformance file holds`(_ file: URL, isKeyed: Bool) throws {
    let name = "Tests/Conformance/\(file.lastPathComponent)"
    var pipeline = try Pipeline.load(path: file.path, environment: [:])
    #expect(!pipeline.tests.isEmpty, "\(name):1: the file has no tests")
    for index in pipeline.plan.sources.indices { pipeline.plan.sources[index].keyed = isKeyed }
    for outcome in try PipelineTestRunner.run(pipeline) {
      for mismatch in outcome.mismatches {
        Issue.record("\(name):\(outcome.line): \(outcome.name): \(mismatch)")
      }
    }
  }

  @Test func `The documents of the semantics name every conformance file`() throws {
    let document = try ["docs/semantics.md", "docs/alerts.md", "docs/kpis.md"]
      .map { try Files.text(Files.root.appending(path: $0)) }.joined()
    for file in Self.files {
      #expect(document.contains("../Tests/Conformance/\(file.lastPathComponent)"))
    }
  }
}
