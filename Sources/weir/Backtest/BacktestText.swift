import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// A backtest for people who read a terminal, and as CSV.
struct BacktestText {
  let report: BacktestReport
  let result: BacktestResult
  let zone: Zone

  /// The tables of all rules.
  func text() -> String {
    var text = "\(range), \(Terminal.count(result.fates.read, "event"))\n"
    for rule in report.rules {
      text += "\n\(Self.heading(rule.rule))\n"
      if let judged = judged(rule) { text += "  \(judged)\n" }
      if let split = report.validateFrom {
        let day = Self.day(split, zone)
        text += "  before \(day), by which they are ordered\n"
        text += table(rule) { $0.compared }
        text += "  from \(day) on\n" + table(rule) { $0.parts?.after ?? $0.whole }
      } else {
        text += table(rule) { $0.whole }
      }
      text += incidents(rule)
    }
    return text + cost()
  }

  /// What was read: `… to …, 181.9 days`.
  var range: String { text(of: report.range) }

  private func text(of range: Range<EventTime>) -> String {
    let ms = range.upperBound.ms - range.lowerBound.ms
    return "\(Instants.text(range.lowerBound, zone: zone)) to "
      + "\(Instants.text(range.upperBound, zone: zone)), "
      + String(format: "%.1f days", Double(ms) / 86_400_000)
  }

  /// The part of the time that a rule was judged in, where that is not all that was read.
  func judged(_ rule: BacktestReport.Rule) -> String? {
    rule.range == report.range ? nil : "judged \(text(of: rule.range))"
  }

  /// What the rule says, in a line.
  static func heading(_ rule: BacktestRule) -> String {
    switch rule.plan {
    case .alert(let alert):
      return "\(alert.name): \(alert.when.text) of \(name(alert.watch))"
    case .risk(let risk):
      switch risk.pattern {
      case .window(let when, _):
        return "\(risk.name): \(when.text) within \(Durations.text(ms: risk.withinMs)) of one "
          + risk.entityKind
      case .sequence(let steps, _):
        return "\(risk.name): \(steps.map(\.name).joined(separator: ", then ")) of one "
          + risk.entityKind
      }
    }
  }

  /// A result as people write it.
  static func name(_ reference: ResultReference) -> String {
    switch reference.figure {
    case .value, .kpi: reference.stage
    case .funnel(let step, let figure): "\(reference.stage).\(step).\(figure.rawValue)"
    case .retention(let period, let figure):
      "\(reference.stage).period_\(period).\(figure.rawValue)"
    case .session(let figure): "\(reference.stage).\(figure.rawValue)"
    }
  }

  private func table(
    _ rule: BacktestReport.Rule, _ figures: (BacktestReport.Line) -> BacktestFigures
  ) -> String {
    var table = TextTable(Self.columns(rule).map { ($0.name, $0.isNumber ? .right : .left) })
    for line in rule.lines { table.add(Self.cells(line, figures(line), of: rule)) }
    return table.text(indent: 2)
  }

  /// What is said of each candidate of a rule.
  static func columns(_ rule: BacktestReport.Rule) -> [(name: String, isNumber: Bool)] {
    let counts = ["alerts", "a week", "hours", "longest", "flaps"]
    let found = ["found", "missed", "false", "median", "latest", "precision", "recall", "F1"]
    let names = rule.incidents.isEmpty ? counts : counts + found
    return [("candidate", false)] + names.map { ($0, true) }
      + (rule.incidents.isEmpty ? [] : [("", false)])
  }

  /// One candidate's figures under these columns.
  static func cells(
    _ line: BacktestReport.Line, _ own: BacktestFigures, of rule: BacktestReport.Rule
  ) -> [String] {
    let cells = [
      label(line.candidate), "\(own.alerts)",
      own.alertsPerWeek.map { String(format: "%.2f", $0) } ?? "",
      String(format: "%.1f", Double(own.openMs) / 3_600_000),
      own.alerts > 0 ? Figures.duration(ms: own.longestMs) : "", "\(own.flaps)",
    ]
    guard !rule.incidents.isEmpty else { return cells }
    return cells + [
      "\(own.found)", "\(own.missed)", "\(own.falseAlerts)",
      Figures.duration(ms: own.medianDelayMs), Figures.duration(ms: own.greatestDelayMs),
      Figures.percent(own.precision), Figures.percent(own.recall),
      own.f1.map { String(format: "%.2f", $0) } ?? "", line.isBest ? "best" : "",
    ]
  }

