/// What outlives a snapshot, in the order of the plan.
extension KPIBook {
  func encode(into writer: inout ByteWriter) {
    for series in series {
      writer.writeVarint(UInt64(series.points.count))
      for point in series.points {
        writer.writeSignedVarint(point.endMs)
        writer.writeSignedVarint(point.period)
        writer.writeSignedVarint(point.restsMs)
        writer.writeBool(point.number != nil)
        if let number = point.number { Self.write(number, into: &writer) }
      }
    }
    for total in totals {
      writer.writeBool(total.period != nil)
      guard let period = total.period else { continue }
      writer.writeSignedVarint(period)
      CellCodec.encode(total.cell, users: nil, into: &writer)
    }
    for level in levels { level.signal.encode(into: &writer) }
    for node in nodes {
      writer.writeSignedVarint(node.closedThrough.ms)
      writer.writeVarint(UInt64(node.history.entries.count))
      for entry in node.history.entries {
        writer.writeSignedVarint(entry.endMs)
        Self.write(entry.number, into: &writer)
        writer.writeBool(entry.previous != nil)
        if let previous = entry.previous { writer.writeDouble(previous) }
      }
    }
  }

  private static func write(_ number: KPINumber, into writer: inout ByteWriter) {
    writer.writeDouble(number.value)
    writer.writeBool(number.isApproximate)
  }

  private static func number(from reader: inout ByteReader) throws(CodecError) -> KPINumber {
    let value = try reader.readDouble("value")
    guard value.isFinite else { throw reader.invalid("value") }
    return KPINumber(value: value, isApproximate: try reader.readBool("approximate"))
  }

  mutating func restore(from reader: inout ByteReader) throws(CodecError) {
    for index in series.indices {
      for _ in 0..<(try reader.readCount("points of a KPI", elementBytes: 4)) {
        var point = KPISeries.Point(
          endMs: try reader.readBounded("end of a slice"), period: 0, restsMs: 0)
        point.period = try reader.readBounded("period")
        point.restsMs = try reader.readBounded("end of a slice")
        if try reader.readBool("has a value") { point.number = try Self.number(from: &reader) }
        series[index].restore(point)
      }
    }
    for index in totals.indices where try reader.readBool("has a total") {
      totals[index].period = try reader.readBounded("period")
      totals[index].cell = try CellCodec.decode(totals[index].parts, from: &reader).0
    }
    for index in levels.indices { try levels[index].signal.restore(from: &reader) }
    for index in nodes.indices {
      nodes[index].closedThrough = EventTime(ms: try reader.readSignedVarint("closed through"))
      for _ in 0..<(try reader.readCount("values of a KPI", elementBytes: 11)) {
        let endMs = try reader.readBounded("end of a slice")
        let number = try Self.number(from: &reader)
        let hasPrevious = try reader.readBool("has a previous value")
        let previous = hasPrevious ? try reader.readDouble("previous value") : nil
        nodes[index].history.append(
          KPIHistory.Entry(endMs: endMs, number: number, previous: previous))
      }
    }
  }
}
