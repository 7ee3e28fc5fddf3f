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
    /// By opening: those whose condition began to hold within the range.
    var firings: [Firing] = []
    /// Those that went on when the range began, which are counted apart.
    var before: [Firing] = []
    /// How long at least one fired within the range, in milliseconds.
    var totalMs: Int64 = 0

    init(_ rows: [AlertRow], in range: Range<EventTime>) {
      for row in rows {
        guard let opened = row.opened, opened <= range.upperBound,
          row.resolved.map({ $0 > range.lowerBound }) ?? true
        else { continue }
        let firing = Firing(dimensions: row.dimensions, opened: opened, resolved: row.resolved)
        if row.windowStart >= range.lowerBound {
          firings.append(firing)
        } else {
          before.append(firing)
        }
      }
      firings.sort { ($0.opened, $0.dimensions) < ($1.opened, $1.dimensions) }
      before.sort { ($0.opened, $0.dimensions) < ($1.opened, $1.dimensions) }
      var reached = range.lowerBound
      for firing in all {
        let to = min(firing.resolved ?? range.upperBound, range.upperBound)
        if to > reached {
          totalMs += to.ms - max(firing.opened, reached).ms
          reached = to
        }
      }
    }

    /// Both, by opening.
    var all: [Firing] {
      (before + firings).sorted { ($0.opened, $0.dimensions) < ($1.opened, $1.dimensions) }
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
    /// Judging what was asked for takes longer than anybody would wait.
    case tooMuch = "too_much"
  }

  /// How long the work of one preview may take, in milliseconds: with a part of it beyond that, the
  /// next one is not begun.
  static let workMs: Int64 = 1_500

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
    let limit = WorkLimit(asked, ms: Self.workMs)
    let found = try PreviewCache.shared.source(key) {
      let isKeyed = pipeline.sources.count == 1 && pipeline.sources.allSatisfy(\.keyed)
      guard let trial = AlertTrial(pipeline, rule: rule.rule, keyed: isKeyed) else {
        throw Missing.noPipeline
      }
      var source = try PreviewSource(
        trial, asked.reader, span: wish.span, zone: asked.file.zone, limit)
      try limit.check()
      source?.judgeAgain(try asked.reader.thresholdHistory(rule: rule.rule))
      return source
    }
    guard let source = found else { throw Missing.noRows }
    try limit.check()
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
  /// O(alerts · log alerts).
  static func only(_ a: Outcome, not b: Outcome) -> [Firing] {
    var others: [String: Overlaps] = [:]
    for firing in b.all { others[firing.dimensions, default: Overlaps()].add(firing) }
    return a.firings.filter { others[$0.dimensions]?.contains($0) != true }
  }

  /// Alerts of one series by opening, with the latest end of each and those before it.
  private struct Overlaps {
    private var openings: [EventTime] = []
    private var latestEnds: [EventTime] = []

    /// Adds one that opened no earlier than the last.
    mutating func add(_ firing: Firing) {
      let end = firing.resolved ?? .distantFuture
      latestEnds.append(max(latestEnds.last ?? end, end))
      openings.append(firing.opened)
    }

    /// Whether one of them overlaps.
    func contains(_ firing: Firing) -> Bool {
      let end = firing.resolved ?? .distantFuture
      var (low, high) = (0, openings.count)
      while low < high {
        let middle = (low + high) / 2
        if openings[middle] < end { low = middle + 1 } else { high = middle }
      }
      return low > 0 && latestEnds[low - 1] > firing.opened
    }
  }
}

/// How long a piece of work may take, by the machine's clock.
struct WorkLimit: Sendable {
  private let end: Int64
  private let now: @Sendable () -> WallTime

  /// Begins now.
  init(_ asked: Asked, ms: Int64) {
    now = asked.console.setup.now
    end = now().ms + ms
  }

  /// Throws `Missing.tooMuch` when it has passed.
  func check() throws {
    if now().ms > end { throw ThresholdPreview.Missing.tooMuch }
  }
}

/// The command that tries values on the events themselves.
enum BacktestCommandText {
  /// `weir backtest shop.yaml --set rule.name=value …`: of those values that are not the file's.
  static func of(
    _ rule: String, _ values: [(threshold: ThresholdPlan, tried: Double)],
    range: Range<EventTime>?, _ asked: Asked
  ) -> String {
    let zone = asked.file.zone
    var parts = ["weir backtest \(asked.commandNames.pipeline)"]
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
