import Foundation
import PipelineSpec
import StreamCore
import Testing

@Suite struct ReadyPipelinesTests {
  static let files = (try? Files.yaml(in: Files.root.appending(path: "pipelines"))) ?? []

  @Test func `There are pipelines to check`() { #expect(Self.files.count >= 6) }

  @Test(arguments: files) func `A ready pipeline is right and has tests`(_ file: URL) throws {
    let pipeline = try Pipeline.load(path: file.path, environment: [:])
    #expect(!pipeline.plan.metrics.isEmpty)
    #expect(!pipeline.tests.isEmpty)
    #expect(pipeline.plan.name == file.deletingPathExtension().lastPathComponent)
    for source in pipeline.plan.sources {
      #expect(source.fields.count == pipeline.plan.fields.count)
    }
  }

  @Test(arguments: files) func `The tests inside a ready pipeline hold`(_ file: URL) throws {
    let pipeline = try Pipeline.load(path: file.path, environment: [:])
    for outcome in try PipelineTestRunner.run(pipeline) {
      for mismatch in outcome.mismatches {
        Issue.record(
          "pipelines/\(file.lastPathComponent):\(outcome.line): \(outcome.name): \(mismatch)")
      }
    }
  }

  @Test func `Variables change where events come from and not what is computed`() throws {
    let file = Files.root.appending(path: "pipelines/shop.yaml").path
    let usual = try Pipeline.load(path: file, environment: [:])
    let other = try Pipeline.load(path: file, environment: ["WEIR_BROKERS": "kafka:9093"])
    #expect(usual.kafka["source"]?.brokers == "127.0.0.1:9092")
    #expect(other.kafka["source"]?.brokers == "kafka:9093")
    #expect(usual.plan.definition == other.plan.definition)
    #expect(!usual.plan.definition.contains("9092"))
  }
}
