/// Finds what can never have a value: operators and functions on values of a type that is known
/// and wrong.
struct TypeChecker {
  private(set) var nodes: [Syntax]
  private(set) var faults: [ExpressionFaults.Fault] = []
  /// Compiled patterns of `matches`, by node.
  private(set) var patterns: [Int: RegularExpression] = [:]
  /// Whether a node rests on a fault.
  private var isFaulty: [Bool]

  /// Checks `nodes`, whose paths are resolved, children before parents.
  init(_ nodes: [Syntax]) {
    self.nodes = nodes
    isFaulty = [Bool](repeating: false, count: nodes.count)
    for index in nodes.indices {
      let type = check(index)
      // What rests on a fault is of no type, so that one fault is not reported as several.
      if case .fault = nodes[index].kind { isFaulty[index] = true }
      if nodes[index].children.contains(where: { isFaulty[$0] }) { isFaulty[index] = true }
      self.nodes[index].type = isFaulty[index] ? .unknown : type
      checkLists(of: nodes[index])
    }
    if let root = nodes.indices.last, isComputedList(root) { computedListFault(root) }
  }

  /// Lists of computed values exist only where they are looked into at once.
  private mutating func checkLists(of parent: Syntax) {
    for (place, child) in parent.children.enumerated() where isComputedList(child) {
      switch parent.kind {
      case .binary(.in) where place == 1: continue
      case .call(.contains) where place == 0: continue
      case .call(.size), .fault: continue
      default: computedListFault(child)
      }
    }
  }

  private func isComputedList(_ index: Int) -> Bool {
    guard case .list = nodes[index].kind, !isFaulty[index] else { return false }
    return nodes[index].children.contains { child in
      switch nodes[child].kind {
      case .null, .bool, .int, .double, .string, .fault: false
      default: true
      }
    }
  }

  private mutating func computedListFault(_ index: Int) {
    fault(index, "a list of values that are not written out is legal only beside `in`")
  }

  private mutating func check(_ index: Int) -> ExpressionType {
    let node = nodes[index]
    switch node.kind {
    case .fault, .null, .open: return .unknown
    case .path: return node.type
    case .bool: return .bool
    case .int, .double: return .number
    case .string: return .string
    case .list:
      for child in node.children where nodes[child].type == .list {
        fault(child, "a list in a list is never equal to anything")
      }
      return .list
    case .not, .and, .or:
      let name =
        if case .not = node.kind { "!" } else if case .and = node.kind { "&&" } else { "||" }
      for child in node.children { wantBool(child, "`\(name)`") }
      return .bool
    case .negate:
      wantNumber(node.children[0], "`-`")
      return .number
    case .conditional:
      wantBool(node.children[0], "the condition of `?`")
      return common(node.children[1], node.children[2])
    case .binary(let binary): return check(binary, node)
    case .call(let builtin): return check(builtin, node, index)
    }
  }

  /// The type that both branches have, where they have the same or one is null.
  private func common(_ a: Int, _ b: Int) -> ExpressionType {
    if case .null = nodes[a].kind { return nodes[b].type }
    if case .null = nodes[b].kind { return nodes[a].type }
    return nodes[a].type == nodes[b].type ? nodes[a].type : .unknown
  }

  private mutating func check(_ binary: BinaryOperator, _ node: Syntax) -> ExpressionType {
    let (a, b) = (node.children[0], node.children[1])
    let name = "`\(binary.rawValue)`"
    switch binary {
    case .equal, .notEqual:
      comparable(a, b, name, ordered: false)
      return .bool
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      comparable(a, b, name, ordered: true)
      return .bool
    case .in:
      if ![.list, .unknown].contains(nodes[b].type) {
        fault(b, "the right side of `in` is a list; this is \(described(b))")
      } else if nodes[a].type == .list {
        fault(a, "a list is never in a list")
      }
      return .bool
    case .add:
      let types = [nodes[a].type, nodes[b].type]
      if types == [.string, .string] { return .string }
      wantNumber(a, name, orText: types[1] != .number)
      wantNumber(b, name, orText: types[0] != .number)
      return types.contains(.number) ? .number : .unknown
    case .subtract, .multiply, .divide, .remainder:
      wantNumber(a, name)
      wantNumber(b, name)
      return .number
    }
  }

