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
    return (value, users)
  }
}

/// Events that wait behind the exchange, as bytes of the state file.
enum RoutedCodec {
  static func encode(
    _ pending: [(batch: RoutedBatch, entry: Int)], into writer: inout ByteWriter
  ) {
    writer.writeVarint(UInt64(pending.count))
    for (batch, index) in pending {
      let entry = batch.entries[index]
      writer.writeText(batch.partition.topic)
      writer.writeSignedVarint(Int64(batch.partition.partition))
      writer.writeSignedVarint(Int64(batch.source))
      writer.writeSignedVarint(entry.timeMs)
      writer.writeSignedVarint(entry.clockMs)
      writer.writeFixed(entry.userHash)
      writer.writeSignedVarint(entry.offset)
      writer.writeBool(entry.isStraggler)
      let end =
        index + 1 < batch.entries.count
        ? Int(batch.entries[index + 1].firstValue) : batch.values.count
      writer.writeVarint(UInt64(end - Int(entry.firstValue)))
      batch.text.withUnsafeBytes { text in
        for at in Int(entry.firstValue)..<end {
          let value = batch.value(at, text)
          writer.writeByte(value.kind.rawValue)
          switch value.kind {
          case .number, .string, .object, .array: writer.writeBytes(value.bytes)
          case .missing, .null, .bool, .int, .double: writer.writeFixed(value.bits)
          }
        }
      }
    }
  }

  static func decode(
    _ plan: StagePlan, from reader: inout ByteReader
  ) throws(CodecError) -> [RoutedBatch] {
    var batches: [PartitionID: RoutedBatch] = [:]
    for _ in 0..<(try reader.readVarint("waiting events")) {
      let topic = try reader.readText("topic")
      let number = Int32(truncatingIfNeeded: try reader.readSignedVarint("partition"))
      let id = PartitionID(topic: topic, partition: number)
      let source = Int(try reader.readSignedVarint("source"))
      guard plan.pipeline.sources.indices.contains(source) else { throw reader.invalid("source") }
      let batch = batches[id] ?? RoutedBatch(partition: id, source: source)
      batches[id] = batch
      let entry = RoutedBatch.Entry(
        timeMs: try reader.readSignedVarint("time"),
        clockMs: try reader.readSignedVarint("clock"),
        userHash: try reader.readFixed(UInt64.self, "user"),
        offset: try reader.readSignedVarint("offset"), firstValue: 0,
        isStraggler: try reader.readBool("straggler"))
      batch.append(entry)
      let count = try reader.readVarint("values")
      guard count == UInt64(plan.exchangedSlots.count + 1) else { throw reader.invalid("values") }
      for _ in 0..<count { try decodeValue(into: batch, from: &reader) }
    }
    return batches.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func decodeValue(
    into batch: RoutedBatch, from reader: inout ByteReader
  ) throws(CodecError) {
    guard let kind = Value.Kind(rawValue: try reader.readByte("kind")) else {
      throw reader.invalid("kind of a value")
    }
    switch kind {
    case .number, .string, .object, .array:
      let text = try reader.readBytes("text")
      text.withUnsafeBytes { batch.append(.text(kind, $0)) }
    case .missing, .null, .bool, .int, .double:
      batch.append(Value(kind: kind, bits: try reader.readFixed(UInt64.self, "bits")))
    }
  }
}
