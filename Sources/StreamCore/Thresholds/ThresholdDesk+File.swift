/// How one threshold stands for one scope: what the file says, what a person says, which one holds.
public struct ThresholdStanding: Sendable, Equatable {
  /// The alert or risk.
  public var rule: String
  /// The threshold, with its bounds.
  public var threshold: ThresholdPlan
  /// Canonical JSON of the dimensions that a series has to have; `{}`: every series.
  public var dimensions: String
  /// The value that the pipeline file gives for the scope.
  public var standard: Double
  /// The value that a person has set for the scope; nil: nobody, or it was reset.
  public var person: ThresholdRow?
  /// The value that holds.
  public var value: Double
  /// The row that says so, perhaps of a wider scope; nil: the pipeline file, not stored yet.
  public var holder: ThresholdRow?
  /// Rows of the scope that hold later, in their order.
  public var upcoming: [ThresholdRow]
}

extension ThresholdDesk {
  /// The rows that `thresholds` lacks to say what the pipeline file says now: of a threshold
  /// without rows all its values, from the first event on; of one that was changed in the file the
  /// new value, from `clock` on. A scope that the file gave up gets the value that the file now has
  /// for it.
  ///
  /// In order of rule, name, scope. O(rules · rows).
  public static func fileRows(
    rules: [RuleRow], rows: [ThresholdRow], clock: EventTime?, now: WallTime
  ) -> [ThresholdRow] {
    var missing: [ThresholdRow] = []
    for rule in rules.sorted(by: { $0.rule < $1.rule }) {
      for threshold in rule.thresholds.sorted(by: { $0.name < $1.name }) {
        let stored = rows.filter {
          $0.rule == rule.rule && $0.name == threshold.name && $0.origin == .file
        }
        for scope in scopes(threshold, stored) {
          let last = stored.last { DimensionSet($0.dimensions) == scope }
          let value = ThresholdSchedule.standard(threshold, scope.text)
          if last?.value == value { continue }
          let first = stored.isEmpty
          missing.append(
            ThresholdRow(
              rule: rule.rule, name: threshold.name, dimensions: scope.text, value: value,
              effective: max(
                first ? EventTime(ms: 0) : clock ?? EventTime(ms: 0), EventTime(ms: 0)),
              set: now, origin: .file, setBy: "file",
              reason: first ? "default of the pipeline file" : "changed in the pipeline file"))
        }
      }
    }
    return missing
  }

  /// How every threshold of `rules` stands for what ends right after `clock`: for every series,
  /// then for each scope that the file or a person has named. In order of rule, name, scope.
  /// O(rules · rows).
  public static func standings(
    rules: [RuleRow], rows: [ThresholdRow], clock: EventTime?
  ) -> [ThresholdStanding] {
    let schedule = ThresholdSchedule(rows)
    let end = EventTime(ms: max(clock?.ms ?? 0, 0) + 1)
    var found: [ThresholdStanding] = []
    for rule in rules.sorted(by: { $0.rule < $1.rule }) {
      for threshold in rule.thresholds.sorted(by: { $0.name < $1.name }) {
        let stored = rows.filter { $0.rule == rule.rule && $0.name == threshold.name }
        for scope in scopes(threshold, stored) {
          let own = stored.filter { DimensionSet($0.dimensions) == scope }
          let person = own.enumerated().filter {
            $0.element.effective < end && $0.element.origin != .file
          }.max { ($0.element.effective, $0.offset) < ($1.element.effective, $1.offset) }?.element
          let holder = schedule.row(
            threshold.name, rule: rule.rule, dimensions: scope.text, at: end)
          let standard = ThresholdSchedule.standard(threshold, scope.text)
          found.append(
            ThresholdStanding(
              rule: rule.rule, threshold: threshold, dimensions: scope.text, standard: standard,
              person: person?.origin == .person ? person : nil, value: holder?.value ?? standard,
              holder: holder, upcoming: own.filter { $0.effective >= end }))
        }
      }
    }
    return found
  }

  /// `{}`, then the scopes that the file and the rows name, by text.
  private static func scopes(
    _ threshold: ThresholdPlan, _ rows: [ThresholdRow]
  ) -> [DimensionSet] {
    let named = threshold.byDimensions.map(\.dimensions) + rows.map(\.dimensions)
    var seen: Set<DimensionSet> = [DimensionSet("{}")]
    return [DimensionSet("{}")]
      + named.sorted().map(DimensionSet.init).filter { seen.insert($0).inserted }
  }
}
