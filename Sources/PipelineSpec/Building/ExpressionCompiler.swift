import StreamCore

/// Compiles the expressions of one file; their faults become faults of the file.
struct ExpressionCompiler {
  let locator: ScalarLocator
  let faults: FaultCollector

  /// The expression at `node`, which has to give a value of type `wanted`; nil when a fault says
  /// why not, or a variable in it has no value.
  func compile(
    _ node: ConfigNode, owner: String, wanted: ExpressionType = .unknown,
    calls: Set<String> = [],
    resolveCall: (ExpressionCall) -> CallResolution = { _ in .faults([]) },
    resolve: (String) -> NameResolution
  ) -> Expression? {
    if node.scalar?.isUnresolved ?? false { return nil }
    guard let scalar = node.scalar, !scalar.isNull, !scalar.text.isEmpty else {
      faults.add(
        node.position, "bad-value", "\(owner) is \(node.found); it has to be an expression")
      return nil
    }
    do {
      return try Expression.compile(
        scalar.text, wanted: wanted, calls: calls, resolveCall: resolveCall, resolve: resolve)
    } catch {
      guard scalar.text == scalar.written else {
        // The compiler quotes the text, and a variable's value must not show.
        faults.add(
          node.position, error.faults.first?.code ?? "syntax",
          "\(owner) is no expression once its variables have their values",
          hint: "write it out to see what is wrong")
        return nil
      }
      for fault in error.faults {
        faults.add(
          locator.position(ofByte: fault.position, in: node), fault.code, fault.message,
          hint: fault.hint)
      }
      return nil
    }
  }

  /// The expression at `node` over the fields and traits of `scope`; nil when a fault says why not.
  /// Where `scope` has no traits, each one read is a fault.
  func compile(
    _ node: ConfigNode, owner: String, wanted: ExpressionType = .unknown,
    in scope: inout NameScope
  ) -> Expression? {
    scope.refusedTraits = []
    let expression = compile(node, owner: owner, wanted: wanted) { scope.resolve($0) }
    return refuseTraits(node, scope) ? nil : expression
  }

  /// Notes a fault at each trait that was read at `node` and has no value there; whether there were
  /// any.
  func refuseTraits(_ node: ConfigNode, _ scope: NameScope) -> Bool {
    guard let refusal = scope.traitRefusal else { return false }
    for path in scope.refusedTraits {
      faults.add(
        position(of: path, in: node), "trait-out-of-place",
        "`\(path)` has no value here: \(refusal)",
        hint: "use it in a stage: where, by, value, steps")
    }
    return !scope.refusedTraits.isEmpty
  }

  /// Where `path` is first written in the expression at `node`.
  func position(of path: String, in node: ConfigNode) -> Position {
    guard let text = node.scalar?.text, let range = text.firstRange(of: path) else {
      return node.position
    }
    return locator.position(ofByte: text[..<range.lowerBound].utf8.count, in: node)
  }

  /// Whether `text` is a path: names, perhaps in backquotes, with dots between them.
  static func isPath(_ text: String) -> Bool {
    var isQuoted = false
    for scalar in text.unicodeScalars {
      if scalar == "`" { isQuoted.toggle() }
      let isLetter =
        !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      if !isQuoted && !isLetter && !["_", "$", ".", "`"].contains(scalar) { return false }
    }
    let steps = PathText.steps(of: text)
    let begins = steps.allSatisfy {
      $0.unicodeScalars.first.map { !("0"..."9").contains($0) } ?? false
    }
    return !isQuoted && begins
  }
}

/// Orders names so that each comes after those that it needs.
enum Dependencies {
  /// Names in order, ties by name; and those left because they need each other in a circle.
  static func order(_ needs: [String: Set<String>]) -> (order: [String], circle: [String]) {
    var order: [String] = []
    var done: Set<String> = []
    var left = needs.keys.sorted()
    while !left.isEmpty {
      let ready = left.filter { (needs[$0] ?? []).isSubset(of: done) }
      if ready.isEmpty { return (order, circle(left, needs)) }
      order += ready
      done.formUnion(ready)
      left.removeAll { done.contains($0) }
    }
    return (order, [])
  }

  /// One circle among `left`, from its least name on.
  private static func circle(_ left: [String], _ needs: [String: Set<String>]) -> [String] {
    let members = Set(left)
    var path: [String] = []
    var name = left[0]
    while !path.contains(name) {
      path.append(name)
      guard let next = (needs[name] ?? []).intersection(members).min() else { return path }
      name = next
    }
    return Array(path.drop { $0 != name })
  }
}
