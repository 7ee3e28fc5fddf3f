/// Events of one partition on their way to stages that take them in order: what those stages read,
/// copied out of the messages.
///
/// Filled by the partition's task and then, once it is handed on, never changed.
public final class EventChunk: @unchecked Sendable {
  /// One event.
  struct Entry {
    var timeMs: Int64
    /// The partition's clock when it was read.
    var clockMs: Int64
    /// Hash of the key that it is taken by; 0 without one.
    var keyHash: UInt64
    var offset: Int64
    /// Which of the plan's ordered conditions hold.
    var bits: UInt64
    /// Which key it is taken by, by index of the plan's keys.
    var key: UInt8
    /// Whether it may be late for some stage.
    var isStraggler: Bool
  }

  private(set) var partition: PartitionID
  private(set) var source: Int
  /// Values of one event.
  let stride: Int
  let entries: Slab<Entry>
  /// `stride` values an event, with their text in `text`.
  let values: Slab<Value>
  private let text = ScratchArena(chunkBytes: 4_096)
  private(set) var textByteCount = 0

  init(partition: PartitionID, source: Int, stride: Int, capacity: Int = 16) {
    self.partition = partition
    self.source = source
    self.stride = stride
    entries = Slab(capacity: capacity)
    values = Slab(capacity: capacity * stride)
  }

  /// Forgets all events and keeps the memory, for events of another partition or the same.
  func reset(partition: PartitionID, source: Int) {
    self.partition = partition
    self.source = source
    entries.truncate(to: 0)
    values.truncate(to: 0)
    text.reset()
    textByteCount = 0
  }

  /// Bytes it holds.
  public var byteCount: Int {
    entries.count * MemoryLayout<Entry>.stride + values.count * 16 + textByteCount
  }

  /// Appends an event; `row` is its slots, of which `slots` are kept.
  @inline(__always)
  func append(_ entry: Entry, _ row: UnsafePointer<Value>, slots: [Int]) {
    entries.append(entry)
    for at in 0..<slots.count { values.append(kept(row[slots[at]])) }
  }

  /// The value with its text in memory of the chunk's own.
  @inline(__always)
  private func kept(_ value: Value) -> Value {
    switch value.kind {
    case .number, .string, .object, .array:
      let count = Int(value.length)
      textByteCount &+= count
      let copy = text.allocate(count)
      copy.copyMemory(from: value.bytes)
      return .text(value.kind, UnsafeRawBufferPointer(copy))
    case .missing, .null, .bool, .int, .double:
      return value
    }
  }
}

extension EventChunk {
  /// Appends all events as bytes of the state file. O(bytes).
  func encode(into writer: inout ByteWriter) {
    writer.writeText(partition.topic)
    writer.writeSignedVarint(Int64(partition.partition))
    writer.writeVarint(UInt64(source))
    writer.writeVarint(UInt64(stride))
    writer.writeVarint(UInt64(entries.count))
    var at = 0
    for index in 0..<entries.count {
      let entry = entries[index]
      writer.writeSignedVarint(entry.timeMs)
      writer.writeSignedVarint(entry.clockMs)
      writer.writeFixed(entry.keyHash)
      writer.writeSignedVarint(entry.offset)
      writer.writeVarint(entry.bits)
      writer.writeByte(entry.key)
      writer.writeBool(entry.isStraggler)
      for place in at..<(at + stride) {
        let value = values[place]
        writer.writeByte(value.kind.rawValue)
        switch value.kind {
        case .number, .string, .object, .array: writer.writeBytes(value.bytes)
        case .int, .double, .bool: writer.writeFixed(value.bits)
        case .missing, .null: break
        }
      }
      at += stride
    }
  }

  /// Reads what `encode` wrote.
  static func decode(
    _ plan: StagePlan, stride: Int, from reader: inout ByteReader
  ) throws(CodecError) -> EventChunk {
    let topic = try reader.readText("topic")
    let number = Int32(truncatingIfNeeded: try reader.readSignedVarint("partition"))
    let source = try reader.readVarint("source")
    guard source < UInt64(plan.pipeline.sources.count) else { throw reader.invalid("source") }
    guard try reader.readVarint("values of an event") == UInt64(stride) else {
      throw reader.invalid("number of values of an event")
    }
    let count = try reader.readCount("waiting events", elementBytes: 14)
    let chunk = EventChunk(
      partition: PartitionID(topic: topic, partition: number), source: Int(source), stride: stride)
    for _ in 0..<count {
      chunk.entries.append(
        Entry(
          timeMs: try decodeTime("time", from: &reader),
          clockMs: try decodeTime("clock", from: &reader),
          keyHash: try reader.readFixed(UInt64.self, "key"),
          offset: try reader.readSignedVarint("offset"),
          bits: try reader.readVarint("conditions"), key: try reader.readByte("kind of key"),
          isStraggler: try reader.readBool("straggler")))
      for _ in 0..<stride { chunk.values.append(try chunk.decodeValue(from: &reader)) }
    }
    return chunk
  }

  private static func decodeTime(
    _ what: StaticString, from reader: inout ByteReader
  ) throws(CodecError) -> Int64 {
    let timeMs = try reader.readSignedVarint(what)
    guard Zone.clamped(EventTime(ms: timeMs)).ms == timeMs else { throw reader.invalid(what) }
    return timeMs
  }

  private func decodeValue(from reader: inout ByteReader) throws(CodecError) -> Value {
    guard let kind = Value.Kind(rawValue: try reader.readByte("kind")) else {
      throw reader.invalid("kind of a value")
    }
    switch kind {
    case .number, .string, .object, .array:
      let bytes = try reader.readBytes("text")
      return bytes.withUnsafeBytes { kept(.text(kind, $0)) }
    case .int, .double, .bool:
      return Value(kind: kind, bits: try reader.readFixed(UInt64.self, "bits"))
    case .missing, .null:
      return Value(kind: kind)
    }
  }
}
