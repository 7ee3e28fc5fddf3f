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
  private let csv: UnsafeMutablePointer<CSVRowDecoder>?
  private let headers: [String]
  // Behind pointers, since access to a class's variables is checked at run time.
  private let time: UnsafeMutablePointer<TimeReader>
  private let spare: UnsafeMutablePointer<Spare>

  private let template: UnsafeMutablePointer<Value>
  private let extras: UnsafeMutablePointer<Value>
  private let extraCount: Int
  private let fieldCount: Int
  private let readsRecord: Bool
  // Fields filled from several paths: for each its place, how many places follow, and those.
  private let choices: UnsafeMutablePointer<Int>
  private let choicesEnd: UnsafeMutablePointer<Int>
  private var fault = DecodeFault()

  /// A piece of `scratch` that the next text goes to.
  private struct Spare {
    var start: UnsafeMutablePointer<UInt8>?
    var count = 0
    var used = 0
  }

  private static let spareBytes = 1 << 14

  /// Makes a decoder of `source` for messages of `topic`.
  public init(source: SourcePlan, topic: String) {
    let isCSV = source.format != .json
    let layout = FieldLayout(source.fields, topic: topic, sameColumn: isCSV)
    self.layout = layout
    json = JSONFields(isCSV ? [] : layout.paths)
    switch source.format {
    case .json: csv = nil
    case .csv(let format):
      let rows = UnsafeMutablePointer<CSVRowDecoder>.allocate(capacity: 1)
      rows.initialize(to: CSVRowDecoder(layout.paths, format: format))
      csv = rows
    }
    headers = source.headers
    time = .allocate(capacity: 1)
    time.initialize(to: TimeReader(format: source.timeFormat, zone: source.zone))
    spare = .allocate(capacity: 1)
    spare.initialize(to: Spare())
    fieldCount = layout.fieldCount
    template = .allocate(capacity: max(fieldCount, 1))
    template.initialize(repeating: .missing, count: max(fieldCount, 1))
    for field in 0..<fieldCount { template[field] = layout.template[field] }
    extraCount = layout.template.count - fieldCount
    extras = .allocate(capacity: max(extraCount, 1))
    readsRecord =
      !(layout.keyPlaces.isEmpty && layout.timestampPlaces.isEmpty && layout.headerPlaces.isEmpty)
    choices = .allocate(capacity: max(layout.choices.count, 1))
    choices.update(from: layout.choices, count: layout.choices.count)
    choicesEnd = choices + layout.choices.count
  }

  deinit {
    template.deallocate()
    extras.deallocate()
    choices.deallocate()
    spare.deallocate()
    time.deinitialize(count: 1)
    time.deallocate()
    csv?.deinitialize(count: 1)
    csv?.deallocate()
  }

  /// Starts a block of events: the text of the last block is given up.
  public func beginBlock() {
    scratch.reset()
    spare.pointee = Spare()
  }

  /// Names the columns of CSV rows: the header row seen in a file. Of no effect on JSON.
  /// O(columns).
  public func setHeader(_ columns: [String]) {
    csv?.pointee.setHeader(columns)
  }

  /// Fills `slots[0..<source.fields.count]` from a message.
  ///
  /// Gives nil, or `empty`, `malformed` or `notAnObject` (`tooLong` for a message that memory
  /// cannot hold); the slots are then unspecified, and `detail` says more. O(bytes).
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
    if count == 0 { return reject(.empty, .onlyBlanks, mark, mark) }
    guard let text = room(for: count) else { return reject(.tooLong, .noMemory, 0, count) }
    let row = FieldRow(fields: slots, fieldCount: fieldCount, extras: extras)
    slots.update(from: template, count: fieldCount)
    for extra in 0..<extraCount { extras[extra] = .missing }
    if let csv {
      if let reason = decode(csv, payload, count: count, mark: mark, into: row, text: text) {
        return reason
      }
    } else {
      let code = json.decode(
        payload, count: count, into: row, scratch: text, used: &spare.pointee.used)
      if code != 0 { return reject(json: code, mark: mark, count: count) }
    }
    if readsRecord, let reason = readRecord(message, into: row) { return reason }
    if choices < choicesEnd { choose(in: row) }
    return nil
  }

  /// When the event happened: a value of the time field, read by the source's format and zone.
  ///
  /// nil when it is no time. A value of kind `int`, as the record's timestamp is, counts
  /// milliseconds. See `TimeFormat` for the forms that are read.
  public func eventTime(_ value: Value) -> EventTime? {
    time.pointee.read(value)
  }

  /// What was wrong with the message rejected last, for people: sizes and places, nothing of the
  /// payload.
  public var detail: String { fault.describe(headers: headers) }

  /// The piece of scratch memory to write text to, with `count` free bytes after those used.
  @inline(__always)
  private func room(for count: Int) -> UnsafeMutablePointer<UInt8>? {
    if spare.pointee.count - spare.pointee.used < count {
      let memory = scratch.allocate(max(count, Self.spareBytes))
      spare.pointee = Spare(
        start: memory.baseAddress?.assumingMemoryBound(to: UInt8.self), count: memory.count)
    }
    return spare.pointee.start
  }

  private func decode(
    _ csv: UnsafeMutablePointer<CSVRowDecoder>, _ payload: UnsafePointer<UInt8>, count: Int,
    mark: Int, into row: FieldRow, text: UnsafeMutablePointer<UInt8>
  ) -> RejectReason? {
    if Self.isBlank(payload, count: count) {
      return reject(.empty, .onlyBlanks, mark, count + mark)
    }
    guard
      let (fault, offset) = csv.pointee.decode(
        payload, count: count, into: row, scratch: text, used: &spare.pointee.used)
    else { return nil }
    return reject(.malformed, .csv(fault), offset + mark, count + mark)
  }

  private func readRecord(
    _ message: UnsafePointer<RawMessage>, into row: FieldRow
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

  private func choose(in row: FieldRow) {
    var at = choices
    while at < choicesEnd {
      let target = at[0]
      let end = at + 2 + at[1]
      at += 2
      // Nearly always the first is there.
      let first = row[at[0]]
      if !first.isNull {
        row[target] = first
        at = end
        continue
      }
      var chosen = Value.missing
      while at < end {
        let value = row[at[0]]
        at += 1
        if value.kind != .missing { chosen = value }
        if !value.isNull { break }
      }
      row[target] = chosen
      at = end
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
