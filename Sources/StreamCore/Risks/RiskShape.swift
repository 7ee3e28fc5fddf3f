/// What a rule over a window reads of an event, and how `when` sees it: a rule's plan, taken apart
/// once.
struct RiskShape {
  /// In what form values of an expression are kept.
  enum Form {
    /// A number, in units of 10^-9.
    case number
    /// The hash of a value.
    case hash
    /// The value itself.
    case content
  }

  /// An expression whose values are kept.
  struct Input {
    let expression: Expression
    let form: Form
    /// Aggregates that read it, a bit for each.
    var readers: UInt64
  }

  /// One aggregate.
  struct Item {
    let kind: RiskPlan.Aggregate.Kind
    /// Which input; nil for `count`.
    let input: Int?
  }

  let when: Expression
  let items: [Item]
  let inputs: [Input]
  let withinMs: Int64
  let maxEvents: Int
  /// The keys of figures as JSON, in order, and the slot of `when` that each shows.
  let figures: [(key: [UInt8], slot: Int)]

  init(_ plan: RiskPlan, when: Expression, aggregates: [RiskPlan.Aggregate]) {
    self.when = when
    withinMs = plan.withinMs
    maxEvents = max(1, plan.maxEvents)
    var inputs: [Input] = []
    var items: [Item] = []
    for (index, aggregate) in aggregates.prefix(RiskPlan.aggregatesMax).enumerated() {
      guard let value = aggregate.value, let form = Self.form(aggregate.kind) else {
        items.append(Item(kind: aggregate.kind, input: nil))
        continue
      }
      let known = inputs.firstIndex { $0.expression.text == value.text && $0.form == form }
      if known == nil { inputs.append(Input(expression: value, form: form, readers: 0)) }
      let input = known ?? inputs.count - 1
      inputs[input].readers |= 1 << UInt64(index)
      items.append(Item(kind: aggregate.kind, input: input))
    }
    self.inputs = inputs
    self.items = items
    var named: [(name: String, slot: Int)] = []
    for (slot, aggregate) in aggregates.enumerated() { named.append((aggregate.text, slot)) }
    for (slot, threshold) in plan.thresholds.enumerated() {
      named.append((threshold.name, aggregates.count + slot))
    }
    figures = Self.keys(named)
  }

  private static func form(_ kind: RiskPlan.Aggregate.Kind) -> Form? {
    switch kind {
    case .count: nil
    case .sum, .min, .max, .avg: .number
    case .distinct: .hash
    case .first, .last: .content
    }
  }

  /// Names as JSON keys, in order; of equal names the first.
  private static func keys(_ named: [(name: String, slot: Int)]) -> [(key: [UInt8], slot: Int)] {
    let sorted = named.sorted {
      $0.name == $1.name
        ? $0.slot < $1.slot : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var keys: [(key: [UInt8], slot: Int)] = []
    for (name, slot) in sorted {
      var key: [UInt8] = []
      CanonicalJSON.append(string: name, to: &key)
      if keys.last?.key != key { keys.append((key, slot)) }
    }
    return keys
  }
}

extension RiskPlan {
  /// Most aggregates of one rule.
  public static let aggregatesMax = 32
}

extension RiskPlan.Aggregate {
  /// What it is called in figures: `count()`, `sum(total, event == "purchase")`.
  public var text: String {
    let parts = [value?.text, condition?.text].compactMap(\.self)
    return "\(kind.rawValue)(\(parts.joined(separator: ", ")))"
  }
}

/// Where an event lies: the number of its partition, and its offset there.
struct RiskCoordinate: Equatable {
  var partition: Int32
  var offset: Int64

  /// Coordinates that a finding shows.
  static let shownMax = 20

  /// Writes coordinates: offsets as distances, which are mostly short.
  static func write(_ all: some Collection<RiskCoordinate>, into writer: RecordWriter) {
    var last: Int64 = 0
    for one in all {
      writer.writeVarint(UInt64(one.partition))
      writer.writeSignedVarint(one.offset &- last)
      last = one.offset
    }
  }

  /// Reads `count` coordinates in place of those in `all`.
  static func read(
    _ count: Int, _ reader: inout RecordReader, into all: inout ContiguousArray<RiskCoordinate>
  ) {
    all.removeAll(keepingCapacity: true)
    var last: Int64 = 0
    for _ in 0..<count {
      let partition = reader.readNumber()
      last = last &+ reader.readSignedVarint()
      all.append(RiskCoordinate(partition: partition, offset: last))
    }
  }
}

extension RecordWriter {
  /// Writes a number of units of 10^-9; whole ones and hundredths in a few bytes.
  func writeUnits(_ units: Int128) {
    var left = units
    var tag: UInt128 = 0
    if left % 1_000_000_000 == 0 {
      left /= 1_000_000_000
      tag = 2
    } else if left % 10_000_000 == 0 {
      left /= 10_000_000
      tag = 1
    }
    // Units that are kept are far below 2^125.
    var raw = UInt128(bitPattern: (left << 1) ^ (left >> 127)) << 2 | tag
    while raw >= 0x80 {
      writeByte(UInt8(truncatingIfNeeded: raw) | 0x80)
      raw >>= 7
    }
    writeByte(UInt8(truncatingIfNeeded: raw))
  }

  /// Writes eight bytes.
  func writeFixed(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      writeByte(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension RecordReader {
  /// Reads what `writeUnits` wrote; whatever the bytes, a number that is small enough to be added
  /// to others.
  mutating func readUnits() -> Int128 {
    var low: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 63 {
      let byte = readByte()
      low |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return Self.units(UInt128(low)) }
      shift &+= 7
    }
    var raw = UInt128(low)
    var wide: UInt128 = 63
    while wide < 128 {
      let byte = readByte()
      raw |= UInt128(byte & 0x7F) << wide
      if byte < 0x80 { break }
      wide += 7
    }
    return Self.units(raw)
  }

  private static func units(_ raw: UInt128) -> Int128 {
    let zigzag = raw >> 2
    let number = Int128(bitPattern: zigzag >> 1) ^ -Int128(bitPattern: zigzag & 1)
    switch raw & 3 {
    case 1: return number &* 10_000_000
    case 2: return number &* 1_000_000_000
    default: return number
    }
  }

  /// Reads eight bytes.
  mutating func readFixed() -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(readByte()) << shift }
    return value
  }
}
