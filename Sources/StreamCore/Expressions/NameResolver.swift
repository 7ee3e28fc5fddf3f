/// Finds the slots of an expression's paths.
struct NameResolver {
  /// Slots that are read.
  private(set) var slots: Set<Int> = []
  private(set) var faults: [ExpressionFaults.Fault] = []
  private var known: [String: NameResolution] = [:]

  /// `nodes` with a slot and a type at each path that has them. Asks once for each path.
  mutating func resolve(
    _ nodes: [Syntax], _ resolve: (String) -> NameResolution,
    _ resolveCall: (ExpressionCall) -> CallResolution
  ) -> [Syntax] {
    var nodes = nodes
    for index in nodes.indices {
      if case .open(let call) = nodes[index].kind {
        switch resolveCall(call) {
        case .slot(let slot, let type):
          nodes[index].kind = .path(call.name, slot: slot)
          nodes[index].type = type
          slots.insert(slot)
        case .faults(let found):
          nodes[index].kind = .fault
          faults += found
        }
        continue
      }
      guard case .path(let path, _) = nodes[index].kind else { continue }
      let resolution = known[path] ?? resolve(path)
      known[path] = resolution
      switch resolution {
      case .slot(let slot, let type):
        nodes[index].kind = .path(path, slot: slot)
        nodes[index].type = type
        slots.insert(slot)
      case .unknown(let names):
        let nearest = NearestName.of(path, in: names)
        faults.append(
          .init(
            code: "unknown-name", position: nodes[index].range.lowerBound,
            message: "unknown name `\(path)`", hint: nearest.map { "did you mean `\($0)`?" }))
      }
    }
    return nodes
  }
}
