import Charts
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// A backtest as a page of its own: for each rule what it watches, thresholds, alerts and incidents
/// over time, and the table of its candidates.
struct BacktestPage {
  let report: BacktestReport
  let result: BacktestResult
  let pipeline: String
  let zone: Zone

  /// Most series of one chart: more cannot be told apart.
  private static let seriesMax = 6

  /// The page.
  func text() -> String {
    var page = HTMLPage(title: "Backtest of \(pipeline)")
    let text = BacktestText(report: report, result: result, zone: zone)
    page.paragraph("\(text.range), \(Terminal.count(result.fates.read, "event")). Nothing was set.")
    for rule in report.rules {
      page.heading(rule.rule.name)
      page.paragraph([.code(BacktestText.heading(rule.rule))])
      if let judged = text.judged(rule) { page.paragraph("It was \(judged).") }
      page.figure(chart(rule), caption: caption(rule))
      if let split = report.validateFrom {
        let day = BacktestText.day(split, zone)
        page.table(table(rule, "Before \(day), by which they are ordered") { $0.compared })
        page.table(table(rule, "From \(day) on") { $0.parts?.after ?? $0.whole })
      } else {
        page.table(table(rule, "Candidates") { $0.whole })
      }
      page.list(BacktestText.detections(rule).map { [.text($0)] })
    }
    return page.text
  }

  /// The chart of a rule: what it watches, and the alerts of the rule as it stands and of the best
  /// candidate, or of the first one.
  func chart(_ rule: BacktestReport.Rule) -> TimeChart {
    let shown = Self.shown(rule)
    var chart = TimeChart(
      title: title(rule.rule), unit: unit(rule.rule), zone: zone, series: series(rule, shown))
    for incident in rule.incidents {
      chart.spans.append(
        .init(
          kind: .incident, from: incident.span.lowerBound, to: incident.span.upperBound,
          label: incident.name))
    }
    for line in shown {
      let name = line.candidate.isNow ? "now" : line.candidate.label
      for alert in line.alerts {
        chart.spans.append(
          .init(
            kind: .alert, from: alert.fired, to: alert.ended, label: label(alert, rule.rule),
            lane: name))
      }
      if SuggestedValues.isCompared(rule.rule) {
        for setting in line.candidate.settings {
          guard let number = setting.number else { continue }
          chart.thresholds.append(
            .init(
              label: "\(name == "now" ? "now " : "")\(setting.name) = \(setting.text)",
              value: number))
        }
      }
    }
    let last = chart.series.compactMap { $0.points.last?.time }.max() ?? report.range.upperBound
    // The windows at the end of the events close behind them.
    chart.range =
      report.range.lowerBound..<EventTime(ms: max(last, report.range.upperBound).ms + 1)
    return chart
  }

  /// The lines whose alerts are drawn.
  static func shown(_ rule: BacktestReport.Rule) -> [BacktestReport.Line] {
    let others = rule.lines.dropFirst()
    let best = others.first(where: \.isBest) ?? others.first
    return Array(rule.lines.prefix(1)) + (best.map { [$0] } ?? [])
  }

  private func title(_ rule: BacktestRule) -> String {
    guard case .alert(let alert) = rule.plan else { return "Findings of \(rule.name)" }
    return BacktestText.name(alert.watch)
  }

  private func caption(_ rule: BacktestReport.Rule) -> String {
    guard !rule.rule.isRisk else { return "From the opening of each finding to its end." }
    var text = "A value stands at the end of its window, when it was judged."
    if !SuggestedValues.isCompared(rule.rule), !rule.rule.thresholds.isEmpty {
      text += " The thresholds are of another scale than the values, so they are not drawn."
    }
    let count = result.series[rule.rule.name]?.count ?? 0
    if count > Self.seriesMax {
      text += " \(Self.seriesMax) of \(count) series are drawn, those with alerts first."
    }
    return text
  }

  private func label(_ alert: BacktestAlert, _ rule: BacktestRule) -> String {
    rule.isRisk ? alert.series : Dimensions.text(Dimensions.read(alert.series))
  }

  private func series(
    _ rule: BacktestReport.Rule, _ shown: [BacktestReport.Line]
  ) -> [TimeChart.Series] {
    let fired = Set(shown.flatMap { $0.alerts.map(\.series) })
    let all = result.series[rule.rule.name] ?? []
    let chosen =
      all.filter { fired.contains($0.dimensions) } + all.filter { !fired.contains($0.dimensions) }
    return chosen.prefix(Self.seriesMax).map { series in
      let name = Dimensions.text(Dimensions.read(series.dimensions))
      return TimeChart.Series(
        name: name.isEmpty ? title(rule.rule) : name,
        points: series.points.map { .init(time: $0.at, value: $0.value) })
    }
  }

  private func unit(_ rule: BacktestRule) -> ValueUnit {
    guard case .alert(let alert) = rule.plan else { return .number("") }
    switch alert.watch.figure {
    case .funnel(_, .conversion), .funnel(_, .fromPrevious), .retention(_, .share),
      .session(.bounceRate):
      return .share
    case .funnel(_, .p50Ms), .funnel(_, .p90Ms), .session(.meanDurationMs): return .durationMs
    default:
      let isRatio = alert.inputs.contains(.lower) || alert.inputs.contains(.upper)
      return isRatio ? .share : .number("")
    }
  }

  private func table(
    _ rule: BacktestReport.Rule, _ caption: String,
    _ figures: (BacktestReport.Line) -> BacktestFigures
  ) -> HTMLTable {
    var table = HTMLTable(
      caption: caption,
      columns: BacktestText.columns(rule).filter { !$0.name.isEmpty }.map {
        .init($0.name, $0.isNumber ? .number : .text)
      })
    for line in rule.lines {
      var cells = BacktestText.cells(line, figures(line), of: rule)
      if line.isBest { cells[0] += ", best" }
      table.add(cells, isHighlighted: line.isBest)
    }
    return table
  }
}
