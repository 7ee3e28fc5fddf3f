import StreamCore

@testable import SnapshotStore

/// `day` 0 is 1970-01-01.
func dayText(_ day: Int64) -> String {
  "1970-\(day < 31 ? "01" : "02")-\(String(100 + day % 31 + 1).dropFirst())"
}

func rows(_ fill: (inout ResultRows) -> Void) -> ResultRows {
  var rows = ResultRows()
  fill(&rows)
  return rows
}

func funnel(
  _ name: String = "checkout", day: Int64 = 0, dimensions: String = "{}", step: Int = 1,
  stepName: String = "product_view", users: Int64 = 3, from: Double? = 1, previous: Double? = 1,
  p50: Int64? = 0, p90: Int64? = 0, _ status: ResultStatus = .final
) -> FunnelRow {
  FunnelRow(
    funnel: name, entryStart: EventTime(ms: day * SnapshotStoreTests.day),
    entryEnd: EventTime(ms: (day + 1) * SnapshotStoreTests.day), entryDay: dayText(day),
    dimensions: dimensions, step: step, stepName: stepName, users: users, conversionFromStart: from,
    conversionFromPrevious: previous, p50Ms: p50, p90Ms: p90, status: status)
}

func cell(
  _ name: String = "daily", cohort: Int64 = 0, period: Int = 0, dimensions: String = "{}",
  users: Int64 = 3, amount: String? = nil, _ status: ResultStatus = .final
) -> RetentionRow {
  let unit = cohort + Int64(period)
  return RetentionRow(
    retention: name, cohort: dayText(cohort), period: period, unitStart: EventTime(ms: unit * day),
    unitEnd: EventTime(ms: (unit + 1) * day), dimensions: dimensions, users: users,
    amount: amount.flatMap(Double.init), amountExact: amount, status: status)
}

func visits(
  _ name: String = "visits", day: Int64 = 0, dimensions: String = "{}", sessions: Int64 = 4,
  users: Int64 = 3, events: Int64 = 9, bounces: Int64 = 1, durationMs: Int64 = 60_000,
  entry: String = #"{"view":4}"#, exit: String = #"{"buy":1,"view":3}"#,
  _ status: ResultStatus = .final
) -> SessionRow {
  SessionRow(
    session: name, dayStart: EventTime(ms: day * SnapshotStoreTests.day),
    dayEnd: EventTime(ms: (day + 1) * SnapshotStoreTests.day), day: dayText(day),
    dimensions: dimensions, sessions: sessions, users: users, events: events, bounces: bounces,
    durationMs: durationMs, entryEvents: entry, exitEvents: exit, status: status)
}

extension ResultRows {
  /// One row of each table of users, with `status`; `times` makes their numbers larger.
  static func oneOfEach(times: Int64 = 1, _ status: ResultStatus) -> ResultRows {
    rows {
      $0.funnels = [funnel(users: 3 * times, status)]
      $0.retention = [cell(users: 3 * times, amount: "\(times).5", status)]
      $0.sessions = [visits(events: 9 * times, status)]
    }
  }

  /// The same rows with another status.
  func with(_ status: ResultStatus) -> ResultRows {
    var copy = self
    for place in copy.funnels.indices { copy.funnels[place].status = status }
    for place in copy.retention.indices { copy.retention[place].status = status }
    for place in copy.sessions.indices { copy.sessions[place].status = status }
    for place in copy.kpis.indices { copy.kpis[place].status = status }
    for place in copy.metrics.indices { copy.metrics[place].status = status }
    return copy
  }
}
