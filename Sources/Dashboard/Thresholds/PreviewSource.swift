import SnapshotStore
import StreamCore
import Synchronization

/// How far back a preview looks.
enum PreviewSpan: String, Sendable, CaseIterable {
  case day = "1d"
  case week = "7d"
  case month = "30d"
  case quarter = "90d"
  case all = "all"

  /// Its length in milliseconds; nil: everything.
  var ms: Int64? {
    let dayMs: Int64 = 86_400_000
    return switch self {
    case .day: dayMs
    case .week: 7 * dayMs
    case .month: 30 * dayMs
    case .quarter: 90 * dayMs
    case .all: nil
    }
  }
}

/// The stored rows that a preview of one alert rule judges.
///
/// Limits: `windowsMax` windows and `rowsMax` rows, the newest ones.
struct PreviewSource: Sendable {
  static let windowsMax: Int64 = 20_000
  static let rowsMax = 60_000
  /// Windows of all series together that are judged.
  static let pointsMax: Int64 = 1_000_000
  /// Windows that are looked at where nobody says how far: a month of them, but at least this many
  /// (more than a month of days)
  static let windowsUsual: Int64 = 120
  /// and at most this many (a day of minutes): the page is there at once.
  static let windowsUsualMax: Int64 = 1_440

  /// Why it reaches less far than was asked for.
  enum Cut: Sendable {
    case windows
    case rows
  }

  var trial: AlertTrial
  /// Also those that only what comes later looks back at.
  var rows = ResultRows()
  /// What is judged, and by when everything is closed.
  var range: Range<EventTime>
  /// The watched series within the range.
  var series: [AlertTrial.Series] = []
  /// Windows in the range.
  var windows: Int64
  /// The alerts of these rows with the values that held then.
  private(set) var again: [AlertRow] = []
  var cut: Cut?

  /// Reads it; nil when nothing that the rule watches is closed.
  /// Throws `Missing.tooMuch` beyond the limits.
  init?(
    _ trial: AlertTrial, _ reader: ResultsReader, span: PreviewSpan?, zone: Zone,
    _ limit: WorkLimit
  ) throws {
    self.trial = trial
    guard let through = try Self.closed(trial, reader) else { return nil }
    var calendar = WindowCalendar(window: trial.alert.window, zone: zone)
    let last = calendar.ordinal(of: through) - trial.alert.window.overlap
    var first = last - Self.windowsMax + 1
    let wishedMs: Int64?
    if let span {
      wishedMs = span.ms
    } else {
      let least = through.ms - calendar.start(last - Self.windowsUsual + 1).ms
      let most = through.ms - calendar.start(last - Self.windowsUsualMax + 1).ms
      wishedMs = max(least, min(most, PreviewSpan.month.ms ?? 0))
    }
    if let wishedMs {
      first = max(first, calendar.ordinal(of: EventTime(ms: through.ms - wishedMs)))
    }
    let isAsked = wishedMs.map { calendar.start(first).ms <= through.ms - $0 } ?? false
    range = calendar.start(first)..<max(through, calendar.start(first))
    windows = 0
    let begin = try read(reader)
    try limit.check()
    let shownFrom = max(range.lowerBound, begin ?? range.lowerBound)
    guard seriesCount * max(1, last - calendar.ordinal(of: shownFrom)) <= Self.pointsMax else {
      throw ThresholdPreview.Missing.tooMuch
    }
    series = trial.series(of: rows, through: through)
    // What nothing was stored of is not looked at.
    if let begin, begin > range.lowerBound {
      range = min(begin, through)..<through
    } else if !isAsked {
      cut = .windows
    }
    if rowsAreCut { cut = .rows }
    windows = max(0, last - calendar.ordinal(of: range.lowerBound) + 1)
    let shown = range
    for index in series.indices {
      series[index].points.removeAll { !shown.contains($0.window.lowerBound) }
    }
    series.removeAll { $0.points.isEmpty }
    guard !series.isEmpty else { return nil }
  }

  private var rowsAreCut = false

  /// Series that rows are of.
  private var seriesCount: Int64 {
    var names = Set(rows.metrics.map(\.dimensions))
    names.formUnion(rows.funnels.map(\.dimensions))
    names.formUnion(rows.retention.map(\.dimensions))
    names.formUnion(rows.sessions.map(\.dimensions))
    if !rows.kpis.isEmpty { names.insert("{}") }
    return Int64(names.count)
  }

  /// Judges the rows with the values that were set.
  mutating func judgeAgain(_ history: [ThresholdRow]) {
    again = trial.alerts(
      of: rows, through: range.upperBound, thresholds: ThresholdSchedule(history))
  }

