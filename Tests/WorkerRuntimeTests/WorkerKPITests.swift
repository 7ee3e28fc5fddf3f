import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// KPIs from files to the public file.
@Suite struct WorkerKPITests {
  @Test func `The file has the tree, and the rows that a driver gives`() throws {
    let folder = try WorkerFolder()
    let history = EventHistory(seed: 21, options: .with { $0.events = 1_500 }).sortedByTime()
    let lines = history.events.map { String(decoding: $0.payload, as: UTF8.self) }
    let file = folder.file("history.jsonl")
    try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let pipeline = try WorkerPipeline.make()
    let data = folder.file("kpis.sqlite")
    _ = try runFiles(pipeline, [file], data: data)
    let driver = try PipelineDriver(pipeline.plan)
    driver.push(history.events.map { ($0.payload, nil) }, to: 0)
    driver.close()
    let reader = try ResultsReader.open(path: data)
    let rows = try reader.kpis(KPIQuery(limit: 10_000)).rows
    #expect(rows.count > 100)
    #expect(Set(rows.map { "\($0)" }) == Set(driver.tables.rows.kpis.map { "\($0)" }))
    let tree = try reader.kpiTree()
    #expect(tree.map(\.kpi) == ["growth", "sold", "people"])
    #expect(Set(tree.map { "\($0)" }) == Set(pipeline.kpiTree.map { "\($0)" }))
  }
}
