/// Turns a checked tree into a program, with the frequent shapes as operations of their own.
struct ProgramBuilder {
  private let syntax: [Syntax]
  private let compiledPatterns: [Int: RegularExpression]
  private var nodes: [ProgramNode] = [ProgramNode(operation: .constant)]
  private var texts: [UInt8] = []
  private var patterns: [RegularExpression] = []

  /// Builds the program of a tree that has no faults.
  static func build(_ checked: TypeChecker, root: Int) -> Program {
    var builder = ProgramBuilder(checked)
    builder.place(root, at: 0)
    return Program(nodes: builder.nodes, texts: builder.texts, patterns: builder.patterns)
  }

  private init(_ checked: TypeChecker) {
    syntax = checked.nodes
    compiledPatterns = checked.patterns
  }

  /// Puts a tree's operation at `place`.
  private mutating func place(_ index: Int, at place: Int) {
    nodes[place] = node(index)
  }

  /// Adds a tree; its place.
  private mutating func add(_ index: Int) -> UInt32 {
    let place = reserve(1)
    self.place(index, at: place)
    return UInt32(place)
  }

  private mutating func reserve(_ count: Int) -> Int {
    nodes.append(contentsOf: repeatElement(ProgramNode(operation: .constant), count: count))
    return nodes.count - count
  }

  private mutating func addRun(_ children: [Int]) -> (first: UInt32, count: UInt32) {
    let first = reserve(children.count)
    for (offset, child) in children.enumerated() { place(child, at: first + offset) }
    return (UInt32(first), UInt32(children.count))
  }

  private mutating func node(_ index: Int) -> ProgramNode {
    let tree = syntax[index]
    if let constant = constant(index) {
      return ProgramNode(operation: .constant, constant: constant)
    }
    switch tree.kind {
    case .path(_, let slot): return ProgramNode(operation: .slot, a: UInt32(slot ?? 0))
    case .not: return ProgramNode(operation: .not, a: add(tree.children[0]))
    case .negate: return ProgramNode(operation: .negate, a: add(tree.children[0]))
    case .and, .or:
      let run = addRun(tree.children)
      let isAnd = if case .and = tree.kind { true } else { false }
      return ProgramNode(operation: isAnd ? .all : .any, b: run.first, c: run.count)
    case .conditional:
      let run = addRun(tree.children)
      return ProgramNode(operation: .choose, a: run.first, b: run.first + 1, c: run.first + 2)
    case .binary(.equal): return equality(tree, isEqual: true)
    case .binary(.notEqual): return equality(tree, isEqual: false)
    case .binary(.in): return membership(tree.children[0], in: tree.children[1])
    case .binary(let binary):
      let (a, b) = (add(tree.children[0]), add(tree.children[1]))
      return ProgramNode(operation: Self.operation(binary), a: a, b: b)
    case .call(let builtin): return call(builtin, tree, index)
    case .list:
      // A list of computed values is only ever looked into, which `membership` and `size` do.
      return ProgramNode(operation: .constant)
    case .fault, .open, .null, .bool, .int, .double, .string:
      return ProgramNode(operation: .constant)
    }
  }

  private mutating func equality(_ tree: Syntax, isEqual: Bool) -> ProgramNode {
    for (one, other) in [(0, 1), (1, 0)] {
      let (one, other) = (tree.children[one], tree.children[other])
      if case .null = syntax[other].kind {
        return ProgramNode(operation: isEqual ? .isNull : .isNotNull, a: add(one))
      }
      if case .path(_, let slot) = syntax[one].kind, case .string(let text) = syntax[other].kind {
        return ProgramNode(
          operation: isEqual ? .slotEqualsText : .slotDiffersFromText, a: UInt32(slot ?? 0),
          constant: self.text(.string, text))
      }
    }
    let (a, b) = (add(tree.children[0]), add(tree.children[1]))
    return ProgramNode(operation: isEqual ? .equal : .notEqual, a: a, b: b)
  }

