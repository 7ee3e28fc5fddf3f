/// The events that a rule over a window still sees of one entity, taken out of its section.
///
/// Kept of an event: its time, which aggregates count it, and the values that they read; of the
/// newest also where they lie. Oldest first. At most `maxEvents`, the newest.
final class RiskWindow {
  let shape: RiskShape
  /// What `when` reads: aggregates, then thresholds.
  let slots: UnsafeMutablePointer<Value>
  private let times = Slab<Int64>()
  /// Which aggregates count an event.
  private let counted = Slab<UInt64>()
  /// Which inputs have a value there.
  private let present = Slab<UInt64>()
  /// One for each input and event, among those of its form; the others are not used.
  private let numbers = Slab<Int128>()
  private let hashes = Slab<UInt64>()
  private let contents = Slab<Value>()
  /// The events of the section as it was: their bytes, and where each begins.
  private var stored = UnsafeRawBufferPointer(start: nil, count: 0)
  private let starts = Slab<Int32>()
  private var storedCount = 0
  /// Of the newest events.
  private(set) var coordinates: ContiguousArray<RiskCoordinate> = []
  private var distinct: ContiguousArray<UInt64> = []
  /// The first event that is still within.
  private var head = 0
  /// For each input its form, and where it stands among those of that form; how many there are of
  /// each.
  private let forms: [RiskShape.Form]
  private let places: [Int]
  private let numberCount: Int
  private let hashCount: Int
  private let contentCount: Int

  init(_ shape: RiskShape, thresholds: Int) {
    self.shape = shape
    slots = .allocate(capacity: max(1, shape.items.count + thresholds))
    slots.initialize(repeating: .null, count: max(1, shape.items.count + thresholds))
    var counts = [0, 0, 0]
    var places: [Int] = []
    for input in shape.inputs {
      let form = input.form == .number ? 0 : input.form == .hash ? 1 : 2
      places.append(counts[form])
      counts[form] += 1
    }
    self.places = places
    forms = shape.inputs.map(\.form)
    (numberCount, hashCount, contentCount) = (counts[0], counts[1], counts[2])
  }

  deinit { slots.deallocate() }

  /// Events within.
  var count: Int { times.count - head }

  /// Time of the oldest event within; nil without one.
  var oldestMs: Int64? { head < times.count ? times[head] : nil }

  /// Forgets all events.
  func clear() {
    times.truncate(to: 0)
    counted.truncate(to: 0)
    present.truncate(to: 0)
    numbers.truncate(to: 0)
    hashes.truncate(to: 0)
    contents.truncate(to: 0)
    starts.truncate(to: 0)
    stored = UnsafeRawBufferPointer(start: nil, count: 0)
    storedCount = 0
    coordinates.removeAll(keepingCapacity: true)
    head = 0
  }

  /// Lets events go that are before `ms`.
  func drop(before ms: Int64) {
    while head < times.count, times[head] < ms { head += 1 }
    trim()
  }

  private func trim() {
    if coordinates.count > count { coordinates.removeFirst(coordinates.count - count) }
  }

  /// Takes an event that some aggregates count. Returns how many of its values are no numbers
  /// though they should be.
  func add(_ event: UserStage.Event, counted bits: UInt64, at coordinate: RiskCoordinate) -> Int64 {
    var unusable: Int64 = 0
    var has: UInt64 = 0
    extend()
    let at = times.count
    for (index, input) in shape.inputs.enumerated() where input.readers & bits != 0 {
      let value = input.expression.evaluate(event.row, event.scratch)
      switch input.form {
      case .number:
        guard let exact = value.exactDecimal, NumberTotals.takes(exact.units) else {
          unusable += 1
          continue
        }
        numbers[at * numberCount + places[index]] = exact.units
      case .hash:
        if value.isNull || value.kind == .array || value.kind == .object { continue }
        let part = SeriesKey.part(value, event.scratch)
        hashes[at * hashCount + places[index]] = SeriesKey.hash(part)
      case .content:
        guard let kept = Self.kept(value, event.scratch) else { continue }
        contents[at * contentCount + places[index]] = kept
      }
      has |= 1 << UInt64(index)
    }
    times.append(event.timeMs)
    counted.append(bits)
    present.append(has)
    coordinates.append(coordinate)
    if count > shape.maxEvents { head += count - shape.maxEvents }
    if coordinates.count > RiskCoordinate.shownMax { coordinates.removeFirst() }
    trim()
    return unusable
  }

