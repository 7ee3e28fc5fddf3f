/// The fixed words of charts, in one language each.
public enum ChartWords: Hashable, Sendable {
  case english
  /// Simplified Chinese.
  case chinese

  private func pick(_ english: String, _ chinese: String) -> String {
    self == .english ? english : chinese
  }

  var noData: String { pick("no data", "无数据") }
  var noDataSentence: String { pick("No data.", "无数据。") }
  var provisional: String { pick("provisional", "未定") }
  var notFinished: String { pick("not finished", "未完成") }
  var hatched: String { pick("hatched: not finished", "斜纹：未完成") }
  var inPercent: String { pick("in %", "单位 %") }
  var alerts: String { pick("alerts", "告警") }
  var incidents: String { pick("incidents", "事故") }
  var time: String { pick("time", "时长") }

  /// What follows in brackets.
  func bracketed(_ text: String) -> String { pick(" (\(text))", "（\(text)）") }

  /// Two numbers that a drawing lies between.
  func grid(rows: Int, columns: Int, from: String, to: String) -> String {
    pick(
      "Rows: \(rows), columns: \(columns), from \(from) to \(to).",
      "\(rows) 行，\(columns) 列，从 \(from) 到 \(to)。")
  }

  func unfinished(_ count: Int) -> String {
    pick(" Cells not finished: \(count).", "未完成的格子：\(count)。")
  }

  func more(_ count: Int) -> String { pick("And \(count) more.", "另有 \(count) 项。") }

  func moreSeries(_ count: Int) -> String {
    pick("And \(count) more series.", "另有 \(count) 条序列。")
  }

  func bar(_ name: String, _ value: String, note: String) -> String {
    let note = note.isEmpty ? "" : bracketed(note)
    return pick("\(name): \(value)\(note).", "\(name)：\(value)\(note)。")
  }

  func range(_ from: String, _ to: String, zone: String) -> String {
    pick("From \(from) to \(to), \(zone).", "从 \(from) 到 \(to)，\(zone)。")
  }

  func series(_ name: String, least: String, greatest: String, last: String) -> String {
    pick(
      "\(name): least \(least), greatest \(greatest), last \(last).",
      "\(name)：最小 \(least)，最大 \(greatest)，最新 \(last)。")
  }

  func empty(_ name: String) -> String { pick("\(name): no data.", "\(name)：无数据。") }

  func threshold(_ label: String, _ value: String) -> String {
    pick("Threshold \(label): \(value).", "阈值 \(label)：\(value)。")
  }

  func lane(_ name: String, _ count: Int) -> String {
    pick("\(name): \(count) \(count == 1 ? "span" : "spans").", "\(name)：\(count) 段。")
  }

  /// A month of a year's twelve.
  func month(_ number: Int) -> String {
    let number = min(max(number, 1), 12)
    return pick(Self.months[number - 1], "\(number)月")
  }

  /// A day of a month.
  func day(_ day: Int, month: Int) -> String {
    pick("\(day) \(self.month(month))", "\(self.month(month))\(day)日")
  }

  /// What `text`, a day or a month, is with its year.
  func withYear(_ text: String, _ year: Int64) -> String {
    pick("\(text) \(year)", "\(year)年\(text)")
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
