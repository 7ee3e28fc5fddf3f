/// Notices that a topic has more partitions, or fewer, than when reading began.
///
/// A topic that gains partitions spreads its keys anew, so results per user would be wrong from
/// then on. A value for one thread; time is an argument.
public struct PartitionWatch {
  /// A topic whose number of partitions is not what it was.
  public struct Change: Sendable, Equatable, CustomStringConvertible {
    /// The topic.
    public var topic: String
    /// Partitions when reading began.
    public var before: Int32
    /// Partitions now; 0 when the topic is gone.
    public var now: Int32

    public var description: String {
      now == 0
        ? "topic \(topic) with \(before) partitions is gone"
        : "topic \(topic) had \(before) partitions and has \(now)"
    }
  }

  private let expected: [String: Int32]
  private let everyMs: Int64
  private var lastMs: Int64?

  /// Watches topics that had `expected` partitions when reading began, looking every `everyMs`.
  public init(expected: [String: Int32], everyMs: Int64 = 60_000) {
    self.expected = expected
    self.everyMs = everyMs
  }

  /// Changes found, sorted by topic; empty when it is not yet time to look again, and when the
  /// brokers cannot be asked just now.
  ///
  /// - Parameters:
  ///   - nowMs: a clock that never goes back.
  ///   - look: all topics and their numbers of partitions, as `KafkaTopics.all` gives them.
  /// - Throws: what `look` throws unless it is a `KafkaError` that passes.
  public mutating func check(
    nowMs: Int64, _ look: () throws -> [String: Int32]
  ) throws -> [Change] {
    if let lastMs, nowMs - lastMs < everyMs { return [] }
    lastMs = nowMs
    let topics: [String: Int32]
    do {
      topics = try look()
    } catch let error as KafkaError where error.isRetriable {
      return []
    }
    return expected.sorted { $0.key < $1.key }.compactMap { topic, before in
      let now = topics[topic] ?? 0
      return now == before ? nil : Change(topic: topic, before: before, now: now)
    }
  }
}
