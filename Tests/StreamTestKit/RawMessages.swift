import StreamCore

/// Hands a stretch of a partition's log to `body` as the messages that a reader would hand over.
/// Their memory is valid during the call alone.
///
/// - Parameters:
///   - firstOffset: offset of the first message; those of the rest follow.
///   - recordTimestamps: false for files, whose records have none.
public func withRawMessages<R>(
  _ log: some Collection<HistoryEvent>, firstOffset: Int64 = 0, recordTimestamps: Bool = true,
  _ body: (UnsafeBufferPointer<RawMessage>) throws -> R
) rethrows -> R {
  // One exact allocation for all bytes, so that reading past an end meets the next message's text
  // and not friendly zeros.
  var bytes: [UInt8] = []
  var ends: [(payload: Int, key: Int)] = []
  for event in log {
    bytes += event.payload
    let payload = bytes.count
    bytes += event.key
    ends.append((payload, bytes.count))
  }
  return try bytes.withUnsafeBufferPointer { all in
    var messages: [RawMessage] = []
    var start = 0
    for (index, event) in log.enumerated() {
      let end = ends[index]
      let hasKey = end.key > end.payload
      messages.append(
        RawMessage(
          payload: all.baseAddress.map { $0 + start }, payloadCount: Int32(end.payload - start),
          key: hasKey ? all.baseAddress.map { $0 + end.payload } : nil,
          keyCount: Int32(end.key - end.payload), offset: firstOffset + Int64(index),
          timestampMs: recordTimestamps ? event.recordMs : RawMessage.noTimestamp))
      start = end.key
    }
    return try messages.withUnsafeBufferPointer(body)
  }
}
