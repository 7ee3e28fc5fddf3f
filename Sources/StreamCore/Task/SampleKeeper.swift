/// Keeps a few examples of events that were not applied, between two reports.
///
/// Limit: `perReason` of every reason and report, so that a flood of bad input costs no more than
/// counting it.
struct SampleKeeper {
  /// Examples kept of one reason between two reports.
  static let perReason = 20
  /// Bytes of the payload kept in an example.
  static let payloadBytes = 512

  let id: PartitionID
  private var rejected: [EventSample] = []
  private var late: [EventSample] = []
  private var kept = [Int](repeating: 0, count: RejectReason.allCases.count)

  init(id: PartitionID) { self.id = id }

  mutating func addRejected(
    _ message: UnsafePointer<RawMessage>, reason: RejectReason, detail: @autoclosure () -> String
  ) {
    guard kept[Int(reason.rawValue)] < Self.perReason else { return }
    kept[Int(reason.rawValue)] += 1
    rejected.append(
      EventSample(
        id: id, offset: message.pointee.offset, reason: reason.code, detail: detail(),
        eventTime: nil, watermark: nil, payload: Self.text(message.pointee)))
  }

  mutating func addLate(
    _ message: UnsafePointer<RawMessage>, eventTime: EventTime, watermark: EventTime
  ) {
    guard late.count < Self.perReason else { return }
    late.append(
      EventSample(
        id: id, offset: message.pointee.offset, reason: "late",
        detail: "event time is \(watermark.ms - eventTime.ms) ms behind the partition's watermark",
        eventTime: eventTime, watermark: watermark, payload: Self.text(message.pointee)))
  }

  /// Examples since the last call.
  mutating func take() -> (rejected: [EventSample], late: [EventSample]) {
    defer {
      rejected.removeAll()
      late.removeAll()
      kept = [Int](repeating: 0, count: kept.count)
    }
    return (rejected, late)
  }

  /// The first bytes of a payload as text; bytes that are no UTF-8 show as replacement characters.
  private static func text(_ message: RawMessage) -> String {
    guard let payload = message.payload else { return "" }
    let count = Swift.min(Int(message.payloadCount), payloadBytes)
    return String(decoding: UnsafeBufferPointer(start: payload, count: count), as: UTF8.self)
  }
}
