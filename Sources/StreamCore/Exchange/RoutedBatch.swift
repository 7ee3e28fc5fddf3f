/// Events of one partition on their way to one shard of the exchange: what its stages read, copied
/// out of the messages. Filled by the partition's task, then never changed.
public final class RoutedBatch: @unchecked Sendable {
  /// One event.
  struct Entry {
    var timeMs: Int64
    var clockMs: Int64
    var userHash: UInt64
    var offset: Int64
    /// Where its values begin in `values`: the user, then the exchanged slots.
    var firstValue: Int32
    /// Whether it may be late for some stage.
    var isStraggler: Bool
  }

  let partition: PartitionID
  let source: Int
  private(set) var entries: [Entry] = []
  /// Values whose text, if any, is `bits` bytes into `text`.
  private(set) var values: [Value] = []
  private(set) var text: [UInt8] = []

  init(partition: PartitionID, source: Int) {
    self.partition = partition
    self.source = source
  }

  /// Bytes it holds.
  public var byteCount: Int { entries.count * 48 + values.count * 16 + text.count }

  /// Appends an event; `row` is its slots.
  func append(_ entry: Entry, user: Value, _ row: UnsafePointer<Value>, slots: [Int]) {
    var entry = entry
    entry.firstValue = Int32(values.count)
    entries.append(entry)
    append(user)
    for slot in slots { append(row[slot]) }
  }

  /// Appends a value with its text.
  func append(_ value: Value) {
    var copy = value
    switch value.kind {
    case .number, .string, .object, .array:
      copy.bits = UInt64(text.count)
      text.append(contentsOf: value.bytes)
    case .missing, .null, .bool, .int, .double:
      break
    }
    values.append(copy)
  }

  /// Appends an entry whose values follow by `append(_:)`.
  func append(_ entry: Entry) {
    var entry = entry
    entry.firstValue = Int32(values.count)
    entries.append(entry)
  }

  /// The value at `index`, with its text; valid while `base`, the batch's text, is.
  func value(_ index: Int, _ base: UnsafeRawBufferPointer) -> Value {
    var value = values[index]
    switch value.kind {
    case .number, .string, .object, .array:
      guard let start = base.baseAddress else {
        return .text(value.kind, .init(start: nil, count: 0))
      }
      value.bits = UInt64(UInt(bitPattern: start + Int(value.bits)))
    case .missing, .null, .bool, .int, .double:
      break
    }
    return value
  }

  /// The user of an entry, as bytes.
  func user(_ entry: Int) -> ArraySlice<UInt8> {
    let value = values[Int(entries[entry].firstValue)]
    guard value.length > 0 else { return [] }
    return text[Int(value.bits)..<(Int(value.bits) + Int(value.length))]
  }
}
