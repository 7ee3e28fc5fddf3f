import Charts
import SnapshotStore
import StreamCore

/// What an alert watched, around the time in which it fired.
struct AlertChart {
  let alert: AlertRow
  let asked: Asked

  /// Windows before and after it that are shown, at least, and most in all.
  private static let windowsAround: Int64 = 40
  private static let rowsMax = 5_000

  private var words: AlertsWords { asked.words.alerts }

  var html: HTML {
    get throws {
      guard alert.kind == .alert else { return .empty }
      guard let chart = try chart, chart.series.contains(where: { !$0.points.isEmpty }) else {
        return "<h2>\(words.seriesAround)</h2><p class=\"muted\">\(words.noSeries)</p>"
      }
      return """
        <h2>\(words.seriesAround)</h2>
        \(asked.figure(chart, id: "alert-chart", caption: asked.words.thresholds.endOfWindow))
        """
    }
  }

  /// The range of event time that is shown.
  private var range: Range<EventTime> {
    let windowMs = max(60_000, alert.windowEnd.ms - alert.windowStart.ms)
    let width = asked.file.pipeline?.plan.alerts.first { $0.name == alert.rule }?
      .window.longestMs
    let stepMs = width ?? min(windowMs, 86_400_000)
    let firing = alert.windowEnd.ms - alert.windowStart.ms
    let around = max(Self.windowsAround * stepMs, firing / 2)
    return EventTime(ms: alert.windowStart.ms - around)..<EventTime(ms: alert.windowEnd.ms + around)
  }

  private var chart: TimeChart? {
    get throws {
      let range = range
      let plan = asked.file.pipeline?.plan
      if let plan,
        let trial = AlertTrial(plan, rule: alert.rule, keyed: plan.sources.allSatisfy(\.keyed))
      {
        return try chart(trial, range)
      }
      // Without the pipeline only names of metrics are known.
      guard let rule = try asked.reader.rules().first(where: { $0.rule == alert.rule }),
        let watch = RuleFacts(rule, asked.personal).watch
      else { return nil }
      let points = try metric(watch, range).map {
        TimeChart.Point(
          time: $0.windowEnd, value: $0.value, isProvisional: $0.status == .provisional)
      }
      return frame(
        watch, WatchedUnit.guessed(points.compactMap(\.value), rule), points, range,
        drawsThresholds: true)
    }
  }

  private func chart(_ trial: AlertTrial, _ range: Range<EventTime>) throws -> TimeChart {
    let reference = trial.alert.watch
    var rows = ResultRows()
    var query = StageQuery(
      name: reference.stage, from: range.lowerBound, to: range.upperBound,
      dimensions: conditions, limit: Self.rowsMax, newestFirst: true)
    var open: [TimeChart.Point] = []
    switch reference.kind {
    case .metrics:
      rows.metrics = try metric(reference.stage, range)
      open = rows.metrics.filter { $0.status == .provisional }.map {
        .init(time: $0.windowEnd, value: $0.value, isProvisional: true)
      }
    case .funnels: rows.funnels = try asked.reader.funnels(query)
    case .retention:
      if case .retention(let period, _) = reference.figure {
        let back = Int64(period + 1) * trial.alert.window.longestMs
        query.from = EventTime(ms: range.lowerBound.ms - back)
      }
      rows.retention = try asked.reader.retention(query).reversed()
    case .sessions: rows.sessions = try asked.reader.sessions(query)
    case .kpis:
      rows.kpis = try asked.reader.wholePeriods(
        KPIQuery(
          kpi: reference.stage, from: range.lowerBound, to: range.upperBound, limit: Self.rowsMax,
          newestFirst: true))
    }
    let clock = try asked.reader.partitions().compactMap(\.clock).min()
    let closed = max(
      alert.windowEnd, clock.map { EventTime(ms: $0.ms - trial.judgingDelayMs) } ?? alert.windowEnd)
    let series = trial.series(of: rows, through: min(range.upperBound, closed))
      .first { $0.dimensions == alert.dimensions }
    let points = (series?.points ?? []).map {
      TimeChart.Point(time: $0.window.upperBound, value: $0.value)
    }
    return frame(
      WatchedUnit.name(reference), WatchedUnit.of(trial.alert, asked), points + open, range,
      drawsThresholds: trial.comparesValues)
  }

  private func metric(_ name: String, _ range: Range<EventTime>) throws -> [MetricRow] {
    try asked.reader.metrics(
      MetricQuery(
        metric: name, from: range.lowerBound, to: range.upperBound, dimensions: conditions,
        limit: Self.rowsMax, newestFirst: true)
    ).filter { $0.dimensions == alert.dimensions }
  }

  /// The alert's dimensions, as queries want them.
  private var conditions: [String: String?] {
    Dimensions.read(alert.dimensions).mapValues { $0 == .null ? nil : "\($0)" }
  }

  private func frame(
    _ name: String, _ unit: ValueUnit, _ points: [TimeChart.Point], _ range: Range<EventTime>,
    drawsThresholds: Bool
  ) -> TimeChart {
    let dimensions = asked.dimensionsText(alert.dimensions)
    let inside = points.filter { range.contains($0.time) }
    var chart = TimeChart(
      title: name, unit: unit, zone: asked.file.zone,
      series: [.init(name: dimensions.isEmpty ? name : dimensions, points: inside)])
    if drawsThresholds {
      for (name, value) in Dimensions.read(alert.thresholds).sorted(by: { $0.key < $1.key }) {
        guard let number = Double("\(value)") else { continue }
        chart.thresholds.append(.init(label: "\(name) = \(value)", value: number))
      }
    }
    if let opened = alert.opened {
      chart.spans = [
        .init(kind: .alert, from: opened, to: alert.resolved, lane: words.names["firing"])
      ]
    }
    return chart
  }
}

extension WatchedUnit {
  /// Where only values and the condition are known: a share, if bounds of one are judged.
  static func guessed(_ values: [Double], _ rule: RuleRow) -> ValueUnit {
    let condition = RuleFacts(rule, .none).condition ?? ""
    let isRatio = condition.contains("lower(value)") || condition.contains("upper(value)")
    return isRatio && values.allSatisfy { (0...1).contains($0) } ? .share : .number("")
  }
}