  /// `now above=0.2`, `above=0.3`.
  static func label(_ candidate: BacktestCandidate) -> String {
    guard candidate.isNow else { return candidate.label }
    return candidate.settings.isEmpty ? "now" : "now \(candidate.label)"
  }

  /// Which incidents the rule as it stands, and the best candidate, find and miss.
  private func incidents(_ rule: BacktestReport.Rule) -> String {
    Self.detections(rule).map { "  " + TextTable.printable($0) + "\n" }.joined()
  }

  /// The same, a line each.
  static func detections(_ rule: BacktestReport.Rule) -> [String] {
    guard !rule.incidents.isEmpty else { return [] }
    var lines: [String] = []
    for (index, line) in rule.lines.enumerated() where index == 0 || line.isBest {
      let all = line.whole
      let told = all.detections.map { detection in
        detection.afterMs.map { "\(detection.incident) after \(Figures.duration(ms: $0))" }
          ?? "\(detection.incident) missed"
      }
      let before =
        all.openBefore > 0
        ? "; \(Terminal.count(Int64(all.openBefore), "alert")) open before an incident came" : ""
      lines.append(
        "\(line.candidate.isNow ? "now" : line.candidate.label): "
          + "\(told.joined(separator: ", "))\(before)")
    }
    return lines
  }

  /// What candidates of risks cost.
  private func cost() -> String {
    let copies = report.rules.filter { $0.rule.isRisk }.map(\.lines.count).reduce(0, +)
    guard copies > 0 else { return "" }
    return "\nEach of the \(copies) candidates of risks kept state of its own: together "
      + "\(Terminal.count(result.records.bytes, "byte")) in the records of entities at the end\n"
  }

  static func day(_ time: EventTime, _ zone: Zone) -> String {
    let text = Instants.text(time, zone: zone)
    return zone.startOfDay(zone.dayNumber(of: time)) == time ? String(text.prefix(10)) : text
  }
}

// MARK: - CSV

extension BacktestText {
  /// A row for each candidate and part.
  func csv() -> String {
    var rows: [[String]] = []
    for rule in report.rules {
      for line in rule.lines {
        var parts = [("all", line.whole)]
        if let (before, after) = line.parts { parts += [("before", before), ("after", after)] }
        for (part, figures) in parts { rows.append(row(rule, line, part, figures)) }
      }
    }
    return CSVText.text(
      header: [
        "rule", "candidate", "now", "best", "part", "alerts", "alerts_per_week", "open_ms",
        "longest_ms", "flaps", "found", "missed", "false_alerts", "open_before", "median_delay_ms",
        "greatest_delay_ms", "precision", "recall", "f1",
      ], rows)
  }

  private func row(
    _ rule: BacktestReport.Rule, _ line: BacktestReport.Line, _ part: String, _ own: BacktestFigures
  ) -> [String] {
    let hasIncidents = !rule.incidents.isEmpty
    let counts = [own.found, own.missed, own.falseAlerts, own.openBefore]
    let delays = [own.medianDelayMs, own.greatestDelayMs]
    let shares = [own.precision, own.recall, own.f1]
    return [
      rule.rule.name, line.candidate.label, "\(line.candidate.isNow)", "\(line.isBest)", part,
      "\(own.alerts)", own.alertsPerWeek.map { "\($0)" } ?? "", "\(own.openMs)",
      "\(own.longestMs)", "\(own.flaps)",
    ] + counts.map { hasIncidents ? "\($0)" : "" } + delays.map { $0.map { "\($0)" } ?? "" }
      + shares.map { share in hasIncidents ? share.map { "\($0)" } ?? "" : "" }
  }
}
