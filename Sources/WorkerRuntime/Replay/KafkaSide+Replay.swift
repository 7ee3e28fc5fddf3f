import KafkaClient
import StreamCore

extension KafkaSide {
  /// What every partition holds now.
  func watermarks() throws -> [PartitionID: KafkaTopics.Watermarks] {
    var all: [PartitionID: KafkaTopics.Watermarks] = [:]
    for (id, source) in partitions { all[id] = try topics(source).watermarks(id) }
    return all
  }

  /// For each partition the first offset whose record is of `time` or later, its end when there is
  /// none; nil where the brokers do not look offsets up by time.
  func offsets(atTime time: EventTime) throws -> [PartitionID: Int64]? {
    var all: [PartitionID: Int64] = [:]
    for (source, ids) in bySource {
      do {
        all.merge(try topics(source).offsets(atTime: time.ms, ids)) { $1 }
      } catch let error as KafkaError where error.codeName == "_UNSUPPORTED_FEATURE" {
        return nil
      }
    }
    return all
  }

  /// From when on every event lies at or after `offsets`: none is farther ahead of its record than
  /// `maxAheadMs`. Of a partition without a record there nothing is known yet.
  func completeFrom(_ offsets: [PartitionID: Int64], maxAheadMs: Int64) throws -> EventTime {
    let times = try timestamps(at: offsets)
    let now = SystemClock.now().ms
    return EventTime(ms: (offsets.keys.map { times[$0] ?? now }.max() ?? now) + maxAheadMs)
  }

  /// The timestamps of the first records at or after `offsets`; without those that have none.
  func timestamps(at offsets: [PartitionID: Int64]) throws -> [PartitionID: Int64] {
    var found: [PartitionID: Int64] = [:]
    for (source, ids) in bySource {
      let wanted = ids.filter { offsets[$0] != nil }
      guard !wanted.isEmpty else { continue }
      let consumer = try KafkaConsumer(
        settings: settings(source), groupID: nil, memoryBudgetBytes: 8 << 20, log: .silent)
      defer { consumer.close() }
      try consumer.assign(wanted.map { ($0, .offset(offsets[$0] ?? 0)) })
      var left = Set(wanted.indices)
      let deadlineMs = SystemClock.monotonicMs() + Self.peekTimeoutMs
      while !left.isEmpty, SystemClock.monotonicMs() < deadlineMs {
        let outcome = try consumer.poll(timeoutMs: 100) { index, run in
          guard left.remove(index) != nil, let first = run.first else { return }
          if first.timestampMs != .min { found[wanted[index]] = first.timestampMs }
        }
        for end in outcome.ends { left.remove(end.assigned) }
        for lost in outcome.lost { left.remove(lost.assigned) }
      }
      if let silent = left.sorted().first {
        throw WorkerError(
          .outside, "\(wanted[silent]) gave no record within \(Self.peekTimeoutMs / 1_000) s",
          whatToDo: "see to the broker, then start again")
      }
    }
    return found
  }

  /// How long the first records of all partitions may take.
  private static let peekTimeoutMs: Int64 = 20_000

  private var bySource: [(source: Int, ids: [PartitionID])] {
    Dictionary(grouping: partitions, by: \.sourceIndex).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value.map(\.id)) }
  }
}
