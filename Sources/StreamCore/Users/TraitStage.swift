/// What is known of users before an event: the first section of their records.
///
/// Section: the hour of the last change, then for each trait a count, or a value: its kind, and the
/// bytes it has.
final class TraitStage {
  private let traits: [TraitPlan]
  private let conditions: [OrderedCondition]
  private let firstSlot: Int
  /// A user whose traits have not changed for longer than this is as one never seen.
  private static let forgetAfterHours: Int64 = 400 * 24

  init(_ pipeline: PipelinePlan, _ conditions: [OrderedCondition]) {
    traits = pipeline.traits
    firstSlot = pipeline.firstTraitSlot
    self.conditions = conditions
  }

  /// Puts the values of a user without a record into the event's slots.
  func clear(_ row: UnsafeMutablePointer<Value>) {
    for (at, trait) in traits.enumerated() {
      row[firstSlot + at] = trait.kind == .count ? .int(0) : .null
    }
  }

  /// Puts the values before the event into its slots. Their text lives as long as the event's.
  func read(_ section: UnsafeRawBufferPointer, _ event: UserStage.Event) {
    clear(event.row)
    guard live(section, event.timeMs) != nil else { return }
    var reader = RecordReader(section)
    _ = reader.readSignedVarint()
    for (at, trait) in traits.enumerated() {
      if trait.kind == .count {
        event.row[firstSlot + at] = .int(Int64(truncatingIfNeeded: reader.readVarint()))
      } else {
        let value = Self.read(&reader)
        event.row[firstSlot + at] = Self.kept(value, event.scratch)
      }
    }
  }

  /// The hour of the last change; nil when there is none that counts.
  private func live(_ section: UnsafeRawBufferPointer, _ timeMs: Int64) -> Int64? {
    if section.isEmpty { return nil }
    var reader = RecordReader(section)
    let hour = reader.readSignedVarint()
    return UserStage.hour(timeMs) - hour > Self.forgetAfterHours ? nil : hour
  }

  /// Writes the traits after the event, whose slots hold those before it.
  func apply(
    _ event: UserStage.Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    let before = live(section, event.timeMs)
    var isChanged = false
    for at in traits.indices where isChanging(at, event) { isChanged = true }
    if !isChanged {
      if before != nil { writer.keep() }
      return
    }
    writer.writeSignedVarint(UserStage.hour(event.timeMs))
    for (at, trait) in traits.enumerated() {
      let old = event.row[firstSlot + at]
      let changes = isChanging(at, event)
      if trait.kind == .count {
        writer.writeVarint(UInt64(bitPattern: old.intBits) &+ (changes ? 1 : 0))
      } else if changes {
        Self.write(trait.expression.evaluate(event.row, event.scratch), event.scratch, into: writer)
      } else {
        Self.write(old, event.scratch, into: writer)
      }
    }
  }

  private func isChanging(_ at: Int, _ event: UserStage.Event) -> Bool {
    switch traits[at].kind {
    case .count: return conditions[at].holds(event.bits, event.row, event.scratch)
    case .first:
      return event.row[firstSlot + at].isNull && Self.isKept(value(at, event))
    case .last:
      return Self.isKept(value(at, event))
    }
  }

  private func value(_ at: Int, _ event: UserStage.Event) -> Value {
    traits[at].expression.evaluate(event.row, event.scratch)
  }

  /// Whether the traits of a user are forgotten.
  func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    live(section, watermark.ms) == nil
  }

  // MARK: - Values

  private static func isKept(_ value: Value) -> Bool {
    switch value.kind {
    case .missing, .null, .object, .array: false
    case .bool, .number, .string, .int, .double: true
    }
  }

  private static func read(_ reader: inout RecordReader) -> Value {
    let kind = Value.Kind(rawValue: reader.readByte()) ?? .null
    switch kind {
    case .missing, .null, .object, .array: return .null
    case .bool, .int, .double: return Value(kind: kind, bits: reader.readVarint())
    case .number, .string:
      let count = Int(truncatingIfNeeded: reader.readVarint() & 0xFFFF)
      return .text(kind, reader.readBytes(count))
    }
  }

  private static func write(_ value: Value, _ scratch: ScratchArena, into writer: RecordWriter) {
    guard isKept(value) else {
      writer.writeByte(Value.Kind.null.rawValue)
      return
    }
    writer.writeByte(value.kind.rawValue)
    switch value.kind {
    case .number, .string:
      // Longer text is cut as that of a dimension is.
      let part =
        value.length > SeriesKey.textLimit ? SeriesKey.part(value, scratch).bytes : value.bytes
      writer.writeVarint(UInt64(part.count))
      writer.write(part)
    default:
      writer.writeVarint(value.bits)
    }
  }

  /// The value with its text in memory that outlives the record's.
  private static func kept(_ value: Value, _ scratch: ScratchArena) -> Value {
    guard value.kind == .number || value.kind == .string else { return value }
    let copy = scratch.allocate(Int(value.length))
    copy.copyMemory(from: value.bytes)
    return .text(value.kind, UnsafeRawBufferPointer(copy))
  }
}