  /// Makes room for the values of another event.
  private func extend() {
    for _ in 0..<numberCount { numbers.append(0) }
    for _ in 0..<hashCount { hashes.append(0) }
    for _ in 0..<contentCount { contents.append(.null) }
  }

  /// What is kept of a value: null, lists and objects are none, long text is cut.
  private static func kept(_ value: Value, _ scratch: ScratchArena) -> Value? {
    switch value.kind {
    case .missing, .null, .array, .object: return nil
    case .bool, .int, .double: return value
    case .number, .string:
      if value.length <= SeriesKey.textLimit { return value }
      return .text(value.kind, SeriesKey.part(value, scratch).bytes)
    }
  }

  // MARK: - Aggregates

  /// Whether `when` is true of the events within, with the thresholds that `slots` hold.
  func isTrue(_ scratch: ScratchArena) -> Bool {
    for index in shape.items.indices { slots[index] = value(index) }
    return shape.when.isTrue(slots, scratch)
  }

  private func value(_ index: Int) -> Value {
    let item = shape.items[index]
    let bit: UInt64 = 1 << UInt64(index)
    guard let input = item.input else {
      var sum: Int64 = 0
      for at in head..<times.count where counted[at] & bit != 0 { sum += 1 }
      return .int(sum)
    }
    switch item.kind {
    case .count: return .null
    case .sum, .min, .max, .avg: return total(item.kind, input, bit)
    case .distinct: return .int(distinctCount(input, bit))
    case .first:
      for at in head..<times.count where has(at, input, bit) {
        return contents[at * contentCount + places[input]]
      }
      return .null
    case .last:
      for at in (head..<times.count).reversed() where has(at, input, bit) {
        return contents[at * contentCount + places[input]]
      }
      return .null
    }
  }

  @inline(__always)
  private func has(_ at: Int, _ input: Int, _ bit: UInt64) -> Bool {
    counted[at] & bit != 0 && present[at] & (1 << UInt64(input)) != 0
  }

  private func total(_ kind: RiskPlan.Aggregate.Kind, _ input: Int, _ bit: UInt64) -> Value {
    var totals = NumberTotals()
    for at in head..<times.count where has(at, input, bit) {
      totals.add(numbers[at * numberCount + places[input]])
    }
    switch kind {
    case .sum: return Self.number(totals.sum)
    case .min: return totals.count > 0 ? Self.number(totals.least) : .null
    case .max: return totals.count > 0 ? Self.number(totals.greatest) : .null
    default:
      return ExactDecimal(units: totals.sum).divided(by: totals.count).map { .double($0) } ?? .null
    }
  }

  private static func number(_ units: Int128) -> Value {
    let (whole, rest) = units.quotientAndRemainder(dividingBy: 1_000_000_000)
    if rest == 0, let int = Int64(exactly: whole) { return .int(int) }
    return .double(ExactDecimal(units: units).doubleValue)
  }

  private func distinctCount(_ input: Int, _ bit: UInt64) -> Int64 {
    distinct.removeAll(keepingCapacity: true)
    for at in head..<times.count where has(at, input, bit) {
      distinct.append(hashes[at * hashCount + places[input]])
    }
    distinct.sort()
    var count: Int64 = 0
    for at in distinct.indices where at == 0 || distinct[at] != distinct[at - 1] { count += 1 }
    return count
  }

  /// What `when` read: the canonical JSON of each value, in the order of the shape's figures, with
  /// a zero byte behind each.
  func figures() -> [UInt8] {
    var values: [UInt8] = []
    for figure in shape.figures {
      CanonicalJSON.append(slots[figure.slot], to: &values)
      values.append(0)
    }
    return values
  }
}

// MARK: - Section

