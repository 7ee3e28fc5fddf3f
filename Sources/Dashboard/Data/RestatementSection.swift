import Foundation
import SnapshotStore
import StreamCore

/// The newest rows that were replaced on purpose, on a page.
struct RestatementSection {
  let asked: Asked

  private static let rowsMax = 20

  private var words: DataWords { asked.words.data }

  var html: HTML {
    get throws {
      let zone = asked.file.zone
      let rows = try asked.reader.restatementPage(limit: Self.rowsMax).rows
      guard !rows.isEmpty else { return "<p class=\"muted\">\(words.noRestatements)</p>" }
      var table = PageTable(
        words.restatements,
        [
          .init(words.taken, .time), .init(words.stage), .init(words.window, .time),
          .init(words.row, .long), .init(words.before, isNumber: true),
          .init(words.after, isNumber: true), .init(words.by), .init(words.reason, .long),
        ])
      let text = RestatedRowText(words: asked.words, personal: asked.personal)
      for row in rows {
        table.add([
          .text(ZoneTimes.second(row.restated, zone)), .text(row.stage),
          .text(ZoneTimes.window(row.windowStart, row.windowEnd, zone)),
          .text(text.name([row.new, row.old, row.key].compactMap { $0 })),
          .text(text.value(row.old)), .text(text.value(row.new)),
          .text(row.by), .text(row.reason),
        ])
      }
      let csv = "\(APIPath.prefix)/restatements?format=csv"
      return "\(table.html)<p><a href=\"\(csv)\">\(asked.words.frame.csv)</a></p>"
    }
  }
}

/// Replaced rows for people. Each is JSON that is read; a page has few.
struct RestatedRowText {
  let words: Words
  /// What is masked for the visitor.
  let personal: PersonalDimensions

  /// Which of a window's rows it is, by its key and its columns: its series, and its step or its
  /// period.
  func name(_ rows: [String]) -> String {
    let all = rows.map(columns)
    func column(_ name: String) -> Any? { all.lazy.compactMap { $0[name] }.first }
    var parts: [String] = []
    if let step = column("step") {
      parts.append(words.data.stepNamed("\(step)", column("step_name").map { "\($0)" } ?? ""))
    }
    if let period = column("period") {
      parts.append(words.data.cohortPeriod("\(column("cohort") ?? "")", "\(period)"))
    }
    let dimensions = (column("dimensions") as? [String: Any] ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key) = \($0.value is NSNull ? words.results.without : "\($0.value)")" }
    parts.append(
      dimensions.isEmpty ? words.data.everySeries : dimensions.joined(separator: ", "))
    return parts.joined(separator: " · ")
  }

  /// What people look for in a row: its value, or how many there are; nil: there is no row.
  func value(_ json: String?) -> String {
    guard let json else { return words.data.noRow }
    let row = columns(json)
    for name in ["value", "users", "sessions"] {
      if let number = row[name] as? NSNumber { return PageText.number(number.doubleValue, words) }
    }
    return words.frame.missing
  }

  /// A row's columns by name, as the visitor may see them.
  private func columns(_ json: String) -> [String: Any] {
    let data = Data(personal.maskedRow(json).utf8)
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
  }
}
