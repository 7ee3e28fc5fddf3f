import PipelineSpec
import SnapshotStore
import Testing

@testable import WorkerRuntime

@Suite struct KeepRulesTests {
  @Test func `A rule of the pipeline file holds for its window and more, up to the next rule's`()
    throws
  {
    let storage = try Pipeline.parse(
      text: """
        name: keep
        source: {format: segment}
        keep: {1h: 400d, 1m: 7d, 1d: forever}
        metrics: {n: {count: true, every: 1m}}
        """, file: "keep.yaml"
    ).storage
    let rules = OpenedFiles.keepRules(storage.keep)
    #expect(rules.map(\.windowMs) == [3_599_999, 86_399_999, 86_400_000])
    let minute: Int64 = 60_000
    for windowMs in [1_000, minute, 5 * minute, 60 * minute, 61 * minute, 1_440 * minute] {
      let held = rules.first { windowMs <= $0.windowMs } ?? rules.last
      #expect(held?.keepMs == storage.keepMs(windowMs: windowMs), "a window of \(windowMs) ms")
    }
  }
}
