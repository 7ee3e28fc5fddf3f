/// What outlives a snapshot. Rows of closed windows are settled before one is taken.
extension AlertSignal {
  func encode(into writer: inout ByteWriter) {
    writer.writeBool(settled != nil)
    writer.writeSignedVarint(settled ?? 0)
    writer.writeVarint(UInt64(series.count))
    for (name, series) in series.sorted(by: { $0.key < $1.key }) {
      writer.writeText(name.text)
      writer.writeSignedVarint(series.lastSeen.ms)
      writer.writeSignedVarint(series.history.first)
      writer.writeVarint(UInt64(series.history.readings.count))
      for reading in series.history.readings {
        // Most have a value: 1 and samples; others are none or not followed.
        writer.writeByte(!reading.isTracked ? 0 : reading.number == nil ? 1 : 2)
        guard reading.isTracked else { continue }
        writer.writeSignedVarint(reading.samples)
        if reading.number != nil { writer.writeDouble(reading.value) }
      }
    }
    writer.writeVarint(UInt64(cohorts.count))
    for (ordinal, users) in cohorts.sorted(by: { $0.key < $1.key }) {
      writer.writeSignedVarint(ordinal)
      writer.writeVarint(UInt64(users.count))
      for (name, count) in users.sorted(by: { $0.key < $1.key }) {
        writer.writeText(name.text)
        writer.writeSignedVarint(count)
      }
    }
    if case .kpi = source.reference.figure { encodeMovers(into: &writer) }
  }

  private func encodeMovers(into writer: inout ByteWriter) {
    writer.writeVarint(UInt64(movers.count))
    for (ordinal, mover) in movers.sorted(by: { $0.key < $1.key }) {
      writer.writeSignedVarint(ordinal)
      writer.writeText(mover.kpi)
      writer.writeBool(mover.moved != nil)
      if let moved = mover.moved { writer.writeDouble(moved) }
    }
  }

  private mutating func restoreMovers(from reader: inout ByteReader) throws(CodecError) {
    for _ in 0..<(try reader.readCount("movers of a KPI", elementBytes: 3)) {
      let ordinal = try reader.readBounded("period")
      let kpi = try reader.readText("child")
      let isRead = try reader.readBool("moved by a number")
      movers[ordinal] = KPIMover(kpi: kpi, moved: isRead ? try reader.readDouble("moved") : nil)
    }
  }

  mutating func restore(from reader: inout ByteReader) throws(CodecError) {
    let hasSettled = try reader.readBool("has settled windows")
    let ordinal = try reader.readBounded("last settled window")
    settled = hasSettled ? ordinal : nil
    for _ in 0..<(try reader.readCount("series of an alert", elementBytes: 4)) {
      let name = SeriesName(try reader.readText("dimensions"))
      var own = Series(lastSeen: EventTime(ms: try reader.readBounded("last seen")))
      let first = try reader.readBounded("first window")
      own.history = ReadingHistory(first: first)
      for at in 0..<Int64(try reader.readCount("readings", elementBytes: 1)) {
        let reading = try Self.reading(from: &reader)
        own.history.append(reading, at: first + at, keepFrom: .min)
      }
      if hasSettled, own.history.end > ordinal { live += 1 }
      series[name] = own
    }
    for _ in 0..<(try reader.readCount("cohorts", elementBytes: 2)) {
      let ordinal = try reader.readBounded("cohort")
      for _ in 0..<(try reader.readCount("series of a cohort", elementBytes: 2)) {
        let name = SeriesName(try reader.readText("dimensions"))
        cohorts[ordinal, default: [:]][name] = try reader.readSignedVarint("users")
      }
    }
    if case .kpi = source.reference.figure { try restoreMovers(from: &reader) }
  }

  private static func reading(from reader: inout ByteReader) throws(CodecError) -> AlertReading {
    let kind = try reader.readByte("kind of reading")
    guard kind <= 2 else { throw reader.invalid("kind of reading") }
    guard kind > 0 else { return .untracked }
    let samples = try reader.readSignedVarint("samples")
    guard samples >= 0 else { throw reader.invalid("samples") }
    return AlertReading(
      value: kind == 2 ? try reader.readDouble("value") : .nan, samples: samples)
  }
}

extension ByteReader {
  /// Reads a number of a window or an instant: one that can be calculated with.
  mutating func readBounded(_ what: StaticString) throws(CodecError) -> Int64 {
    let value = try readSignedVarint(what)
    guard value.magnitude <= EventTime.distantPast.ms.magnitude else { throw invalid(what) }
    return value
  }
}
