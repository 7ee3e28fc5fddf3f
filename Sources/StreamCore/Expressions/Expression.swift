/// A compiled expression of the pipeline file over the slots of an event (or, in a formula, over
/// its inputs). DESIGN §7; `docs/expressions.md` is the language.
///
/// Immutable and shared freely between threads; each thread brings its own `scratch`.
public struct Expression: Sendable {
  /// Longest text that is compiled, in bytes.
  public static let maxTextBytes = 1 << 16
  /// Most faults reported of one text.
  public static let maxFaults = 50

  /// Names of the functions that every expression has.
  public static let functions = Builtin.allCases.map(\.rawValue)

  /// The text it was compiled from.
  public let text: String
  /// Slots it reads, ascending.
  public let slots: [Int]
  /// The type of its value, where that is known; null is of every type.
  public let type: ExpressionType
  /// The slot that its value is, when it is nothing more than that: whoever reads many events then
  /// need not evaluate.
  public let plainSlot: Int?
  private let program: Program

  private init(text: String, slots: [Int], type: ExpressionType, program: Program) {
    self.text = text
    self.slots = slots
    self.type = type
    self.program = program
    let root = program.nodes[0]
    plainSlot = root.operation == .slot ? Int(root.a) : nil
  }

  /// Its value; null where there is none. Text in the value lives as long as the slots' text,
  /// `scratch` and this expression. `slots` holds a value at each index of `self.slots`.
  /// Allocates only for joined or converted text.
  @inline(__always)
  public func evaluate(_ slots: UnsafePointer<Value>, _ scratch: ScratchArena) -> Value {
    Evaluator(nodes: program.nodes, slots: slots, program: program, scratch: scratch).value(0)
  }

  /// Whether its value is true; null and values that are neither true nor false are not.
  @inline(__always)
  public func isTrue(_ slots: UnsafePointer<Value>, _ scratch: ScratchArena) -> Bool {
    Evaluator(nodes: program.nodes, slots: slots, program: program, scratch: scratch).isTrue(0)
  }

  /// Leaves of the first `count` events of `picked` those of a block that it is true of, in their
  /// order, and returns how many: without a reference taken for each.
  func keep(
    _ picked: UnsafeMutablePointer<Int32>, _ count: Int, of block: EventBlock,
    _ scratch: ScratchArena
  ) -> Int {
    var kept = 0
    for k in 0..<count {
      let index = picked[k]
      if !isTrue(block.row(Int(index)), scratch) { continue }
      picked[kept] = index
      kept += 1
    }
    return kept
  }

  /// The slot below the line, where the expression is a ratio `… / slot`: what its value rests on.
  public var denominatorSlot: Int? {
    let root = program.nodes[0]
    guard root.operation == .divide else { return nil }
    let below = program.nodes[Int(root.b)]
    return below.operation == .slot ? Int(below.a) : nil
  }

  /// The slots above and below the line, where the expression is the ratio of two slots and nothing
  /// more.
  public var ratioSlots: (above: Int, below: Int)? {
    guard let below = denominatorSlot else { return nil }
    let above = program.nodes[Int(program.nodes[0].a)]
    return above.operation == .slot ? (Int(above.a), below) : nil
  }

  /// Whether a node may be true of a row of which only one slot is known. What is not read off the
  /// slot, or off several conditions of which all or any must hold, may be.
  func mayBeTrue(
    node index: UInt32, knowing slot: Int, _ row: UnsafePointer<Value>, _ scratch: ScratchArena
  ) -> Bool {
    let node = program.nodes[Int(index)]
    switch node.operation {
    case .all:
      return (node.b..<(node.b + node.c)).allSatisfy {
        mayBeTrue(node: $0, knowing: slot, row, scratch)
      }
    case .any:
      return (node.b..<(node.b + node.c)).contains {
        mayBeTrue(node: $0, knowing: slot, row, scratch)
      }
    case .slotEqualsText, .slotDiffersFromText:
      if Int(node.a) != slot { return true }
    case .amongTexts:
      let value = program.nodes[Int(node.a)]
      if value.operation != .slot || Int(value.a) != slot { return true }
    default:
      return true
    }
    return Evaluator(nodes: program.nodes, slots: row, program: program, scratch: scratch)
      .isTrue(index)
  }

  /// The expression that is slot `index`.
  public static func slot(_ index: Int, text: String) -> Expression {
    let node = ProgramNode(operation: .slot, a: UInt32(index))
    return Expression(
      text: text, slots: [index], type: .unknown,
      program: Program(nodes: [node], texts: [], patterns: []))
  }

