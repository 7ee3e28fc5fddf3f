import StreamCore

/// One test of a pipeline file: events to read, and what holds once the input has ended.
public struct PipelineTest: Sendable, Equatable {
  /// What it shows.
  public var name: String
  /// Payloads in the order of the partition's log: JSON text of inline events, others as given. Of
  /// CSV without a header in the plan, the first one names the columns and is no event.
  public var events: [String]
  /// Payloads of further sources, in the order of their names.
  public var others: [(source: String, events: [String])] {
    otherEvents.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
  var otherEvents: [String: [String]] = [:]
  /// Values of thresholds in place of those of the plan, in order of rule and name.
  public var thresholds: [ThresholdValue] = []
  /// Name of the source that they come from.
  public var source: String
  /// What holds in the end.
  public var expected: ExpectedResults
  /// Line of the file that it begins in, from 1.
  public var line: Int

  /// The value of one threshold.
  public struct ThresholdValue: Sendable, Equatable {
    /// The alert or risk.
    public var rule: String
    /// The threshold's name.
    public var name: String
    /// Its value in every series.
    public var value: Double
  }

  /// Makes a test of its parts.
  public init(
    name: String, events: [String], source: String, expected: ExpectedResults, line: Int = 1
  ) {
    self.name = name
    self.events = events
    self.source = source
    self.expected = expected
    self.line = line
  }
}

/// What a test expects of the results.
public struct ExpectedResults: Sendable, Equatable {
  /// Rows that are there, table by table; nil expects nothing, an empty list expects no row at all.
  public var metrics: [ExpectedMetric]?
  /// Rows of the table `funnels`.
  public var funnels: [ExpectedFunnel]?
  /// Rows of the table `retention`.
  public var retention: [ExpectedRetention]?
  /// Rows of the table `sessions`.
  public var sessions: [ExpectedSession]?
  /// Rows of the table `alerts`; an empty list expects that none fired.
  public var alerts: [ExpectedAlert]?
  /// Rows of the table `alert_transitions`.
  public var transitions: [ExpectedTransition]?
  /// Rows of the table `findings`; an empty list expects none but withdrawn ones.
  public var findings: [ExpectedFinding]?
  /// Rows of the table `kpis`.
  public var kpis: [ExpectedKPI]?
  /// Counts by fate, in order of name; those not named may be any number.
  public var fates: [ExpectedFate]

  /// Makes an expectation.
  public init(metrics: [ExpectedMetric]? = nil, fates: [ExpectedFate] = []) {
    self.metrics = metrics
    self.fates = fates
  }

  /// What of this does not hold, a sentence for each; none when all holds.
  public func mismatches(in rows: ResultRows, fates: FateCounts) -> [String] {
    var mismatches =
      Self.mismatches(metrics, in: rows.metrics) + Self.mismatches(funnels, in: rows.funnels)
      + Self.mismatches(retention, in: rows.retention)
      + Self.mismatches(sessions, in: rows.sessions)
    mismatches += Self.mismatches(
      alerts, in: alerts?.isEmpty ?? true ? rows.alerts.filter(\.hasFired) : rows.alerts)
    mismatches += Self.mismatches(transitions, in: rows.alertTransitions)
    mismatches += Self.mismatches(
      findings, in: findings?.isEmpty ?? true ? rows.findings.filter(\.isFound) : rows.findings)
    if kpis?.isEmpty ?? false { mismatches += Self.mismatches(kpis, in: rows.kpis) }
    for expected in kpis ?? [] {
      mismatches += Self.mismatches([expected], in: expected.candidates(in: rows.kpis))
    }
    for expected in self.fates {
      let found = fates[keyPath: expected.fate.count]
      if found != expected.count {
        mismatches.append("expected \(expected.fate.rawValue) \(expected.count), found \(found)")
      }
    }
    return mismatches
  }

  private static func mismatches<Expected: ExpectedRow>(
    _ expected: [Expected]?, in rows: [Expected.Row]
  ) -> [String] {
    guard let expected else { return [] }
    if expected.isEmpty, let row = rows.first {
      return ["expected no row, found \(rows.count), first \(row.text)"]
    }
    return expected.compactMap { $0.mismatch(in: rows) ?? $0.listMismatch(in: rows) }
  }
}

/// How many events are expected to meet a fate.
public struct ExpectedFate: Sendable, Equatable {
  /// A count of `FateCounts`.
  public enum Fate: String, Sendable, CaseIterable {
    case read, rejected, filtered, late, duplicate, applied

    /// The count that it names.
    var count: KeyPath<FateCounts, Int64> {
      switch self {
      case .read: \.read
      case .rejected: \.rejected
      case .filtered: \.filtered
      case .late: \.late
      case .duplicate: \.duplicate
      case .applied: \.applied
      }
    }
  }

  /// Which fate.
  public var fate: Fate
  /// How many events.
  public var count: Int64

  /// Expects `count` events of `fate`.
  public init(_ fate: Fate, _ count: Int64) {
    self.fate = fate
    self.count = count
  }
}
