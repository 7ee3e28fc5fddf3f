/// Cells as bytes of the state file.
enum CellCodec {
  static func encode(_ value: CellValue, users: HashSet64?, into writer: inout ByteWriter) {
    writer.writeSignedVarint(value.events)
    writer.writeBool(users != nil)
    users?.encode(into: &writer)
    for totals in value.numbers {
      writer.writeSignedVarint(totals.count)
      writer.writeFixed(totals.sum)
      writer.writeFixed(totals.least)
      writer.writeFixed(totals.greatest)
    }
    for sketch in value.distincts { sketch.encode(into: &writer) }
    for sketch in value.quantiles { sketch.encode(into: &writer) }
    for last in value.lasts {
      writer.writeSignedVarint(last.samples)
      writer.writeSignedVarint(last.time)
      writer.writeBytes(last.user)
      writer.writeText(last.partition.topic)
      writer.writeSignedVarint(Int64(last.partition.partition))
      writer.writeSignedVarint(last.offset)
      writer.writeFixed(last.value)
    }
    for count in value.counts { writer.writeSignedVarint(count) }
    for amount in value.amounts { writer.writeFixed(amount) }
    for names in value.nameCounts {
      writer.writeVarint(UInt64(names.count))
      for (name, count) in names.sorted(by: { $0.key < $1.key }) {
        writer.writeText(name.text)
        writer.writeSignedVarint(count)
      }
    }
  }

  static func decode(
    _ parts: GroupPlan.Parts, from reader: inout ByteReader
  ) throws(CodecError) -> (CellValue, HashSet64?) {
    var value = CellValue(parts: parts)
    value.events = try reader.readSignedVarint("events")
    let users = try reader.readBool("has users") ? try HashSet64(from: &reader) : nil
    for i in value.numbers.indices {
      value.numbers[i].count = try reader.readSignedVarint("count")
      value.numbers[i].sum = try reader.readFixed(Int128.self, "sum")
      value.numbers[i].least = try reader.readFixed(Int128.self, "least")
      value.numbers[i].greatest = try reader.readFixed(Int128.self, "greatest")
    }
    for i in value.distincts.indices { value.distincts[i] = try DistinctSketch(from: &reader) }
    for i in value.quantiles.indices { value.quantiles[i] = try QuantileSketch(from: &reader) }
    for i in value.lasts.indices {
      value.lasts[i].samples = try reader.readSignedVarint("samples")
      value.lasts[i].time = try reader.readSignedVarint("time")
      value.lasts[i].user = try reader.readBytes("user")
      let topic = try reader.readText("topic")
      let partition = Int32(truncatingIfNeeded: try reader.readSignedVarint("partition"))
      value.lasts[i].partition = PartitionID(topic: topic, partition: partition)
      value.lasts[i].offset = try reader.readSignedVarint("offset")
      value.lasts[i].value = try reader.readFixed(Int128.self, "last value")
    }
    for i in value.counts.indices { value.counts[i] = try reader.readSignedVarint("count") }
    for i in value.amounts.indices {
      value.amounts[i] = try reader.readFixed(Int128.self, "amount")
    }
    for i in value.nameCounts.indices {
      for _ in 0..<(try reader.readCount("counts by name", elementBytes: 2)) {
        let name = SeriesName(try reader.readText("name"))
        value.nameCounts[i][name] = try reader.readSignedVarint("count of a name")
      }
    }
    return (value, users)
  }
}
