import PipelineSpec
import SnapshotStore
import StreamCore

/// What is tried: values of some thresholds of a rule.
struct PreviewWish: Sendable {
  var rule: String
  /// By name; the other thresholds are as they stand.
  var values: [String: Double] = [:]
  /// Canonical JSON of the series that it is about; `{}`: all.
  var dimensions = "{}"
  var span: PreviewSpan?
}

/// What a rule would have told with other thresholds, on the stored series.
///
/// Approximate: rows that `keep` removed are not there, neither are those of windows without
/// events, which count as zero where zero is a value and as no data elsewhere.
struct ThresholdPreview: Sendable {
  /// A time in which an alert fired.
  struct Firing: Sendable, Equatable {
    /// Canonical JSON of its series.
    var dimensions: String
    /// End of the window in which it fired.
    var opened: EventTime
    /// End of the window in which it ended; nil: it goes on.
    var resolved: EventTime?
  }

  /// What happened in the range.
  struct Outcome: Sendable {
    /// By opening. Those that had opened before the range count if they were not over.
    var firings: [Firing]
    /// How long they fired within the range, added up, in milliseconds.
    var totalMs: Int64

    init(_ rows: [AlertRow], in range: Range<EventTime>) {
      firings = rows.compactMap { row in
        guard let opened = row.opened, opened <= range.upperBound,
          row.resolved.map({ $0 > range.lowerBound }) ?? true
        else { return nil }
        return Firing(dimensions: row.dimensions, opened: opened, resolved: row.resolved)
      }.sorted { ($0.opened, $0.dimensions) < ($1.opened, $1.dimensions) }
      totalMs = firings.reduce(0) { total, firing in
        let from = max(firing.opened, range.lowerBound)
        let to = min(firing.resolved ?? range.upperBound, range.upperBound)
        return total + max(0, to.ms - from.ms)
      }
    }
  }

  /// Why there is nothing to show.
  enum Missing: String, Error, CaseIterable {
    /// Risks are judged on events, which are not stored.
    case risk = "needs_events"
    /// The rule has no thresholds, or is none of the pipeline's own.
    case noThresholds = "no_thresholds"
    /// The console does not know the pipeline file.
    case noPipeline = "no_pipeline"
    /// Nothing that it watches is stored and closed.
    case noRows = "no_rows"
  }

  var wish: PreviewWish
  var source: PreviewSource
  /// The rule's thresholds with the values that were tried, and those that hold now.
  var values: [(threshold: ThresholdPlan, tried: Double, now: Double)]
  /// What is stored.
  var stored: Outcome
  /// What the same rows come to with the values that held: how near the approximation is.
  var again: Outcome
  /// With the values that are tried, at all times.
  var tried: Outcome

  /// Stored alerts that are looked at, the newest.
  private static let alertsMax = 5_000

  /// Judges. O(rows of the source); the rows are kept for the next call.
  init(_ wish: PreviewWish, _ rule: RuleRow, _ asked: Asked) throws {
    guard rule.kind != .risk else { throw Missing.risk }
    guard rule.kind == .alert, !rule.thresholds.isEmpty else { throw Missing.noThresholds }
    guard let pipeline = asked.file.pipeline?.plan else { throw Missing.noPipeline }
    let key = PreviewCache.Key(
      path: asked.reader.path, rule: rule.rule, span: wish.span,
      version: try asked.console.version())
    let found = try PreviewCache.shared.source(key) {
      let isKeyed = pipeline.sources.count == 1 && pipeline.sources.allSatisfy(\.keyed)
      guard let trial = AlertTrial(pipeline, rule: rule.rule, keyed: isKeyed) else {
        throw Missing.noPipeline
      }
      var source = try PreviewSource(
        trial, asked.reader, span: wish.span, zone: asked.file.zone)
      source?.judgeAgain(try asked.reader.thresholdHistory(rule: rule.rule))
      return source
    }
    guard let source = found else { throw Missing.noRows }
    let standings = try asked.reader.thresholds().filter { $0.rule == rule.rule }
    let (trial, range) = (source.trial, source.range)
    self.wish = wish
    self.source = source
    values = source.trial.alert.thresholds.map { threshold in
      let now = Self.now(threshold, wish.dimensions, standings)
      return (threshold, wish.values[threshold.name] ?? now, now)
    }
    tried = Outcome(
      trial.alerts(
        of: source.rows, through: range.upperBound,
        thresholds: Self.schedule(wish, standings, trial.alert)),
      in: range)
    again = Outcome(source.again, in: range)
    var query = AlertQuery()
    query.rule = rule.rule
    query.kind = .alert
    query.to = range.upperBound
    query.limit = Self.alertsMax
    let rows = try asked.reader.alertPage(query).rows.map(\.alert).filter { $0.status == .final }
    stored = Outcome(rows, in: range)
  }

