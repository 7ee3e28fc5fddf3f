import Charts
import SnapshotStore
import StreamCore

/// Numbers and marks as the pages of results write them.
enum Numbers {
  /// What a KPI's unit is.
  static func unit(_ text: String?) -> ValueUnit {
    switch text {
    case nil, "": .number("")
    case "%": .share
    case let name?: .number(name)
    }
  }

  /// A number in few digits, with its unit in small letters.
  static func value(_ value: Double?, _ unit: ValueUnit, _ words: Words) -> HTML {
    guard let value else { return "\(words.frame.missing)" }
    switch unit {
    case .count(let name), .number(let name):
      guard !name.isEmpty else { return "\(words.results.short(unit, value))" }
      return "\(words.results.short(unit, value))<span class=\"unit\">\(name)</span>"
    case .share, .durationMs: return "\(words.results.short(unit, value))"
    }
  }

  /// A number in few digits with its unit, as text.
  static func described(_ value: Double, _ unit: ValueUnit, _ words: Words) -> String {
    let text = words.results.short(unit, value)
    switch unit {
    case .count(let name), .number(let name): return name.isEmpty ? text : "\(text) \(name)"
    case .share, .durationMs: return text
    }
  }

  /// By how much something grew: with a sign, of shares in points.
  static func signed(_ value: Double, _ unit: ValueUnit, _ words: Words) -> String {
    let sign = value > 0 ? "+" : value < 0 ? "−" : ""
    guard unit == .share else { return sign + words.results.short(unit, value.magnitude) }
    return sign + words.results.short(.number(""), value.magnitude * 100) + words.results.points
  }

  /// By how much a number differs from another: in per cent of that, of shares in points.
  static func difference(_ value: Double, from before: Double, _ unit: ValueUnit, _ words: Words)
    -> String?
  {
    if unit == .share {
      let points = (value - before) * 100
      let sign = points > 0 ? "+" : points < 0 ? "−" : "±"
      return sign + words.results.short(.number(""), points.magnitude) + words.results.points
    }
    guard before != 0 else { return nil }
    let share = (value - before) / before.magnitude
    guard share.isFinite else { return nil }
    let sign = share > 0 ? "+" : share < 0 ? "−" : "±"
    return sign + ValueUnit.share.short(share.magnitude)
  }

  /// The difference, coloured by the way that people want it to go.
  static func change(
    _ value: Double?, from before: Double?, _ unit: ValueUnit, better: KPIDirection?, _ words: Words
  ) -> HTML {
    guard let value, let before,
      let text = difference(value, from: before, unit, words)
    else { return "<span class=\"muted\">\(words.frame.missing)</span>" }
    guard let better, value != before else { return "<span class=\"number\">\(text)</span>" }
    let isGood = (value > before) == (better == .up)
    let arrow = value > before ? "▲" : "▼"
    return
      "<span class=\"number \(HTML(markup: isGood ? "up" : "down"))\">\(arrow) \(text)</span>"
  }

  /// A status, where it is not that of all.
  static func status(_ status: ResultStatus, _ words: Words) -> HTML {
    switch status {
    case .provisional: "<span class=\"tag provisional\">\(words.frame.provisional)</span>"
    case .final: "<span class=\"muted\">\(words.frame.final)</span>"
    case .restated: "<span class=\"tag warning\">\(words.frame.restated)</span>"
    }
  }

  /// A whole number with commas.
  static func count(_ value: Int64) -> String { ValueUnit.count("").full(Double(value)) }

  /// A share in per cent.
  static func share(_ value: Double?, _ words: Words) -> String {
    value.map { ValueUnit.share.short($0) } ?? words.frame.missing
  }

  /// A length of time.
  static func duration(_ ms: Int64?, _ words: Words) -> String {
    ms.map { words.results.short(.durationMs, Double($0)) } ?? words.frame.missing
  }

  /// `platform=ios channel=web`, or a word for what has no dimensions.
  static func series(_ dimensions: String, _ words: Words) -> String {
    series(Dimensions.read(dimensions), words)
  }

  /// Likewise, of values that were read; a lone dimension by its value alone.
  static func series(_ values: DimensionValues, _ words: Words) -> String {
    if values.count == 1, let value = values.values.first {
      return value == .null ? words.results.without : value.description
    }
    let text = Dimensions.text(values)
    return text.isEmpty ? words.frame.all : text
  }

  /// A part of an id that is unique on a page.
  static func identifier(_ text: String) -> String {
    let kept = text.unicodeScalars.map { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_": String(scalar)
      default: "-" + String(scalar.value, radix: 16)
      }
    }
    return kept.joined()
  }

  /// Links from which one choice is made.
  static func tabs(_ label: String, _ tabs: [(text: String, link: String, isCurrent: Bool)]) -> HTML
  {
    let links = tabs.html { tab -> HTML in
      let mark: HTML = tab.isCurrent ? " aria-current=\"true\"" : ""
      return "<a href=\"\(tab.link)\"\(mark)>\(tab.text)</a>"
    }
    return "<nav class=\"tabs\" aria-label=\"\(label)\">\(links)</nav>"
  }
}

extension Language {
  /// The words of charts.
  var charts: ChartWords {
    switch self {
    case .english: .english
    case .chinese: .chinese
    }
  }
}

extension PageFrame {
  /// A chart in the reader's language, with text below it.
  static func figure(
    _ asked: Asked, _ chart: some Chart, id: String, caption: String = ""
  ) -> HTML {
    var chart = chart
    chart.words = asked.language.charts
    return figure(chart, id: id, caption: caption)
  }

  /// A small chart for a card, without a width for phones.
  static func smallChart(_ asked: Asked, _ chart: some Chart, id: String) -> HTML {
    var chart = chart
    chart.words = asked.language.charts
    return HTML(markup: chart.svg(id: id, width: 400))
  }
}
