import StreamCore

/// Reads traits of users.
struct TraitBuilder {
  let reader: StageReader

  /// Names and types of the traits that the file declares; nil when it has no `users`.
  static func types(_ settings: Settings) -> [String: ExpressionType]? {
    guard settings.gives(PipelineOptions.users) else { return nil }
    let traits = (settings[PipelineOptions.users] ?? []).map { entry in
      (entry.name, entry.settings.gives(TraitOptions.count) ? ExpressionType.number : .unknown)
    }
    return Dictionary(traits, uniquingKeysWith: { first, _ in first })
  }

  /// The trait of one entry of `users`; nil when it is faulty.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> TraitPlan? {
    reader.checkUser(entry, "the trait", scope)
    guard let (kind, node) = kind(entry) else { return nil }
    scope.traitRefusal = "a trait is computed from events, not from traits"
    defer { scope.traitRefusal = nil }
    let expression = reader.compiler.compile(
      node, owner: kind.rawValue, wanted: kind == .count ? .bool : .unknown, in: &scope)
    guard let expression else { return nil }
    if expression.type == .list {
      reader.faults.add(
        node.position, "wrong-type",
        "the expression gives a list, and a trait is a text, a number, true or false",
        hint: "take one thing of it, as its size")
      return nil
    }
    return TraitPlan(name: entry.name, kind: kind, expression: expression)
  }

  /// The one thing that the entry keeps, and what it is of.
  private func kind(_ entry: NamedSettings) -> (TraitPlan.Kind, ConfigNode)? {
    let options: [(Option<ConfigNode>, TraitPlan.Kind)] = [
      (TraitOptions.first, .first), (TraitOptions.last, .last), (TraitOptions.count, .count),
    ]
    let given = options.filter { entry.settings.gives($0.0) }
    if given.count == 1, let (option, kind) = given.first {
      return entry.settings[option].map { (kind, $0) }
    }
    let names = given.map(\.1.rawValue).joined(separator: ", ")
    reader.faults.add(
      entry.position, given.isEmpty ? "no-trait" : "two-traits",
      given.isEmpty
        ? "the trait \(entry.name) keeps nothing" : "the trait \(entry.name) has \(names)",
      hint: given.isEmpty
        ? "give it one of first, last or count" : "make each a trait of its own")
    return nil
  }
}
