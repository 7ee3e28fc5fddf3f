/// Runs one alert rule over stored rows with any values of its thresholds: what it would have done.
///
/// It is the rule itself that judges, window by window. What rows do not tell is taken as the rule
/// takes silence: a window without a row is zero where zero is a value, and no data elsewhere. So
/// the outcome is that of the worker where all rows since the series began are there.
public struct AlertTrial: Sendable {
  /// The rule, without what only explains or announces it.
  public let alert: AlertPlan
  private let plan: StagePlan

  /// One series of what the rule watches.
  public struct Series: Sendable, Equatable {
    /// The value of one closed window; nil where there is none.
    public struct Point: Sendable, Equatable {
      /// The window.
      public var window: Range<EventTime>
      /// What it has.
      public var value: Double?
    }

    /// Canonical JSON; `{}` without dimensions.
    public var dimensions: String
    /// In order of time, from its first row on, without a window left out.
    public var points: [Point]
  }

  /// Prepares the alert of that name; nil when `pipeline` has none. `keyed` is that of the worker.
  public init?(_ pipeline: PipelinePlan, rule: String, keyed: Bool) {
    guard var alert = pipeline.alerts.first(where: { $0.name == rule }) else { return nil }
    alert.breakdowns = []
    alert.isProvisional = false
    self.alert = alert
    var reduced = pipeline
    reduced.alerts = [alert]
    plan = StagePlan(reduced, keyed: keyed)
  }

  /// What it reads, the watched result first.
  public var references: [ResultReference] {
    var found = [alert.watch]
    for case .other(let reference) in alert.inputs where !found.contains(reference) {
      found.append(reference)
    }
    return found
  }

  /// How long before a window's end there may be rows that matter to its judgement and to whether
  /// the alert fires then, in milliseconds. What `keep_firing_for` remembers counts too.
  public var lookBackMs: Int64 {
    let windows = alert.inputs.map(AlertRule.distance).max() ?? 0
    let holdMs =
      switch alert.hold {
      case .windows(let count): Int64(count) * alert.window.longestMs
      case .duration(let ms): ms
      }
    return (windows + 2) * alert.window.longestMs + holdMs + alert.keepFiringForMs
  }

  /// How long after a window's end it can be judged, in milliseconds of event time.
  public var judgingDelayMs: Int64 { plan.judgingDelayMs(of: alert) }

  /// The value of a window of the watched result without a row; nil: no data.
  public var silentValue: Double? {
    if case .value(let value) = AlertSource(alert.watch, in: plan).silence { value } else { nil }
  }

  /// Whether the thresholds are compared with the watched values themselves, so that they can be
  /// drawn in one chart.
  public var comparesValues: Bool {
    alert.inputs.allSatisfy { input in
      switch input {
      case .value, .lower, .upper, .threshold: true
      case .samples, .previous, .change, .mean, .stddev, .other: false
      }
    }
  }

  /// Judges every window that ended by `through`; the alerts that come of it, those that never
  /// fired too, in order of the window that was judged last.
  ///
  /// Provisional rows count as not there, restated ones as final.
  /// O(windows · series + rows).
  public func alerts(
    of rows: ResultRows, through: EventTime, thresholds: ThresholdSchedule
  ) -> [AlertRow] {
    guard let judge = AlertJudge(plan) else { return [] }
    var rows = rows
    rows.settle()
    judge.take(rows.metrics[...])
    judge.take(rows.funnels, rows.retention, rows.sessions, rows.kpis)
    judge.advance(horizon: through, thresholds: thresholds) { closing in
      closing == .never ? .distantPast : through
    }
    var out = ResultRows()
    judge.takeFinals(into: &out)
    return out.alerts
  }

  /// The watched series of `rows` by dimensions, window by window until `through`; silent windows
  /// have what silence means. O(windows · series + rows · log rows).
  public func series(of rows: ResultRows, through: EventTime) -> [Series] {
    var rows = rows
    rows.settle()
    let source = AlertSource(alert.watch, in: plan)
    var signal = AlertSignal(source, window: alert.window, zone: plan.pipeline.zone)
    for row in rows.metrics where row.metric == source.reference.stage && row.status == .final {
      if case .value = source.reference.figure {
        signal.offer(
          AlertReading(value: row.value, samples: row.samples), start: row.windowStart,
          SeriesName(row.dimensions), isFinal: true)
      }
    }
    signal.take(rows.funnels)
    signal.take(rows.retention)
    signal.take(rows.sessions)
    signal.take(rows.kpis)
    guard let last = signal.lastWindow(closed: through, horizon: through) else { return [] }
    while signal.settle(through: last, limit: 4096) {}
    return signal.series.sorted { $0.key < $1.key }.map { name, series in
      let first = series.history.first
      let points = series.history.readings.enumerated().map { index, reading in
        let ordinal = first + Int64(index)
        return Series.Point(
          window: signal.calendar.start(ordinal)..<signal.calendar.end(ordinal),
          value: reading.number)
      }
      return Series(dimensions: name.text, points: points)
    }
  }
}

extension ResultRows {
  /// Leaves only what can no longer change, and takes what was restated as final.
  fileprivate mutating func settle() {
    metrics.settle(\.status)
    funnels.settle(\.status)
    retention.settle(\.status)
    sessions.settle(\.status)
    kpis.settle(\.status)
  }
}

extension Array {
  fileprivate mutating func settle(_ status: WritableKeyPath<Element, ResultStatus>) {
    if contains(where: { $0[keyPath: status] == .provisional }) {
      removeAll { $0[keyPath: status] == .provisional }
    }
    for index in indices where self[index][keyPath: status] == .restated {
      self[index][keyPath: status] = .final
    }
  }
}