  /// Compiles `text`. `resolve` is asked once for the slot of each path (`a.b.c`, steps that
  /// contain a dot in backquotes: `PathText`) in it. With `wanted`, an expression whose type is
  /// known to be another is a fault.
  ///
  /// A call named in `calls` is no function of the language: `resolveCall` reads its arguments and
  /// says which slot holds its value.
  ///
  /// Throws every fault of the text together, in order of position, at most `maxFaults`.
  public static func compile(
    _ text: String, wanted: ExpressionType = .unknown, calls: Set<String> = [],
    resolveCall: (ExpressionCall) -> CallResolution = { _ in .faults([]) },
    resolve: (String) -> NameResolution
  ) throws(ExpressionFaults) -> Expression {
    guard text.utf8.count <= maxTextBytes else {
      throw ExpressionFaults(faults: [
        .init(
          code: "too-long", position: 0,
          message: "\(text.utf8.count) bytes; an expression has at most \(maxTextBytes)",
          hint: "split it into derived fields")
      ])
    }
    let parser = Parser(text, openCalls: calls)
    var names = NameResolver()
    let nodes = names.resolve(parser.nodes, resolve, resolveCall)
    var faults = parser.faults + names.faults
    let checked = TypeChecker(nodes)
    faults += checked.faults
    let type = checked.nodes[parser.root].type
    if faults.isEmpty, wanted != .unknown, type != .unknown, type != wanted,
      !(wanted == .number && type == .string)
    {
      faults.append(
        .init(
          code: "wrong-type", position: 0,
          message: "the expression gives \(type.described), and \(wanted.described) is wanted here",
          hint: nil))
    }
    guard faults.isEmpty else {
      // Stable: faults at one place stay in the order in which they were found.
      let order = faults.indices.sorted {
        (faults[$0].position, $0) < (faults[$1].position, $1)
      }
      throw ExpressionFaults(faults: order.prefix(maxFaults).map { faults[$0] })
    }
    return Expression(
      text: text, slots: names.slots.sorted(), type: type,
      program: ProgramBuilder.build(checked, root: parser.root))
  }
}

/// What a path in an expression stands for.
public enum NameResolution: Sendable {
  /// The slot that holds its value; the type, where it is known.
  case slot(Int, type: ExpressionType = .unknown)
  /// Nothing; with the names that there are, for a hint.
  case unknown(known: [String])
}

/// A call in an expression that stands for a slot, such as `previous(1)` of an alert.
public struct ExpressionCall: Sendable {
  /// One argument, as it is written.
  public struct Argument: Sendable {
    /// Its text, blanks around it included.
    public var text: String
    /// Where it begins in the expression's text, in bytes.
    public var position: Int

    /// Whether there is nothing in it.
    var isBlank: Bool { text.allSatisfy(\.isWhitespace) }
  }

  /// What is called.
  public var name: String
  /// Where the call begins in the expression's text, in bytes.
  public var position: Int
  /// What is between its parentheses, split at the commas that are in no parentheses of their own.
  public var arguments: [Argument]
}

/// What a call in an expression stands for.
public enum CallResolution: Sendable {
  /// The slot that holds its value; the type, where it is known.
  case slot(Int, type: ExpressionType = .number)
  /// Nothing, for these reasons; positions are in the whole expression's text.
  case faults([ExpressionFaults.Fault])
}

/// Static type of an expression.
public enum ExpressionType: Sendable, Equatable {
  case unknown, bool, number, string, list

  /// In words.
  public var described: String {
    switch self {
    case .unknown: "a value"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "text"
    case .list: "a list"
    }
  }
}

/// What is wrong with an expression's text.
public struct ExpressionFaults: Error, Sendable {
  /// One fault.
  public struct Fault: Sendable, Equatable {
    /// Short stable code, e.g. `unknown-name`; `docs/expressions.md` lists them.
    public var code: String
    /// Position in the text, in bytes from 0.
    public var position: Int
    /// What was found, and what is legal.
    public var message: String
    /// What to do, e.g. the nearest known name.
    public var hint: String?

    /// Makes a fault of its parts.
    public init(code: String, position: Int, message: String, hint: String?) {
      self.code = code
      self.position = position
      self.message = message
      self.hint = hint
    }
  }
  /// In order of position; at least one.
  public var faults: [Fault]
}
