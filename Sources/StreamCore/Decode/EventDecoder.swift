/// Turns the messages of one source into rows of values, the planned fields only.
///
/// Text in a row points into the payload, into this decoder's scratch memory or into its constants:
/// it is valid until `beginBlock()`, and as long as the payload's memory and the decoder. Every
/// text of kind `string` is UTF-8. Decoding allocates nothing per event.
///
/// JSON must be well-formed throughout, in values that no field reads as well; a byte-order mark
/// before it is dropped. Of a repeated key the last counts, with everything below it. A surrogate
/// escape without its partner becomes U+FFFD. Nesting beyond 1,024 levels is malformed. In CSV an
/// empty cell is null, a row that is too short lacks its last columns, cells beyond the header are
/// ignored, and of columns with one name the last counts.
///
/// One per partition task; not for use from two threads.
public final class EventDecoder {
  /// Memory of the text made while the present block is handled. Others that make text for events
  /// of the block may use it too.
  public let scratch = ScratchArena()

  private let layout: FieldLayout
  private let json: JSONFields
  private var csv: CSVRowDecoder?
  private let headers: [String]
  private var time: TimeReader

  private let template: UnsafeMutableBufferPointer<Value>
  private let row: UnsafeMutablePointer<Value>
  private let fieldCount: Int
  private let readsRecord: Bool

  private var spare: UnsafeMutablePointer<UInt8>
  private var spareCount = 0
  private var spareUsed = 0
  private var fault = DecodeFault()

  private static let spareBytes = 1 << 14

  /// Makes a decoder of `source` for messages of `topic`.
  public init(source: SourcePlan, topic: String) {
    let isCSV = source.format != .json
    let layout = FieldLayout(source.fields, topic: topic, sameColumn: isCSV)
    self.layout = layout
    json = JSONFields(isCSV ? [] : layout.paths)
    switch source.format {
    case .json: csv = nil
    case .csv(let format): csv = CSVRowDecoder(layout.paths, format: format)
    }
    headers = source.headers
    time = TimeReader(format: source.timeFormat, zone: source.zone)
    template = .allocate(capacity: layout.template.count)
    _ = template.initialize(from: layout.template)
    row = .allocate(capacity: max(layout.template.count, 1))
    row.initialize(repeating: .missing, count: max(layout.template.count, 1))
    fieldCount = layout.fieldCount
    readsRecord =
      !(layout.keyPlaces.isEmpty && layout.timestampPlaces.isEmpty && layout.headerPlaces.isEmpty)
    spare = .allocate(capacity: 1)
    noSpare = spare
  }

  private let noSpare: UnsafeMutablePointer<UInt8>

  deinit {
    template.deallocate()
    row.deallocate()
    noSpare.deallocate()
  }

  /// Starts a block of events: the text of the last block is given up.
  public func beginBlock() {
    scratch.reset()
    spare = noSpare
    spareCount = 0
    spareUsed = 0
  }

  /// Names the columns of CSV rows: the header row seen in a file. Of no effect on JSON. O(columns).
  public func setHeader(_ columns: [String]) {
    csv?.setHeader(columns)
  }

  /// Fills `slots[0..<source.fields.count]` from a message.
  ///
  /// Gives nil, or `empty`, `malformed` or `notAnObject` (`tooLong` for a message that memory cannot
  /// hold); the slots are then unspecified, and `detail` says more. O(bytes).
  public func decode(
    _ message: UnsafePointer<RawMessage>, into slots: UnsafeMutablePointer<Value>
  ) -> RejectReason? {
    var count = Int(message.pointee.payloadCount)
    guard var payload = message.pointee.payload, count > 0 else {
      return reject(.empty, .noPayload, 0, 0)
    }
    let mark = ByteOrderMark.length(payload, count: count)
    payload += mark
    count -= mark
    if spareCount - spareUsed < count { reserve(count) }
    // With no places beyond the fields, the caller's slots are the row.
    let direct = template.count == fieldCount
    let row = direct ? slots : self.row
    if let base = template.baseAddress { row.update(from: base, count: template.count) }
    if csv == nil {
      let code = json.decode(payload, count: count, into: row, scratch: spare, used: &spareUsed)
      if code != 0 { return reject(json: code, mark: mark, count: count) }
    } else if let reason = decodeCSV(payload, count: count, mark: mark, into: row) {
      return reason
    }
    if readsRecord, let reason = readRecord(message, into: row) { return reason }
    if !layout.choices.isEmpty { choose(in: row) }
    if !direct { slots.update(from: row, count: fieldCount) }
    return nil
  }

