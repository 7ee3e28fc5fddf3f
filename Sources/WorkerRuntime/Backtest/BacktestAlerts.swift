import StreamCore

/// Makes the alerts of a candidate of the rows that a worker stored.
enum BacktestAlerts {
  /// Judged windows within which an alert counts as having come back.
  static let flapWindows: Int64 = 3

  /// The alerts of one rule that fired, from their rows, in order of firing. O(rows · log rows).
  ///
  /// One is a flap when its first window, in which the condition held again, is one of the three
  /// after that in which the one before of its series ended.
  ///
  /// - Parameter delayMs: How long after its end a window can be judged.
  static func of(
    _ rows: [AlertRow], window: WindowPlan, zone: Zone, delayMs: Int64 = 0
  ) -> [BacktestAlert] {
    var calendar = WindowCalendar(window: window, zone: zone)
    let fired = rows.filter { $0.opened != nil && $0.status == .final && $0.kind == .alert }
    var alerts: [BacktestAlert] = []
    for group in Dictionary(grouping: fired, by: \.dimensions).values {
      var ended: Int64?
      for row in group.sorted(by: { $0.windowStart < $1.windowStart }) {
        guard let opened = row.opened else { continue }
        let start = calendar.start(calendar.ordinal(ofWindowEnding: opened))
        let first = calendar.ordinal(of: row.windowStart)
        alerts.append(
          BacktestAlert(
            series: row.dimensions, judged: min(start, opened)..<opened, fired: opened,
            told: EventTime(ms: opened.ms + delayMs), ended: row.resolved,
            isFlap: ended.map { first - $0 <= flapWindows } ?? false))
        ended = row.resolved.map { calendar.ordinal(ofWindowEnding: $0) }
      }
    }
    return alerts.sorted(by: isBefore)
  }

  /// The settled findings of a rule as alerts. One is a flap when it opened within `withinMs` after
  /// the one before of its entity closed. O(findings · log findings).
  static func of(_ findings: [FindingRow], withinMs: Int64) -> [BacktestAlert] {
    let settled = findings.filter { $0.status == .final }
    return Dictionary(grouping: settled, by: \.entity).values.flatMap { group in
      var closed: EventTime?
      return group.sorted { $0.opened < $1.opened }.map { row in
        defer { closed = row.closed }
        return BacktestAlert(
          series: row.entity, judged: row.opened..<EventTime(ms: row.opened.ms + 1),
          fired: row.opened, ended: row.closed,
          isFlap: closed.map { row.opened.ms - $0.ms <= withinMs } ?? false)
      }
    }.sorted(by: isBefore)
  }

  private static func isBefore(_ a: BacktestAlert, _ b: BacktestAlert) -> Bool {
    a.fired != b.fired ? a.fired < b.fired : a.series < b.series
  }
}

extension WindowCalendar {
  /// The number of the window that ends at `end`.
  fileprivate mutating func ordinal(ofWindowEnding end: EventTime) -> Int64 {
    ordinal(of: EventTime(ms: end.ms - 1)) - window.overlap + 1
  }
}
