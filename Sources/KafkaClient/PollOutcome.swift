import StreamCore

/// Where reading a partition begins.
public enum StartPosition: Sendable, Hashable {
  /// At this offset, or the first one after it that still has a record in a compacted topic.
  case offset(Int64)
  /// At the oldest record that Kafka keeps.
  case beginning
  /// After the newest record.
  case end

  /// The number that librdkafka takes for it.
  var rawOffset: Int64 {
    switch self {
    case .offset(let offset): offset
    case .beginning: -2
    case .end: -1
    }
  }
}

/// What one call of `KafkaConsumer.poll` did. Empty lists cost nothing.
public struct PollOutcome: Sendable {
  /// A partition that is read to its end.
  public struct End: Sendable, Equatable {
    /// Index of the partition in `assign`.
    public var assigned: Int
    /// The offset that the next record will have or exceed. Behind the last record handed over
    /// there may be offsets without a record: aborted or control records, compacted ones.
    public var nextOffset: Int64
  }

  /// Messages handed over.
  public var messages = 0
  /// Partitions that were found read to their end and to which nothing came since.
  public var ends: [End] = []
  /// Partitions whose next offset Kafka does not have. They stand still until `seek` or `assign`.
  public var lost: [LostOffsets] = []
  /// Indices of partitions that the broker says do not exist (any more). They are tried on; a
  /// broker just started may be wrong about it, so confirm with `KafkaTopics.partitions`.
  /// librdkafka does not say it of every topic that goes: `PartitionWatch` finds them all.
  public var missing: [Int] = []
}

/// Offsets that were to be read and that Kafka does not have.
public struct LostOffsets: Sendable, Equatable, CustomStringConvertible {
  /// Index of the partition in `assign`.
  public var assigned: Int
  /// The partition.
  public var partition: PartitionID
  /// The offset that was to be read.
  public var wanted: Int64
  /// The oldest offset that Kafka keeps; nil when it did not say in time.
  public var earliest: Int64?
  /// The offset that its next record will get; nil when it did not say in time.
  public var latest: Int64?

  /// The offsets lost, if they are known: what retention or compaction of the log took away.
  public var range: Range<Int64>? {
    guard let earliest, wanted < earliest else { return nil }
    return wanted..<earliest
  }

  public var description: String {
    if let range {
      let kept = latest.map { "\(range.upperBound) up to \($0)" } ?? "\(range.upperBound) onwards"
      return "\(partition): offsets \(range.lowerBound) up to \(range.upperBound) "
        + "(\(range.count) at most, the last excluded) are lost; Kafka keeps \(kept)"
    }
    if let latest, wanted > latest {
      return "\(partition): offset \(wanted) was to be read but the log ends at \(latest); "
        + "the topic was made anew or its log was cut"
    }
    return "\(partition): Kafka does not have offset \(wanted)"
  }
}
