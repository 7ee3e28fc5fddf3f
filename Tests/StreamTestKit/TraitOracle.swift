/// Traits by brute force: for every event, all earlier events of its user are gone through again.
public struct TraitOracle: Sendable {
  /// One trait.
  public struct Trait: Sendable {
    /// What is kept.
    public enum Kind: Sendable {
      /// The first value that is not null.
      case first(@Sendable (OracleEvent) -> OracleValue)
      /// The latest value that is not null.
      case last(@Sendable (OracleEvent) -> OracleValue)
      /// How many events met the condition.
      case count(@Sendable (OracleEvent) -> Bool)
    }

    /// Its name.
    public var name: String
    /// What is kept.
    public var kind: Kind

    /// Names what is kept.
    public init(_ name: String, _ kind: Kind) {
      self.name = name
      self.kind = kind
    }

    /// Whether an event changes it, after those that changed something before.
    func takes(_ event: OracleEvent, after earlier: [OracleEvent]) -> Bool {
      switch kind {
      case .first(let read): read(event) != .null && value(after: earlier) == .null
      case .last(let read): read(event) != .null
      case .count(let condition): condition(event)
      }
    }

    /// Its value after these events.
    func value(after events: [OracleEvent]) -> OracleValue {
      switch kind {
      case .first(let value): events.map(value).first { $0 != .null } ?? .null
      case .last(let value): events.map(value).last { $0 != .null } ?? .null
      case .count(let condition): .whole(events.count(where: condition))
      }
    }
  }

  /// The traits.
  public var traits: [Trait]
  /// A user without an event that one of them takes for longer than this has none of them.
  public var forgetAfterMs: Int64

  /// Makes an oracle of these traits.
  public init(_ traits: [Trait], forgetAfterMs: Int64 = 400 * 86_400_000) {
    self.traits = traits
    self.forgetAfterMs = forgetAfterMs
  }

  /// The same events in order, each with what was known of its user before it. Of nobody nothing is
  /// ever known, as of a user at the first event.
  public func annotate(_ events: [OracleEvent]) -> [OracleEvent] {
    if traits.isEmpty { return events }
    var result = events.filter { $0.user == nil }
    for index in result.indices {
      for trait in traits { result[index].traits[trait.name] = trait.value(after: []) }
    }
    for (_, list) in OracleEvent.lists(events) {
      for index in list.indices {
        var event = list[index]
        let earlier = known(list[..<index], at: event)
        for trait in traits { event.traits[trait.name] = trait.value(after: earlier) }
        result.append(event)
      }
    }
    return result.sorted(by: OracleEvent.precedes)
  }

  /// Of the events before `event`, those that changed a trait and are remembered then.
  private func known(_ before: ArraySlice<OracleEvent>, at event: OracleEvent) -> [OracleEvent] {
    var known: [OracleEvent] = []
    let forget = { (next: OracleEvent) in
      if let last = known.last, lives([last, next], forgetAfterMs: forgetAfterMs).count == 2 {
        known = []
      }
    }
    for next in before {
      forget(next)
      if traits.contains(where: { $0.takes(next, after: known) }) { known.append(next) }
    }
    forget(event)
    return known
  }
}