  /// The value that holds now for series of that scope.
  private static func now(
    _ threshold: ThresholdPlan, _ dimensions: String, _ standings: [ThresholdStanding]
  ) -> Double {
    let scope = DimensionSet(dimensions)
    let own = standings.filter { $0.threshold.name == threshold.name }
    return own.filter { scope.contains(DimensionSet($0.dimensions)) }
      .max { DimensionSet($0.dimensions).count < DimensionSet($1.dimensions).count }?.value
      ?? threshold.standard
  }

  /// The values that are tried, and of other scopes those that hold now, as if they always had.
  static func schedule(
    _ wish: PreviewWish, _ standings: [ThresholdStanding], _ alert: AlertPlan
  ) -> ThresholdSchedule {
    var rows: [ThresholdRow] = []
    func add(_ name: String, _ dimensions: String, _ value: Double) {
      rows.append(
        ThresholdRow(
          rule: alert.name, name: name, dimensions: dimensions, value: value,
          effective: .distantPast, set: WallTime(ms: 0), origin: .person, setBy: "", reason: ""))
    }
    let wished = DimensionSet(wish.dimensions)
    for standing in standings {
      let scope = DimensionSet(standing.dimensions)
      let isOwn =
        standing.holder.map { DimensionSet($0.dimensions) == scope }
        ?? (scope.count == 0
          || standing.threshold.byDimensions.contains { DimensionSet($0.dimensions) == scope })
      let isWished = scope == wished && wish.values[standing.threshold.name] != nil
      if isOwn, !isWished { add(standing.threshold.name, standing.dimensions, standing.value) }
    }
    for threshold in alert.thresholds {
      if let value = wish.values[threshold.name] { add(threshold.name, wish.dimensions, value) }
    }
    return ThresholdSchedule(rows)
  }

  /// Alerts of one outcome that no alert of the other overlaps in the same series.
  static func only(_ a: Outcome, not b: Outcome) -> [Firing] {
    a.firings.filter { firing in
      !b.firings.contains {
        $0.dimensions == firing.dimensions
          && $0.opened < (firing.resolved ?? .distantFuture)
          && firing.opened < ($0.resolved ?? .distantFuture)
      }
    }
  }
}

/// The command that tries values on the events themselves.
enum BacktestCommandText {
  /// `weir backtest PIPELINE.yaml --set rule.name=value …`: of those values that are not the
  /// file's.
  static func of(
    _ rule: String, _ values: [(threshold: ThresholdPlan, tried: Double)],
    range: Range<EventTime>?, zone: Zone
  ) -> String {
    var parts = ["weir backtest PIPELINE.yaml"]
    let changed = values.filter { $0.tried != $0.threshold.standard }
    for (threshold, tried) in changed.isEmpty ? values : changed {
      parts.append("--set \(rule).\(threshold.name)=\(JSON.text(tried))")
    }
    if let range {
      parts.append("--from \(Instants.text(range.lowerBound, zone: zone))")
      parts.append("--to \(Instants.text(range.upperBound, zone: zone))")
    }
    return parts.joined(separator: " ")
  }
}
