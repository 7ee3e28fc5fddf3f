import StreamCore

/// What a suggestion has to meet.
public struct SuggestionBudget: Sendable, Equatable {
  /// Most alerts in seven days; nil: any number.
  public var alertsPerWeek: Double?
  /// Whether as many incidents as possible are found with as few false alerts as possible.
  public var byIncidents: Bool

  /// Makes a budget of its parts.
  public init(alertsPerWeek: Double? = nil, byIncidents: Bool = false) {
    self.alertsPerWeek = alertsPerWeek
    self.byIncidents = byIncidents
  }
}

/// The value of a threshold that meets a budget, of those that were tried. Pure.
///
/// Neighbouring values that do exactly the same are one choice, of which the one in the middle is
/// suggested: the furthest from doing something else. A choice under which the rule is open for
/// more than half of the time meets no budget: that is no alert any more.
public struct ThresholdSuggestion: Sendable, Equatable {
  /// Neighbouring values that do the same.
  public struct Choice: Sendable, Equatable {
    /// The threshold.
    public var name: String
    /// Ascending, at least one.
    public var values: [Double]
    /// What each of them would have done.
    public var figures: BacktestFigures
    /// The value that holds now, where it is among them.
    public var now: Double?

    /// The value to set: that of now, or the one in the middle.
    public var value: Double { now ?? values[values.count / 2] }
  }

  /// All choices, by name of the threshold and value.
  public var choices: [Choice]
  /// Index of the choice that meets the budget best; where none does, of the nearest.
  public var chosen: Int
  /// Whether it meets the budget.
  public var isMet: Bool

  /// Chooses; nil where nothing was tried.
  ///
  /// Of those that meet the budget: with incidents the greatest F1, then the fewest false alerts,
  /// then the soonest; else the most alerts. Then the one nearest to the value of now.
  ///
  /// - Parameters:
  ///   - tried: What was tried: the threshold, its value, what it would have done.
  ///   - now: The value that holds now, by threshold.
  ///   - spanMs: Length of what was looked at.
  public init?(
    tried: [(name: String, value: Double, figures: BacktestFigures)], now: [String: Double],
    spanMs: Int64, budget: SuggestionBudget
  ) {
    var choices: [Choice] = []
    for (name, value, figures) in tried.sorted(by: { ($0.name, $0.value) < ($1.name, $1.value) }) {
      if let last = choices.last, last.name == name, last.figures == figures {
        choices[choices.count - 1].values.append(value)
      } else {
        choices.append(Choice(name: name, values: [value], figures: figures))
      }
      if now[name] == value { choices[choices.count - 1].now = value }
    }
    guard !choices.isEmpty else { return nil }
    self.choices = choices
    let meets = choices.indices.filter { Self.meets(choices[$0].figures, budget, spanMs) }
    isMet = !meets.isEmpty
    let order = { (a: Int, b: Int) -> Bool in
      let (x, y) = (choices[a], choices[b])
      if !meets.isEmpty, budget.byIncidents {
        if x.figures.isBetter(than: y.figures) { return true }
        if y.figures.isBetter(than: x.figures) { return false }
      } else if x.figures.alerts != y.figures.alerts {
        return meets.isEmpty != (x.figures.alerts > y.figures.alerts)
      }
      let (near, far) = (Self.distance(x, now), Self.distance(y, now))
      return near != far ? near < far : a < b
    }
    chosen = (meets.isEmpty ? Array(choices.indices) : meets).min(by: order) ?? 0
  }

  private static func meets(
    _ figures: BacktestFigures, _ budget: SuggestionBudget, _ spanMs: Int64
  ) -> Bool {
    if figures.openMs > spanMs / 2 { return false }
    if budget.byIncidents, figures.f1 ?? 0 <= 0 { return false }
    guard let most = budget.alertsPerWeek else { return true }
    return figures.alertsPerWeek ?? 0 <= most
  }

  /// How far a choice is from the value of now; 0 where that is among its values.
  private static func distance(_ choice: Choice, _ now: [String: Double]) -> Double {
    guard choice.now == nil, let now = now[choice.name] else { return 0 }
    return choice.values.map { ($0 - now).magnitude }.min() ?? 0
  }
}
