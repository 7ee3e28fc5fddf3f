/// What one node of a compiled expression does.
///
/// `a`, `b`, `c` are nodes unless said otherwise; a run of nodes is its first and its count.
enum Operation: UInt8 {
  /// The constant.
  case constant
  /// Slot `a`.
  case slot
  /// Slot `a` is, or is not, the constant text.
  case slotEqualsText, slotDiffersFromText
  case isNull, isNotNull
  case not
  /// The run `b`, `c`.
  case all, any
  /// `a` ? `b` : `c`
  case choose
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  /// `a` among the run `b`, `c` of constant texts, sorted by length, then bytes.
  case amongTexts
  /// `a` among the run `b`, `c`.
  case among
  /// `a` in the list that `b` is.
  case inList
  case negate, add, subtract, multiply, divide, remainder
  case startsWith, endsWith, contains
  /// `a` matches pattern `b`.
  case matches
  /// Of `a`. A list written out has become a constant.
  case size, toDouble, toInt, toText
}

/// One node: 32 trivial bytes.
struct ProgramNode {
  var operation: Operation
  var a: UInt32 = 0
  var b: UInt32 = 0
  var c: UInt32 = 0
  /// For operations with a constant. Its text is the program's.
  var constant: Value = .null
}

/// A compiled expression's nodes and constants. Immutable; node 0 is the root.
final class Program: Sendable {
  /// The nodes.
  nonisolated(unsafe) let nodes: UnsafePointer<ProgramNode>
  /// Patterns of `matches`.
  let patterns: [RegularExpression]
  nonisolated(unsafe) private let texts: UnsafeMutableRawBufferPointer

  /// Keeps `nodes`, in whose text constants `bits` is an offset into `texts`.
  init(nodes: [ProgramNode], texts: [UInt8], patterns: [RegularExpression]) {
    let storage = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(texts.count, 1), alignment: 8)
    storage.copyBytes(from: texts)
    let copy = UnsafeMutablePointer<ProgramNode>.allocate(capacity: nodes.count)
    copy.initialize(from: nodes, count: nodes.count)
    if let base = storage.baseAddress {
      for index in nodes.indices where nodes[index].constant.hasText {
        copy[index].constant.bits += UInt64(UInt(bitPattern: base))
      }
    }
    self.nodes = UnsafePointer(copy)
    self.patterns = patterns
    self.texts = storage
  }

  deinit {
    nodes.deallocate()
    texts.deallocate()
  }
}

extension Value {
  /// Whether `bits` points at text.
  var hasText: Bool {
    switch kind {
    case .number, .string, .object, .array: true
    case .missing, .null, .bool, .int, .double: false
    }
  }
}
