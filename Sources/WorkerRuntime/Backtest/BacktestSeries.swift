import SnapshotStore
import StreamCore

/// The values of one series of what an alert watches.
public struct BacktestSeries: Sendable, Equatable {
  /// The value of one closed window.
  public struct Point: Sendable, Equatable {
    /// End of the window: when the value is known.
    public var at: EventTime
    /// The value.
    public var value: Double
  }

  /// Canonical JSON of the series; `{}` without dimensions.
  public var dimensions: String
  /// In order of time. Windows without a row have no point.
  public var points: [Point]
}

extension BacktestReading {
  /// The series of what an alert watches, by dimensions. O(rows of the stage).
  func watched(by alert: AlertPlan) throws -> [BacktestSeries] {
    var points: [String: [BacktestSeries.Point]] = [:]
    func add(_ dimensions: String, _ at: EventTime, _ value: Double?) {
      guard let value, value.isFinite else { return }
      points[dimensions, default: []].append(.init(at: at, value: value))
    }
    let name = alert.watch.stage
    let query = StageQuery(name: name, status: .final, limit: .max)
    switch alert.watch.figure {
    case .value:
      let query = MetricQuery(metric: name, status: .final, limit: .max)
      for row in try reader.metrics(query) {
        add(row.dimensions, row.windowEnd, row.value)
      }
    case .kpi:
      let query = KPIQuery(kpi: name, status: .final, limit: .max)
      for row in try reader.wholePeriods(query) { add("{}", row.periodEnd, row.value) }
    case .funnel(let step, let figure):
      for row in try reader.funnels(query) where row.step == step {
        let value: Double? =
          switch figure {
          case .conversion: row.conversionFromStart
          case .fromPrevious: row.conversionFromPrevious
          case .users: Double(row.users)
          case .p50Ms: row.p50Ms.map(Double.init)
          case .p90Ms: row.p90Ms.map(Double.init)
          }
        add(row.dimensions, row.entryEnd, value)
      }
    case .retention(let period, let figure):
      let rows = try reader.retention(query)
      var cohorts: [String: Int64] = [:]
      for row in rows where row.period == 0 { cohorts[row.cohort + row.dimensions] = row.users }
      for row in rows where row.period == period {
        let users = cohorts[row.cohort + row.dimensions] ?? 0
        let value: Double? =
          switch figure {
          case .users: Double(row.users)
          case .amount: row.amount
          case .share: users > 0 ? Double(row.users) / Double(users) : nil
          }
        add(row.dimensions, row.unitEnd, value)
      }
    case .session(let figure):
      for row in try reader.sessions(query) {
        let count = Double(row.sessions)
        let value: Double =
          switch figure {
          case .sessions: count
          case .users: Double(row.users)
          case .events: Double(row.events)
          case .bounces: Double(row.bounces)
          case .bounceRate: Double(row.bounces) / count
          case .meanDurationMs: Double(row.durationMs) / count
          }
        add(row.dimensions, row.dayEnd, value)
      }
    }
    return points.sorted { $0.key < $1.key }.map {
      BacktestSeries(dimensions: $0.key, points: $0.value.sorted { $0.at < $1.at })
    }
  }
}