  private mutating func comparable(_ a: Int, _ b: Int, _ name: String, ordered: Bool) {
    for (one, other) in [(a, b), (b, a)] {
      if case .null = nodes[one].kind {
        if ordered { fault(one, "\(name) with null is never true; null has no order") }
        return
      }
      switch nodes[one].type {
      case .list:
        return fault(one, "\(name) does not compare lists", hint: "use `in` or `contains`")
      case .bool where ordered:
        return fault(one, "\(name) does not compare true and false; they have no order")
      case .bool where ![.bool, .unknown].contains(nodes[other].type):
        return fault(one, "\(name) is never true of \(described(one)) and \(described(other))")
      case .number where nodes[other].type == .string && isOtherThanNumber(other):
        return fault(other, "\(name) with a number: \(described(other)) is none")
      default: break
      }
    }
  }

  private mutating func check(
    _ builtin: Builtin, _ node: Syntax, _ index: Int
  ) -> ExpressionType {
    let name = "`\(builtin.rawValue)`"
    let first = node.children[0]
    switch builtin {
    case .startsWith, .endsWith:
      for child in node.children { wantText(child, name) }
      return .bool
    case .contains:
      if nodes[first].type == .list {
        if nodes[node.children[1]].type == .list {
          fault(node.children[1], "a list is never in a list")
        }
      } else {
        wantText(first, name)
        if nodes[first].type == .string { wantText(node.children[1], name) }
      }
      return .bool
    case .matches:
      wantText(first, name)
      compilePattern(node.children[1], index)
      return .bool
    case .size:
      if [.bool, .number].contains(nodes[first].type) {
        fault(first, "`size` is of text or a list; this is \(described(first))")
      }
      return .number
    case .has:
      if case .path = nodes[first].kind { return .bool }
      if case .fault = nodes[first].kind { return .bool }
      fault(first, "`has` is of a path", hint: "compare other values with null: x != null")
      return .bool
    case .double, .int:
      wantNumber(first, name)
      return .number
    case .string:
      if nodes[first].type == .list { fault(first, "`string` of a list has no value") }
      return .string
    }
  }

  private mutating func compilePattern(_ child: Int, _ call: Int) {
    guard case .string(let pattern) = nodes[child].kind else {
      if case .fault = nodes[child].kind { return }
      fault(child, "the pattern of `matches` must be written out as text")
      return
    }
    do throws(RegularExpression.Fault) {
      patterns[call] = try RegularExpression(pattern)
    } catch {
      faults.append(
        .init(
          code: "bad-pattern", position: nodes[child].range.lowerBound,
          message: "at character \(error.position) of the pattern: \(error.message)",
          hint: error.hint))
    }
  }

  // MARK: What a place wants

  private mutating func wantBool(_ child: Int, _ place: String) {
    guard ![.bool, .unknown].contains(nodes[child].type) else { return }
    fault(
      child, "\(place) wants true or false; this is \(described(child))",
      hint: "compare it with something")
  }

  private mutating func wantNumber(_ child: Int, _ place: String, orText: Bool = false) {
    switch nodes[child].type {
    case .unknown, .number: return
    case .string:
      if orText || !isOtherThanNumber(child) { return }
      fault(child, "\(place) wants a number; \(described(child)) is none")
    case .bool, .list:
      fault(
        child, "\(place) wants a number; this is \(described(child))",
        hint: nodes[child].type == .bool ? "write `x ? 1 : 0`" : nil)
    }
  }

  private mutating func wantText(_ child: Int, _ place: String) {
    guard ![.string, .unknown].contains(nodes[child].type) else { return }
    fault(
      child, "\(place) wants text; this is \(described(child))",
      hint: nodes[child].type == .number ? "write `string(x)`" : nil)
  }

  /// Whether it is text written out that is no number. Of other text it is not known.
  private func isOtherThanNumber(_ index: Int) -> Bool {
    guard case .string(let text) = nodes[index].kind else { return false }
    return text.withUnsafeBytes { NumberText.double($0) } == nil
  }

  private func described(_ index: Int) -> String { nodes[index].type.described }

  private mutating func fault(_ index: Int, _ message: String, hint: String? = nil) {
    faults.append(
      .init(
        code: "wrong-type", position: nodes[index].range.lowerBound, message: message, hint: hint))
  }
}