  /// By when all that the rule reads is closed: by the clocks, or, where the input has ended, by
  /// what is settled.
  private static func closed(
    _ trial: AlertTrial, _ reader: ResultsReader
  ) throws -> EventTime? {
    let clock = try reader.partitions().compactMap(\.clock).min()
    var settled: EventTime?
    for reference in trial.references {
      let reach = try reader.reach(of: reference.kind, name: reference.stage)
      guard let own = reach?.settledTo else { continue }
      settled = min(settled ?? own, own)
    }
    guard let settled else { return nil }
    let known = clock.map { EventTime(ms: $0.ms - trial.judgingDelayMs) }
    return max(known ?? settled, settled)
  }

  /// Reads the rows of the range and before it; where the first of them begins that counts.
  private mutating func read(_ reader: ResultsReader) throws -> EventTime? {
    var stages: [(ResultKind, String)] = []
    var periods: Int64 = 0
    for reference in trial.references {
      if case .retention(let period, _) = reference.figure {
        periods = max(periods, Int64(period) + 1)
      }
      if !stages.contains(where: { $0 == (reference.kind, reference.stage) }) {
        stages.append((reference.kind, reference.stage))
      }
    }
    let from = EventTime(
      ms: range.lowerBound.ms - trial.lookBackMs - periods * trial.alert.window.longestMs)
    let limit = Self.rowsMax / max(1, stages.count)
    var begin: EventTime?
    for (index, (kind, name)) in stages.enumerated() {
      let query = StageQuery(
        name: name, from: from, to: range.upperBound, limit: limit, newestFirst: true)
      let (count, oldest, newestEnd) = try read(kind, query, reader)
      if index == 0 { begin = oldest }
      if count == limit, let oldest, let newestEnd {
        // The oldest window may lack rows; what looks back at it does too.
        rowsAreCut = true
        let complete = oldest.ms + trial.alert.window.longestMs + trial.lookBackMs
        begin = max(begin ?? oldest, min(EventTime(ms: complete), newestEnd))
      }
    }
    return begin
  }

  private mutating func read(
    _ kind: ResultKind, _ query: StageQuery, _ reader: ResultsReader
  ) throws -> (count: Int, oldest: EventTime?, newestEnd: EventTime?) {
    switch kind {
    case .metrics:
      let found = try reader.metrics(
        MetricQuery(
          metric: query.name, from: query.from, to: query.to, limit: query.limit,
          newestFirst: true))
      rows.metrics += found
      return (found.count, found.last?.windowStart, found.first?.windowEnd)
    case .funnels:
      let found = try reader.funnels(query)
      rows.funnels += found
      return (found.count, found.last?.entryStart, found.first?.entryEnd)
    case .retention:
      // Cohorts before what is measured by them.
      let found = try reader.retention(query)
      rows.retention += found.reversed()
      return (found.count, found.last?.unitStart, found.first?.unitEnd)
    case .sessions:
      let found = try reader.sessions(query)
      rows.sessions += found
      return (found.count, found.last?.dayStart, found.first?.dayEnd)
    case .kpis:
      let found = try reader.wholePeriods(
        KPIQuery(
          kpi: query.name, from: query.from, to: query.to, limit: query.limit, newestFirst: true))
      rows.kpis += found
      return (found.count, found.last?.periodStart, found.first?.periodEnd)
    }
  }
}

extension ResultReference {
  /// The table that its rows are in.
  var kind: ResultKind {
    switch figure {
    case .value: .metrics
    case .funnel: .funnels
    case .retention: .retention
    case .session: .sessions
    case .kpi: .kpis
    }
  }
}

/// The rows of the previews of late: while a slider moves, they are the same.
///
/// Limit: `countMax` rules, the one that was asked for longest ago goes first.
final class PreviewCache: Sendable {
  static let countMax = 4
  static let shared = PreviewCache()

  /// What rows are of.
  struct Key: Hashable {
    var path: String
    var rule: String
    var span: PreviewSpan?
    var version: Int64
  }

  private let known = Mutex<[(key: Key, source: PreviewSource?)]>([])

  /// The rows of `key`, read by `make` unless they are there.
  func source(_ key: Key, _ make: () throws -> PreviewSource?) rethrows -> PreviewSource? {
    let found: (key: Key, source: PreviewSource?)? = known.withLock { known in
      guard let at = known.firstIndex(where: { $0.key == key }) else { return nil }
      known.append(known.remove(at: at))
      return known.last
    }
    if let found { return found.source }
    let source = try make()
    known.withLock { known in
      known.removeAll { $0.key.path == key.path && $0.key.version < key.version }
      if known.count >= Self.countMax { known.removeFirst() }
      known.append((key, source))
    }
    return source
  }
}
