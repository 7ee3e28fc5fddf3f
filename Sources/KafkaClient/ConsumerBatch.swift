import CRdKafka
import StreamCore

/// The memory of one poll, made once: librdkafka's messages, ours, the planned headers' values.
final class ConsumerBatch {
  typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

  let capacity: Int
  /// What librdkafka gave, in the order of its queue.
  let messages: UnsafeMutablePointer<Message?>
  /// For each of `messages` the index of its partition, or -1 for one that is not handed over.
  let owners: UnsafeMutablePointer<Int32>
  /// `messages` as runs, one per partition.
  let raw: UnsafeMutablePointer<RawMessage>
  /// `headerCount` values for each of `raw`.
  let headerValues: UnsafeMutablePointer<Value>
  let headerNames: [UnsafeMutablePointer<CChar>]
  /// Partitions that the batch holds messages of, in order of appearance.
  var touched: [Int] = []

  var headerCount: Int { headerNames.count }

  init(capacity: Int, headers: [String]) {
    self.capacity = capacity
    messages = .allocate(capacity: capacity)
    messages.initialize(repeating: nil, count: capacity)
    owners = .allocate(capacity: capacity)
    raw = .allocate(capacity: capacity)
    headerValues = .allocate(capacity: capacity * headers.count)
    headerNames = headers.map { name in
      let bytes = Array(name.utf8CString)
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      copy.initialize(from: bytes, count: bytes.count)
      return copy
    }
  }

  deinit {
    messages.deallocate()
    owners.deallocate()
    raw.deallocate()
    headerValues.deallocate()
    for name in headerNames { name.deallocate() }
  }

  /// Gives the first `count` messages back to librdkafka.
  func release(_ count: Int) {
    for index in 0..<count { rd_kafka_message_destroy(messages[index]) }
  }

  /// Writes `message` to `raw[slot]`. The bytes stay librdkafka's.
  @inline(__always)
  func write(_ message: Message, to slot: Int) {
    var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let timestampMs = rd_kafka_message_timestamp(message, &kind)
    let record = message.pointee
    var headers: UnsafePointer<Value>?
    if headerCount > 0 { headers = writeHeaders(message, to: slot) }
    raw[slot] = RawMessage(
      payload: record.payload.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) },
      payloadCount: Int32(truncatingIfNeeded: record.len),
      key: record.key.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) },
      keyCount: Int32(truncatingIfNeeded: record.key_len), offset: record.offset,
      timestampMs: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        ? RawMessage.noTimestamp : timestampMs,
      headers: headers)
  }

  /// Of several headers of one name the last counts.
  private func writeHeaders(_ message: Message, to slot: Int) -> UnsafePointer<Value> {
    let values = headerValues + slot * headerCount
    var headers: OpaquePointer?
    let code = rd_kafka_message_headers(message, &headers)
    for (index, name) in headerNames.enumerated() {
      var bytes: UnsafeRawPointer?
      var count = 0
      if code != RD_KAFKA_RESP_ERR_NO_ERROR
        || rd_kafka_header_get_last(headers, name, &bytes, &count) != RD_KAFKA_RESP_ERR_NO_ERROR
      {
        values[index] = .missing
      } else if let bytes {
        values[index] = .text(.string, UnsafeRawBufferPointer(start: bytes, count: count))
      } else {
        values[index] = .null
      }
    }
    return UnsafePointer(values)
  }
}
