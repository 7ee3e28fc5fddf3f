/// What the merge knows of findings beyond the reports at hand: which are announced on arrival and
/// not yet settled, and which settled ones were announced under another id and are open.
///
/// Not part of the state: `Merge.adopt(_:)` puts it back from stored rows.
struct FindingBook {
  /// One entity of one rule.
  struct Key: Hashable {
    var rule: String
    var entity: SeriesName
  }

  /// What was announced on arrival, one of an entity and rule at most.
  var announced: [Key: FindingRow] = [:]
  /// What settled findings were announced as, by id: open ones that were announced under another
  /// id, and stored ones that may be found again.
  var settled: [String: String?] = [:]
  /// Announced ids that settled as another finding, which need not be announced again, and their
  /// openings.
  var retired: [String: EventTime] = [:]
  private var reports: [FindingReport] = []

  /// Takes what a task reports.
  mutating func absorb(_ found: [FindingReport]) { reports += found }

  /// What was absorbed since the last call, in order of (time, rule, entity).
  mutating func takeReports() -> [FindingReport] {
    defer { reports.removeAll() }
    return reports.sorted { a, b in
      if a.opened != b.opened { return a.opened < b.opened }
      if a.group != b.group { return a.group < b.group }
      if a.entity != b.entity { return a.entity.utf8.lexicographicallyPrecedes(b.entity.utf8) }
      return (a.closed?.ms ?? Int64.min) < (b.closed?.ms ?? Int64.min)
    }
  }
}
