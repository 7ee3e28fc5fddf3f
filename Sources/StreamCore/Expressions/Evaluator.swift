/// Runs a program over the slots of one event.
///
/// A struct of borrowed pointers: an evaluation counts no references and allocates nothing but
/// text in `scratch`.
struct Evaluator {
  let nodes: UnsafePointer<ProgramNode>
  let slots: UnsafePointer<Value>
  unowned(unsafe) let program: Program
  unowned(unsafe) let scratch: ScratchArena

  /// Whether node `index` is true; null and every other value is not.
  func isTrue(_ index: UInt32) -> Bool {
    let node = nodes + Int(index)
    switch node.pointee.operation {
    case .slotEqualsText:
      return equalsText(node) == .yes
    case .slotDiffersFromText:
      return equalsText(node) == .no
    case .isNull:
      return value(node.pointee.a).isNull
    case .isNotNull:
      return !value(node.pointee.a).isNull
    case .not:
      return !isTrue(node.pointee.a)
    case .all:
      for child in node.pointee.run where !isTrue(child) { return false }
      return true
    case .any:
      for child in node.pointee.run where isTrue(child) { return true }
      return false
    case .choose:
      return isTrue(isTrue(node.pointee.a) ? node.pointee.b : node.pointee.c)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      return compare(node) == .yes
    case .amongTexts, .among, .inList, .startsWith, .endsWith, .contains, .matches:
      return test(node) == .yes
    case .constant, .slot, .negate, .add, .subtract, .multiply, .divide, .remainder, .size,
      .toDouble, .toInt, .toText:
      let value = value(index)
      return value.kind == .bool && value.bits == 1
    }
  }

  /// The value of node `index`.
  func value(_ index: UInt32) -> Value {
    let node = nodes + Int(index)
    switch node.pointee.operation {
    case .constant:
      return node.pointee.constant
    case .slot:
      return slots[Int(node.pointee.a)]
    case .slotEqualsText:
      return equalsText(node).value
    case .slotDiffersFromText:
      return equalsText(node).negated.value
    case .isNull, .isNotNull, .not, .all, .any:
      return .bool(isTrue(index))
    case .choose:
      return value(isTrue(node.pointee.a) ? node.pointee.b : node.pointee.c)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      return compare(node).value
    case .amongTexts, .among, .inList, .startsWith, .endsWith, .contains, .matches:
      return test(node).value
    case .add, .subtract, .multiply, .divide, .remainder:
      return calculate(node)
    case .negate, .toDouble, .toInt, .toText, .size:
      return convert(node)
    }
  }

  /// Slot `a` against the constant text: the most frequent condition there is.
  @inline(__always)
  private func equalsText(_ node: UnsafePointer<ProgramNode>) -> Truth {
    let slot = slots + Int(node.pointee.a)
    guard slot.pointee.kind == .string else { return .equal(slot.pointee, node.pointee.constant) }
    guard slot.pointee.length == node.pointee.constant.length else { return .no }
    return sameBytes(slot.pointee.bytes, node.pointee.constant.bytes) ? .yes : .no
  }

  private func compare(_ node: UnsafePointer<ProgramNode>) -> Truth {
    let a = value(node.pointee.a)
    let b = value(node.pointee.b)
    switch node.pointee.operation {
    case .equal: return .equal(a, b)
    case .notEqual: return Truth.equal(a, b).negated
    case .less: return Order(a, b).isTrue(of: .less)
    case .lessOrEqual: return Order(a, b).isTrue(of: .less, or: .equal)
    case .greater: return Order(a, b).isTrue(of: .greater)
    default: return Order(a, b).isTrue(of: .greater, or: .equal)
    }
  }

  private func test(_ node: UnsafePointer<ProgramNode>) -> Truth {
    let a = value(node.pointee.a)
    switch node.pointee.operation {
    case .amongTexts: return isAmongTexts(a, node)
    case .among:
      if a.isNull { return .none }
      for child in node.pointee.run where Truth.equal(a, value(child)) == .yes { return .yes }
      return .no
    case .inList: return RawList.contains(value(node.pointee.b), a)
    case .matches:
      guard a.kind == .string else { return .none }
      return program.patterns[Int(node.pointee.b)].matches(a.bytes) ? .yes : .no
    default: break
    }
    let b = value(node.pointee.b)
    if node.pointee.operation == .contains && a.kind == .array { return RawList.contains(a, b) }
    guard a.kind == .string, b.kind == .string else { return .none }
    let (text, part) = (a.bytes, b.bytes)
    guard part.count <= text.count else { return .no }
    switch node.pointee.operation {
    case .startsWith:
      return sameBytes(.init(rebasing: text[..<part.count]), part) ? .yes : .no
    case .endsWith:
      return sameBytes(.init(rebasing: text[(text.count - part.count)...]), part) ? .yes : .no
    default:
      return TextSearch.contains(text, part) ? .yes : .no
    }
  }