extension RiskWindow {
  /// Time of the newest event of a section's part; nil without one. O(1).
  static func newestMs(_ reader: inout RecordReader) -> Int64? {
    reader.readVarint() == 0 ? nil : reader.readSignedVarint()
  }

  /// Takes the part of a section apart. Text of values, and events that are written again, stay
  /// where they are.
  func read(_ reader: inout RecordReader) {
    clear()
    let count = Int(min(reader.readVarint(), UInt64(shape.maxEvents)))
    if count == 0 { return }
    let newest = reader.readSignedVarint()
    var timeMs = RecordReader.bounded(newest &- Int64(truncatingIfNeeded: reader.readVarint()))
    stored = reader.rest
    for index in 0..<count {
      starts.append(Int32(truncatingIfNeeded: stored.count - reader.rest.count))
      let gapMs = RecordReader.bounded(Int64(truncatingIfNeeded: reader.readVarint()))
      if index > 0 { timeMs = RecordReader.bounded(timeMs &+ gapMs) }
      extend()
      times.append(timeMs)
      counted.append(reader.readVarint())
      var has: UInt64 = 0
      if !forms.isEmpty {
        has = reader.readVarint()
        for input in 0..<forms.count where has & (1 << UInt64(input)) != 0 {
          readValue(input, index, &reader)
        }
      }
      present.append(has)
    }
    starts.append(Int32(truncatingIfNeeded: stored.count - reader.rest.count))
    storedCount = count
    RiskCoordinate.read(min(count, RiskCoordinate.shownMax), &reader, into: &coordinates)
  }

  private func readValue(_ input: Int, _ at: Int, _ reader: inout RecordReader) {
    switch forms[input] {
    case .number:
      let units = reader.readUnits()
      numbers[at * numberCount + places[input]] = NumberTotals.takes(units) ? units : 0
    case .hash: hashes[at * hashCount + places[input]] = reader.readFixed()
    case .content:
      let kind = Value.Kind(rawValue: reader.readByte()) ?? .null
      switch kind {
      case .missing, .null, .object, .array: break
      case .bool, .int, .double:
        contents[at * contentCount + places[input]] = Value(kind: kind, bits: reader.readFixed())
      case .number, .string:
        let bytes = reader.readBytes(Int(truncatingIfNeeded: reader.readVarint() & 0xFFFF))
        contents[at * contentCount + places[input]] = .text(kind, bytes)
      }
    }
  }

  /// Writes the part of a section: events that were in the section as they were.
  func write(into writer: RecordWriter) {
    writer.writeVarint(UInt64(count))
    guard count > 0 else { return }
    let newest = times[times.count - 1]
    writer.writeSignedVarint(newest)
    writer.writeVarint(UInt64(bitPattern: newest - times[head]))
    if head < storedCount {
      writer.write(
        UnsafeRawBufferPointer(rebasing: stored[Int(starts[head])..<Int(starts[storedCount])]))
    }
    for at in max(head, storedCount)..<times.count {
      // That of the oldest event means nothing.
      writer.writeVarint(UInt64(bitPattern: at == 0 ? 0 : times[at] - times[at - 1]))
      writer.writeVarint(counted[at])
      if forms.isEmpty { continue }
      writer.writeVarint(present[at])
      for input in 0..<forms.count where present[at] & (1 << UInt64(input)) != 0 {
        writeValue(input, at, into: writer)
      }
    }
    RiskCoordinate.write(coordinates, into: writer)
  }

  private func writeValue(_ input: Int, _ at: Int, into writer: RecordWriter) {
    switch forms[input] {
    case .number: writer.writeUnits(numbers[at * numberCount + places[input]])
    case .hash: writer.writeFixed(hashes[at * hashCount + places[input]])
    case .content:
      let value = contents[at * contentCount + places[input]]
      writer.writeByte(value.kind.rawValue)
      switch value.kind {
      case .missing, .null, .object, .array: break
      case .bool, .int, .double: writer.writeFixed(value.bits)
      case .number, .string:
        writer.writeVarint(UInt64(value.length))
        writer.write(value.bytes)
      }
    }
  }
}
