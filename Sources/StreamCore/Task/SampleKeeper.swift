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
  /// Hides what must not be shown; nil: payloads are shown as they are.
  let mask: SampleMask?
  private var rejected: [EventSample] = []
  private var late: [EventSample] = []
  private var kept = [Int](repeating: 0, count: RejectReason.allCases.count)

  init(id: PartitionID, mask: SampleMask? = nil) {
    self.id = id
    self.mask = mask
  }

  mutating func addRejected(
    _ message: UnsafePointer<RawMessage>, reason: RejectReason, detail: @autoclosure () -> String
  ) {
    guard kept[Int(reason.rawValue)] < Self.perReason else { return }
    kept[Int(reason.rawValue)] += 1
    rejected.append(
      EventSample(
        id: id, offset: message.pointee.offset, reason: reason.code, detail: detail(),
        eventTime: nil, watermark: nil, payload: text(message.pointee)))
  }

  mutating func addLate(
    _ message: UnsafePointer<RawMessage>, eventTime: EventTime, watermark: EventTime
  ) {
    guard late.count < Self.perReason else { return }
    late.append(
      EventSample(
        id: id, offset: message.pointee.offset, reason: "late",
        detail: "event time is \(watermark.ms - eventTime.ms) ms behind the partition's watermark",
        eventTime: eventTime, watermark: watermark, payload: text(message.pointee)))
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
  private func text(_ message: RawMessage) -> String {
    guard let start = message.payload else { return "" }
    let payload = UnsafeBufferPointer(start: start, count: Int(message.payloadCount))
    guard let mask else {
      return String(decoding: payload.prefix(Self.payloadBytes), as: UTF8.self)
    }
    return mask.bytes(payload).map {
      String(decoding: $0.prefix(Self.payloadBytes), as: UTF8.self)
    } ?? ""
  }
}

/// Hides what must not be shown of payloads. Those that it cannot read it does not show at all:
/// malformed ones, and CSV, whose columns anything may be in.
struct SampleMask {
  private let isJSON: Bool
  private let paths: [[String]]

  init(_ format: PayloadFormat, _ paths: [[String]]) {
    if case .json = format { isJSON = true } else { isJSON = false }
    self.paths = paths
  }

  /// The payload without what must not be shown; nil when nothing of it may be.
  func bytes(_ payload: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    isJSON ? PayloadMask.masked(payload, paths) : nil
  }
}
