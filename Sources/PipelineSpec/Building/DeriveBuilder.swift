import StreamCore

/// Reads `derive`.
struct DeriveBuilder {
  let compiler: ExpressionCompiler
  private var nodes: [String: (node: ConfigNode, position: Position)] = [:]

  init(compiler: ExpressionCompiler, node: ConfigNode?) {
    self.compiler = compiler
    guard let node, !node.isNull else { return }
    guard let entries = node.entries else {
      compiler.faults.add(
        node.position, "not-a-mapping", "derive is \(node.found), not a mapping of names",
        hint: "write derive: {NAME: 'expression'}")
      return
    }
    let whole = ConfigNode.Entry(key: "derive", keyPosition: node.position, value: node)
    guard OptionReader(faults: compiler.faults).fits(entries.count, whole) else { return }
    for entry in entries {
      if ["event", "user", "time", "id"].contains(entry.key) {
        compiler.faults.add(
          entry.keyPosition, "reserved-name", "\(entry.key) is the event's own",
          hint: "choose another name")
        continue
      }
      OptionReader(faults: compiler.faults).checkName(entry.key, .name, at: entry.keyPosition)
      nodes[entry.key] = (entry.value, entry.keyPosition)
    }
  }

  /// Names, each after those it needs. Paths that expressions read get slots in `scope`.
  func order(_ scope: inout NameScope) -> [String] {
    scope.declare(derived: nodes.keys.sorted())
    let quiet = ExpressionCompiler(
      locator: compiler.locator, faults: FaultCollector(file: compiler.faults.file))
    var needs: [String: Set<String>] = [:]
    for (name, entry) in nodes.sorted(by: { $0.key < $1.key }) {
      var needed: Set<String> = []
      _ = quiet.compile(entry.node, owner: name) { path in
        if nodes[path] != nil { needed.insert(path) }
        return scope.resolve(path)
      }
      needs[name] = needed
    }
    let (order, circle) = Dependencies.order(needs)
    if let first = circle.first, let entry = nodes[first] {
      compiler.faults.add(
        entry.position, "derive-cycle",
        "derived fields need each other in a circle: "
          + (circle + [first]).joined(separator: " → "),
        hint: "compute one of them from the event alone")
    }
    return order
  }

  /// The derived fields in the order of `names`.
  func build(
    _ names: [String], _ compiler: ExpressionCompiler, _ scope: inout NameScope
  ) -> [DerivedField] {
    scope.traitRefusal = "fields are derived before anything is known of the user"
    defer { scope.traitRefusal = nil }
    var fields: [DerivedField] = []
    for name in names {
      guard let entry = nodes[name],
        let expression = compiler.compile(
          entry.node, owner: name, in: &scope)
      else { continue }
      fields.append(DerivedField(name: name, expression: expression))
    }
    return fields
  }
}
