/// Where `TopicProducer` sends records: a Kafka producer, or memory in a test.
///
/// Used by one thread at a time.
public protocol RecordSink: AnyObject {
  /// Takes one record, copying its bytes. May wait for room.
  ///
  /// - Parameters:
  ///   - topic: Name of the topic.
  ///   - key: Decides the partition; nil leaves that to chance.
  ///   - value: The payload.
  ///   - timestampMs: The record's timestamp in epoch milliseconds.
  /// - Throws: When the record cannot be taken, now or ever.
  func send(
    topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, timestampMs: Int64
  ) throws

  /// What became of the records taken so far.
  var delivery: DeliveryCounts { get }

  /// Waits until every record taken is delivered.
  ///
  /// - Throws: When some are not after `timeoutMs`, or failed.
  func flush(timeoutMs: Int32) throws
}

/// What became of records handed to a sink.
public struct DeliveryCounts: Sendable, Equatable {
  /// Records that the topic has.
  public var delivered: Int
  /// Records that it does not have, or may not have.
  public var failed: Int

  /// Makes counts.
  public init(delivered: Int = 0, failed: Int = 0) {
    self.delivered = delivered
    self.failed = failed
  }
}

/// Time as `TopicProducer` needs it, so that tests bring their own.
public protocol ProduceClock {
  /// Wall time in epoch milliseconds: what records are stamped with.
  var wallMs: Int64 { get }
  /// A clock that never falls, in nanoseconds from any start.
  var monotonicNs: Int64 { get }
  /// Waits about `nanoseconds`.
  func wait(nanoseconds: Int64)
}