  private func isAmongTexts(_ value: Value, _ node: UnsafePointer<ProgramNode>) -> Truth {
    if value.isNull { return .none }
    let first = nodes + Int(node.pointee.b)
    let count = Int(node.pointee.c)
    guard value.kind == .string else {
      for index in 0..<count where Truth.equal(value, first[index].constant) == .yes { return .yes }
      return .no
    }
    var low = 0
    var high = count
    while high - low > 8 {
      let middle = (low + high) / 2
      if TextOrder.isBefore(value, first[middle].constant) { high = middle } else { low = middle }
    }
    for index in low..<high where first[index].constant.length == value.length {
      if sameBytes(first[index].constant.bytes, value.bytes) { return .yes }
    }
    return .no
  }
}

extension ProgramNode {
  /// The run `b`, `c`.
  @inline(__always) var run: Range<UInt32> { b..<(b &+ c) }
}

/// True, false, or neither: the outcome of a comparison.
enum Truth {
  case no, yes, none

  /// As a value.
  @inline(__always) var value: Value {
    switch self {
    case .no: .bool(false)
    case .yes: .bool(true)
    case .none: .null
    }
  }

  /// True for false, false for true.
  @inline(__always) var negated: Truth {
    switch self {
    case .no: .yes
    case .yes: .no
    case .none: .none
    }
  }

  /// Whether two values are equal: texts by their bytes, numbers by value, text and number when
  /// the text is a number, truth values. Neither for null, lists, objects, and everything else.
  static func equal(_ a: Value, _ b: Value) -> Truth {
    if a.kind == .string && b.kind == .string { return sameBytes(a.bytes, b.bytes) ? .yes : .no }
    if a.kind == .bool || b.kind == .bool {
      return a.kind == b.kind ? (a.bits == b.bits ? .yes : .no) : .none
    }
    return Order(numbers: a, b).isTrue(of: .equal)
  }
}

/// How two values compare.
enum Order {
  case less, equal, greater, none

  /// Texts by their bytes; otherwise as numbers.
  init(_ a: Value, _ b: Value) {
    if a.kind == .string && b.kind == .string {
      self = Self.texts(a.bytes, b.bytes)
    } else {
      self.init(numbers: a, b)
    }
  }

  /// As numbers, exactly: whole numbers are not rounded to doubles first.
  init(numbers a: Value, _ b: Value) {
    switch (a.asNumber, b.asNumber) {
    case (.none, _), (_, .none): self = .none
    case (.int(let x), .int(let y)): self = x < y ? .less : x == y ? .equal : .greater
    case (.double(let x), .double(let y)): self = x < y ? .less : x == y ? .equal : .greater
    case (.int(let x), .double(let y)): self = Self.mixed(x, y)
    case (.double(let x), .int(let y)): self = Self.mixed(y, x).reversed
    }
  }

  /// Whether it is `wanted` or `other`.
  @inline(__always) func isTrue(of wanted: Order, or other: Order? = nil) -> Truth {
    if self == .none { return .none }
    return self == wanted || self == other ? .yes : .no
  }

  private var reversed: Order {
    switch self {
    case .less: .greater
    case .greater: .less
    case .equal, .none: self
    }
  }

  private static func mixed(_ int: Int64, _ double: Double) -> Order {
    if int.magnitude <= 1 << 53 {
      let exact = Double(int)
      return exact < double ? .less : exact == double ? .equal : .greater
    }
    if double >= 0x1p63 { return .less }
    if double < -0x1p63 { return .greater }
    // Within the range, cutting off the fraction is exact.
    let whole = Int64(double)
    if int != whole { return int < whole ? .less : .greater }
    let fraction = double - Double(whole)
    return fraction > 0 ? .less : fraction < 0 ? .greater : .equal
  }

  private static func texts(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Order {
    for index in 0..<min(a.count, b.count) where a[index] != b[index] {
      return a[index] < b[index] ? .less : .greater
    }
    return a.count < b.count ? .less : a.count == b.count ? .equal : .greater
  }
}
