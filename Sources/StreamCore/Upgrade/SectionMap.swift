/// Moves the sections of users' records from where one definition has them to where another one
/// does.
final class SectionMap {
  /// Sections of an old record, and the section of the new one that each goes to.
  private let oldWidth: Int
  private let newWidth: Int
  private var from: [Int?]
  /// Traits of the new plan: which of the old one each is; nil: the section goes as it is.
  private var traits: [(kind: TraitPlan.Kind, old: Int?)]?
  private let oldTraits: [TraitPlan.Kind]
  private let writer = RecordWriter()
  private let section = RecordWriter()

  /// Maps the records that go by `oldKey` to those that go by `newKey`.
  init(_ translator: StateTranslator, oldKey: Int, newKey: Int) {
    let before = translator.old.ordered.sets[oldKey]
    let after = translator.new.ordered.sets[newKey]
    oldWidth = before.stages.count + 1
    newWidth = after.stages.count + 1
    from = [nil]
    for stage in after.stages {
      let origin = translator.origins[stage]?.group
      from.append(origin.flatMap { before.stages.firstIndex(of: $0) }.map { $0 + 1 })
    }
    oldTraits = before.traits.isEmpty ? [] : translator.old.pipeline.traits.map(\.kind)
    guard !before.traits.isEmpty, !after.traits.isEmpty else { return }
    let known = translator.old.pipeline.traits.map(\.name)
    traits = translator.new.pipeline.traits.map { trait in
      (
        trait.kind,
        translator.kept.traits.contains(trait.name) ? known.firstIndex(of: trait.name) : nil
      )
    }
    if traits?.contains(where: { $0.old != nil }) ?? false { from[0] = 0 }
  }

  /// Whether nothing of the old records is kept.
  var isEmpty: Bool { from.allSatisfy { $0 == nil } }

  /// The new record of an old one, valid until the next call; empty when nothing of it is kept.
  func record(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var sections: [UnsafeRawBufferPointer?] = Array(repeating: nil, count: oldWidth)
    var reader = RecordReader(bytes)
    var present: UInt64 = 0
    for byte in 0..<((oldWidth + 7) / 8) {
      present |= UInt64(reader.readByte()) << UInt64(byte * 8)
    }
    for at in 0..<oldWidth where present & (1 << UInt64(at)) != 0 {
      sections[at] = reader.readBytes(Int(truncatingIfNeeded: reader.readVarint() & 0xFF_FFFF))
    }
    let bitBytes = (newWidth + 7) / 8
    writer.begin()
    for _ in 0..<bitBytes { writer.writeByte(0) }
    var kept: UInt64 = 0
    for at in 0..<newWidth {
      guard let origin = from[at], let old = sections[origin] else { continue }
      let own = at == 0 ? traitSection(old) : old
      if own.isEmpty { continue }
      kept |= 1 << UInt64(at)
      writer.writeVarint(UInt64(own.count))
      writer.write(own)
    }
    if kept == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
    for byte in 0..<bitBytes {
      writer.patch(UInt8(truncatingIfNeeded: kept >> UInt64(byte * 8)), at: byte)
    }
    return writer.bytes
  }

  /// The traits of the new plan: those that are kept with their values, others without.
  private func traitSection(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let traits else { return bytes }
    var reader = RecordReader(bytes)
    let hour = reader.readSignedVarint()
    var values: [UnsafeRawBufferPointer] = []
    for kind in oldTraits {
      let rest = reader.rest
      Self.skip(kind, &reader)
      values.append(UnsafeRawBufferPointer(rebasing: rest[0..<(rest.count - reader.rest.count)]))
    }
    section.begin()
    section.writeSignedVarint(hour)
    for trait in traits {
      if let old = trait.old {
        section.write(values[old])
      } else if trait.kind == .count {
        section.writeVarint(0)
      } else {
        section.writeByte(Value.Kind.null.rawValue)
      }
    }
    return section.bytes
  }

  private static func skip(_ kind: TraitPlan.Kind, _ reader: inout RecordReader) {
    if kind == .count {
      _ = reader.readVarint()
      return
    }
    switch Value.Kind(rawValue: reader.readByte()) ?? .null {
    case .missing, .null, .object, .array: break
    case .bool, .int, .double: _ = reader.readVarint()
    case .number, .string:
      _ = reader.readBytes(Int(truncatingIfNeeded: reader.readVarint() & 0xFFFF))
    }
  }
}