  /// When the event happened: a value of the time field, read by the source's format and zone.
  ///
  /// nil when it is no time. A value of kind `int`, as the record's timestamp is, counts
  /// milliseconds. See `TimeFormat` for the forms that are read.
  public func eventTime(_ value: Value) -> EventTime? {
    time.read(value)
  }

  /// What was wrong with the message rejected last, for people: sizes and places, nothing of the
  /// payload.
  public var detail: String { fault.describe(headers: headers) }

  private func reserve(_ count: Int) {
    let memory = scratch.allocate(max(count, Self.spareBytes))
    guard let base = memory.baseAddress else { return }
    spare = base.assumingMemoryBound(to: UInt8.self)
    spareCount = memory.count
    spareUsed = 0
  }

  private func decodeCSV(
    _ payload: UnsafePointer<UInt8>, count: Int, mark: Int, into row: UnsafeMutablePointer<Value>
  ) -> RejectReason? {
    if Self.isBlank(payload, count: count) {
      return reject(.empty, .onlyBlanks, mark, count + mark)
    }
    guard
      let (fault, offset) = csv?.decode(
        payload, count: count, into: row, scratch: spare, used: &spareUsed)
    else { return nil }
    return reject(.malformed, .csv(fault), offset + mark, count + mark)
  }

  private func readRecord(
    _ message: UnsafePointer<RawMessage>, into row: UnsafeMutablePointer<Value>
  ) -> RejectReason? {
    if let key = message.pointee.key, message.pointee.keyCount > 0 {
      let bytes = UnsafeRawBufferPointer(start: key, count: Int(message.pointee.keyCount))
      for place in layout.keyPlaces {
        guard isUTF8(bytes) else {
          return reject(.malformed, .keyNotUTF8, 0, Int(message.pointee.payloadCount))
        }
        row[place] = .text(.string, bytes)
      }
    }
    if message.pointee.timestampMs != RawMessage.noTimestamp {
      for place in layout.timestampPlaces { row[place] = .int(message.pointee.timestampMs) }
    }
    guard let values = message.pointee.headers else { return nil }
    for (place, header) in layout.headerPlaces where header >= 0 && header < headers.count {
      if values[header].kind == .string, !isUTF8(values[header].bytes) {
        return reject(
          .malformed, .headerNotUTF8(header), 0, Int(message.pointee.payloadCount))
      }
      row[place] = values[header]
    }
    return nil
  }

  private func choose(in row: UnsafeMutablePointer<Value>) {
    for choice in layout.choices {
      var chosen = Value.missing
      for place in choice.places {
        if row[place].kind != .missing { chosen = row[place] }
        if !chosen.isNull { break }
      }
      row[choice.target] = chosen
    }
  }

  private func reject(json code: Int32, mark: Int, count: Int) -> RejectReason {
    let offset = json.faultOffset + mark
    switch JSONFields.outcome(of: code) {
    case .empty: return reject(.empty, .onlyBlanks, offset, count + mark)
    case let reason: return reject(reason, .json(code), offset, count + mark)
    }
  }

  private func reject(
    _ reason: RejectReason, _ kind: DecodeFault.Kind, _ offset: Int, _ count: Int
  ) -> RejectReason {
    fault = DecodeFault(kind: kind, offset: offset, count: count)
    return reason
  }

  private static func isBlank(_ payload: UnsafePointer<UInt8>, count: Int) -> Bool {
    for index in 0..<count {
      switch payload[index] {
      case 0x20, 0x09, 0x0A, 0x0D: continue
      default: return false
      }
    }
    return true
  }
}
