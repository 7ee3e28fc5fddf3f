/// One record of a partition's log as it was read: bytes, coordinates, nothing decoded.
///
/// The memory is the reader's and valid during the call that hands the message over.
@frozen
public struct RawMessage {
  /// The record's value; nil for a tombstone.
  public var payload: UnsafePointer<UInt8>?
  /// Bytes of `payload`.
  public var payloadCount: Int32
  /// Bytes of `key`; 0 when there is none.
  public var keyCount: Int32
  /// The record's key; nil when there is none.
  public var key: UnsafePointer<UInt8>?
  /// Position in the partition's log.
  public var offset: Int64
  /// The record's timestamp in epoch milliseconds, or `RawMessage.noTimestamp`.
  public var timestampMs: Int64
  /// Values of the planned headers, in the plan's order; nil when the plan names none.
  public var headers: UnsafePointer<Value>?

  /// A record without a timestamp, as in a file.
  public static let noTimestamp = Int64.min

  /// Makes a message.
  @inlinable
  public init(
    payload: UnsafePointer<UInt8>?, payloadCount: Int32, key: UnsafePointer<UInt8>? = nil,
    keyCount: Int32 = 0, offset: Int64, timestampMs: Int64 = RawMessage.noTimestamp,
    headers: UnsafePointer<Value>? = nil
  ) {
    self.payload = payload
    self.payloadCount = payloadCount
    self.key = key
    self.keyCount = keyCount
    self.offset = offset
    self.timestampMs = timestampMs
    self.headers = headers
  }
}

/// A Kafka partition, or a file read as one.
public struct PartitionID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Topic name; of a file, its name.
  public var topic: String
  /// Partition number, from 0.
  public var partition: Int32

  /// Names partition `partition` of `topic`.
  public init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  public static func < (a: PartitionID, b: PartitionID) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  public var description: String { "\(topic)/\(partition)" }
}
