import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import Synchronization
import Testing
import WorkerRuntime

/// A finite log held in memory, one record a batch. Its second last record comes again and again
/// until it is released.
private final class HeldLog: RecordReader {
  let format = PayloadFormat.json
  private(set) var nextOffset: Int64 = 0
  private let records: [[UInt8]]
  private let isReleased: @Sendable () -> Bool
  private var next = 0

  init(_ records: [String], isReleased: @escaping @Sendable () -> Bool) {
    self.records = records.map { Array($0.utf8) + [UInt8](repeating: 0, count: 64) }
    self.isReleased = isReleased
  }

  func nextBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int {
    guard next < records.count else { return 0 }
    try records[next].withUnsafeBufferPointer { bytes in
      let message = RawMessage(
        payload: bytes.baseAddress, payloadCount: Int32(bytes.count - 64), offset: nextOffset)
      try withUnsafePointer(to: message) { try handle(UnsafeBufferPointer(start: $0, count: 1)) }
    }
    nextOffset += 1
    if next != records.count - 2 || isReleased() { next += 1 }
    return 1
  }
}

/// Clocks that are lifted while events wait for their turn.
@Suite struct WorkerLiftTests {
  @Test(.timeLimit(.minutes(15)))
  func `A log that ends first is in every window that the others let close`() throws {
    let pipeline = try Pipeline.parse(
      text: """
        name: lifts
        source:
          format: custom
          fields: {name: event, user: user_id, time: timestamp}
        time: {lateness: 1m}
        snapshot_every: 100ms
        funnels:
          sale: {steps: [view, cart], within: 1m, entered: 1h}
        """, file: "lifts.yaml")
    let event = { (time: String, user: String, name: String) in
      #"{"timestamp": "2026-03-02T\#(time)Z", "user_id": "\#(user)", "event": "\#(name)"}"#
    }
    let logs = [
      [event("10:59:30", "ann", "view"), event("10:59:40", "ann", "cart")],
      [
        event("10:00:00", "bob", "view"), event("13:00:00", "bob", "view"),
        event("13:00:01", "bob", "search"), event("13:00:02", "bob", "cart"),
      ],
    ]
    let folder = try WorkerFolder()
    var options = WorkerOptions(dataPath: folder.file("lifts.sqlite"), lanes: 2)
    let snapshots = Atomic<Int>(0)
    options.onStatus = { status in
      if status.fates.read > 4 { snapshots.add(1, ordering: .relaxed) }
    }
    let readers = logs.enumerated().map { index, records in
      FiniteLog(
        id: PartitionID(topic: "log-\(index)", partition: 0), sourceIndex: 0,
        reader: HeldLog(records) { index == 0 || snapshots.load(ordering: .relaxed) >= 4 })
    }
    _ = try Worker(pipeline: pipeline, input: .logs(readers), options: options).run()
    let reader = try ResultsReader.open(path: folder.file("lifts.sqlite"))
    defer { reader.close() }
    let rows = try reader.funnels().sorted { ($0.entryStart, $0.step) < ($1.entryStart, $1.step) }
    #expect(rows.map(\.users) == [2, 1, 1, 1])
    #expect(rows.allSatisfy { $0.status == .final })
  }
}