  private mutating func membership(_ value: Int, in list: Int) -> ProgramNode {
    let a = add(value)
    guard case .list = syntax[list].kind else {
      return ProgramNode(operation: .inList, a: a, b: add(list))
    }
    var elements = syntax[list].children
    let keys = elements.map { textKey($0) }
    guard !keys.contains(nil) else {
      let run = addRun(elements)
      return ProgramNode(operation: .among, a: a, b: run.first, c: run.count)
    }
    elements.sort { a, b in
      let (x, y) = (textKey(a) ?? [], textKey(b) ?? [])
      return x.count == y.count ? x.lexicographicallyPrecedes(y) : x.count < y.count
    }
    let run = addRun(elements)
    return ProgramNode(operation: .amongTexts, a: a, b: run.first, c: run.count)
  }

  /// The text that a tree is, when it is written out.
  private func textKey(_ index: Int) -> [UInt8]? {
    if case .string(let text) = syntax[index].kind { return text }
    return nil
  }

  private mutating func call(_ builtin: Builtin, _ tree: Syntax, _ index: Int) -> ProgramNode {
    let first = tree.children[0]
    switch builtin {
    case .has: return ProgramNode(operation: .isNotNull, a: add(first))
    case .contains:
      if case .list = syntax[first].kind { return membership(tree.children[1], in: first) }
      return ProgramNode(operation: .contains, a: add(first), b: add(tree.children[1]))
    case .startsWith:
      return ProgramNode(operation: .startsWith, a: add(first), b: add(tree.children[1]))
    case .endsWith:
      return ProgramNode(operation: .endsWith, a: add(first), b: add(tree.children[1]))
    case .matches:
      guard let pattern = compiledPatterns[index] else { return ProgramNode(operation: .constant) }
      patterns.append(pattern)
      return ProgramNode(operation: .matches, a: add(first), b: UInt32(patterns.count - 1))
    case .size:
      if case .list = syntax[first].kind {
        let count = Int64(syntax[first].children.count)
        return ProgramNode(operation: .constant, constant: .int(count))
      }
      return ProgramNode(operation: .size, a: add(first))
    case .double: return ProgramNode(operation: .toDouble, a: add(first))
    case .int: return ProgramNode(operation: .toInt, a: add(first))
    case .string: return ProgramNode(operation: .toText, a: add(first))
    }
  }

  /// The value of a tree that is a literal, its text stored.
  private mutating func constant(_ index: Int) -> Value? {
    switch syntax[index].kind {
    case .null: return .null
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .double(let double): return .double(double)
    case .string(let text): return self.text(.string, text)
    case .list: return json(index).map { text(.array, $0) }
    default: return nil
    }
  }

  /// A list of literals as JSON, which is how lists are held.
  private func json(_ index: Int) -> [UInt8]? {
    var out: [UInt8] = [UInt8(ascii: "[")]
    for child in syntax[index].children {
      if out.count > 1 { out.append(UInt8(ascii: ",")) }
      switch syntax[child].kind {
      case .null: CanonicalJSON.append(.null, to: &out)
      case .bool(let bool): CanonicalJSON.append(.bool(bool), to: &out)
      case .int(let int): CanonicalJSON.append(.int(int), to: &out)
      case .double(let double): CanonicalJSON.append(.double(double), to: &out)
      case .string(let text):
        text.withUnsafeBytes { CanonicalJSON.append(string: $0, to: &out) }
      default: return nil
      }
    }
    out.append(UInt8(ascii: "]"))
    return out
  }

  /// Stores text; its `bits` are an offset until the program places it.
  private mutating func text(_ kind: Value.Kind, _ text: [UInt8]) -> Value {
    let offset = texts.count
    texts += text
    return Value(kind: kind, bits: UInt64(offset), length: UInt32(text.count))
  }

  private static func operation(_ binary: BinaryOperator) -> Operation {
    switch binary {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    case .in: .inList
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .remainder: .remainder
    }
  }
}
