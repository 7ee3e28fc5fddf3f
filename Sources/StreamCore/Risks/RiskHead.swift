/// What a risk's section begins with.
struct RiskHead {
  static let openBit: UInt8 = 1
  static let armedBit: UInt8 = 2
  static let entityBit: UInt8 = 4
  static let doubtfulBit: UInt8 = 8

  var isOpen = false
  /// `when` is not true, but its finding opened at this very time.
  var isDoubtful = false
  /// The entry among the deadlines; nil without one.
  var armedMs: Int64?
  /// Whether a finding is open or a deadline may open one.
  var keepsEntity = false
  /// The entity, while that is kept.
  var entity: ContiguousArray<UInt8> = []
  var openedMs: Int64 = 0
  /// Of an open sequence: when the complete chain that began last began.
  var heldMs: Int64 = 0
  /// The values of an open finding's figures as JSON, a zero byte behind each.
  var figures: [UInt8] = []
  var evidence: ContiguousArray<RiskCoordinate> = []

  mutating func read(_ reader: inout RecordReader) {
    let flags = reader.readByte()
    isOpen = flags & Self.openBit != 0
    isDoubtful = flags & Self.doubtfulBit != 0
    armedMs = flags & Self.armedBit != 0 ? reader.readSignedVarint() : nil
    entity.removeAll(keepingCapacity: true)
    if flags & Self.entityBit != 0 {
      entity.append(contentsOf: reader.readBytes(Int(reader.readVarint() & 0x3FF)))
    }
    figures.removeAll(keepingCapacity: true)
    evidence.removeAll(keepingCapacity: true)
    guard isOpen else { return }
    openedMs = reader.readSignedVarint()
    heldMs = RecordReader.bounded(openedMs &- reader.readSignedVarint())
    figures.append(contentsOf: reader.readBytes(Int(reader.readVarint() & 0xF_FFFF)))
    RiskCoordinate.read(
      Int(min(reader.readVarint(), UInt64(RiskCoordinate.shownMax))), &reader, into: &evidence)
  }

  func write(into writer: RecordWriter) {
    writer.writeByte(
      (isOpen ? Self.openBit : 0) | (armedMs != nil ? Self.armedBit : 0)
        | (keepsEntity ? Self.entityBit : 0) | (isDoubtful ? Self.doubtfulBit : 0))
    if let armedMs { writer.writeSignedVarint(armedMs) }
    if keepsEntity {
      writer.writeVarint(UInt64(entity.count))
      entity.withUnsafeBytes { writer.write($0) }
    }
    guard isOpen else { return }
    writer.writeSignedVarint(openedMs)
    writer.writeSignedVarint(openedMs - heldMs)
    writer.writeVarint(UInt64(figures.count))
    figures.withUnsafeBytes { writer.write($0) }
    writer.writeVarint(UInt64(evidence.count))
    RiskCoordinate.write(evidence, into: writer)
  }
}
