import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// A suggestion as it is shown.
struct SuggestionText {
  let suggestion: ThresholdSuggestion
  let report: BacktestReport
  let result: BacktestResult
  let rule: BacktestReport.Rule
  let zone: Zone
  let dataPath: String
  let origins: [(name: String, origin: SuggestedValues.Origin)]

  /// Choices shown on each side of the one that is suggested.
  private static let aroundMax = 6

  private var chosen: ThresholdSuggestion.Choice { suggestion.choices[suggestion.chosen] }

  func text() -> String {
    let backtest = BacktestText(report: report, result: result, zone: zone)
    var text = "\(backtest.range), \(Terminal.count(result.fates.read, "event"))\n"
    text += BacktestText.heading(rule.rule) + "\n"
    if let judged = backtest.judged(rule) { text += "  \(judged)\n" }
    for (name, origin) in origins { text += "  \(name): \(Self.text(origin))\n" }
    text += "\n" + table() + "\n"
    guard suggestion.isMet else {
      return text + "nothing that was tried meets the budget; the nearest is "
        + "\(rule.rule.name).\(chosen.name)=\(DecimalText.of(chosen.value))\n"
    }
    guard chosen.now == nil else {
      return text + "the file's value, \(rule.rule.name).\(chosen.name)="
        + "\(DecimalText.of(chosen.value)), meets the budget as well as any: nothing to set\n"
    }
    return text + "nothing was set; to set it:\n  \(command)\n"
  }

  /// The command that sets the value.
  var command: String {
    let days = [rule.range.lowerBound, rule.range.upperBound].map {
      Instants.text($0, zone: zone).prefix(10)
    }
    var reason = "backtest \(days[0]) to \(days[1]): "
    reason += Terminal.count(Int64(chosen.figures.alerts), "alert")
    if !rule.incidents.isEmpty {
      reason += ", \(chosen.figures.found) of \(chosen.figures.detections.count) incidents found"
    }
    return "weir thresholds set \(Self.quoted(dataPath)) "
      + "\(rule.rule.name).\(chosen.name)=\(DecimalText.of(chosen.value)) --reason \"\(reason)\""
  }

  /// A word of a shell.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-/+:".unicodeScalars.contains($0)
    }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  private static func text(_ origin: SuggestedValues.Origin) -> String {
    switch origin {
    case .steps(let each):
      each == 1
        ? "from min to max by step, as the file says"
        : "from min to max, every \(each)th step of the file's"
    case .observed: "values that were observed"
    case .multiples: "multiples of the file's value"
    }
  }

  /// The choices around the one that is suggested, and that of now.
  private func table() -> String {
    let shown = suggestion.choices.indices.filter { index in
      abs(index - suggestion.chosen) <= Self.aroundMax || suggestion.choices[index].now != nil
    }
    let columns = BacktestText.columns(rule).dropFirst()
    var table = TextTable(
      [("value", .left)] + columns.map { ($0.name, $0.isNumber ? .right : .left) } + [("", .left)])
    for index in shown {
      let choice = suggestion.choices[index]
      guard var line = rule.lines.first else { continue }
      line.isBest = false
      let marks = [
        choice.now == nil ? nil : "now",
        index == suggestion.chosen
          ? (suggestion.isMet ? "suggested" : "nearest") + " \(DecimalText.of(choice.value))" : nil,
      ].compactMap(\.self)
      table.add(
        [Self.values(choice)] + BacktestText.cells(line, choice.figures, of: rule).dropFirst()
          + [marks.joined(separator: ", ")])
    }
    let left = suggestion.choices.count - shown.count
    return table.text(indent: 2) + (left > 0 ? "  and \(left) more; see --json\n" : "")
  }

  /// `above=0.05 to 0.28`.
  private static func values(_ choice: ThresholdSuggestion.Choice) -> String {
    let first = DecimalText.of(choice.values.first ?? 0)
    let last = DecimalText.of(choice.values.last ?? 0)
    return "\(choice.name)=\(first)" + (first == last ? "" : " to \(last)")
  }

  // MARK: - JSON

  struct JSON: Encodable {
    struct Choice: Encodable {
      var threshold: String
      var values: [Double]
      var now: Double?
      var figures: BacktestJSON.Part
    }

    var rule: String
    var from: String
    var to: String
    var met: Bool
    var threshold: String
    var value: Double
    /// Nil where there is nothing to set.
    var command: String?
    var choices: [Choice]
  }

  func json() -> JSON {
    JSON(
      rule: rule.rule.name, from: Instants.text(rule.range.lowerBound, zone: zone),
      to: Instants.text(rule.range.upperBound, zone: zone), met: suggestion.isMet,
      threshold: chosen.name, value: chosen.value,
      command: suggestion.isMet && chosen.now == nil ? command : nil,
      choices: suggestion.choices.map {
        .init(
          threshold: $0.name, values: $0.values, now: $0.now,
          figures: BacktestJSON.Part($0.figures, hasIncidents: !rule.incidents.isEmpty))
      })
  }
}
