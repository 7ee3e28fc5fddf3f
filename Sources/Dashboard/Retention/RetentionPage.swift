import Charts
import SnapshotStore
import StreamCore

/// One retention table: who comes back, by cohort and period.
enum RetentionPage {
  static let endpoints: [Endpoint] = [
    .page(
      "/retention", summary: "Retention.",
      parameters: [
        .query("retention", .text(max: 1_024), "Its name; the first without it."),
        .query("show", .choice(Content.allCases.map(\.rawValue)), "What stands in the cells."),
        .query("by", .text(max: 256), "The dimension to split by."),
        .query("dimensions", .text(max: 4_096), "Only who has these dimensions."),
        .query("cohorts", .integer(1...200), "How many cohorts, from the newest on."),
      ]
    ) { asked in try page(asked) }
  ]

  /// What stands in the cells.
  enum Content: String, CaseIterable {
    case share, users, amount
  }

  private static let path = "/retention"
  private static let kept = ["retention", "show", "by", "dimensions", "cohorts"]
  private static let seriesMax = 6

  private static func page(_ asked: Asked) throws -> Answer {
    let words = asked.words
    let names = try asked.reader.names(of: .retention)
    guard let name = asked.text("retention") ?? names.first else {
      return PageFrame.answer(
        asked, .retention, title: words.frame.retention,
        body: "<p class=\"notice\">\(words.results.noneDefined)</p>")
    }
    let wanted = asked.text("by")
    let count = asked.integer("cohorts").map(Int.init) ?? RetentionData.cohortsMax
    guard
      let data = try RetentionData.read(
        asked, name, by: wanted, cohorts: count, dimensions: ResultsAPI.dimensions(asked))
    else { throw Problem.nothingNamed(name) }
    let tabs =
      names.count < 2
      ? HTML.empty
      : Numbers.tabs(
        words.retention.table,
        names.map { ($0, asked.link(path, ["retention": $0], keeping: ["show"]), $0 == name) })
    let content = content(asked, data)
    let by = wanted.flatMap { data.names.contains($0) ? $0 : nil }
    let isRecurring = try isRecurring(asked, name)
    return PageFrame.answer(
      asked, .retention, title: "\(words.frame.retention): \(name)",
      subtitle: "<span class=\"muted\">\(words.results.zone(asked.file.zone.name))</span>",
      body: """
        \(tabs)\(choices(asked, data, content))
        <div id="retention" data-live>
        \(headline(asked, data, isRecurring: isRecurring))\
        \(triangle(asked, name, data, content))
        \(curve(asked, data, content, by))\(table(asked, name, data))</div>
        """)
  }

  private static func content(_ asked: Asked, _ data: RetentionData) -> Content {
    let wanted = asked.text("show").flatMap(Content.init) ?? .share
    return wanted == .amount && data.all?.hasAmounts != true ? .share : wanted
  }

  private static func choices(_ asked: Asked, _ data: RetentionData, _ content: Content) -> HTML {
    let words = asked.words
    let own = words.retention
    var shown: [(Content, String)] = [(.share, own.share), (.users, own.users)]
    if data.all?.hasAmounts == true { shown.append((.amount, own.amounts)) }
    var html = Numbers.tabs(
      words.frame.show,
      shown.map {
        ($0.1, asked.link(path, ["show": $0.0.rawValue], keeping: kept), $0.0 == content)
      })
    if !data.names.isEmpty {
      let chosen = asked.text("by")
      html += Numbers.tabs(
        words.results.split,
        [(words.results.noSplit, asked.link(path, ["by": nil], keeping: kept), chosen == nil)]
          + data.names.map {
            (words.series.by($0), asked.link(path, ["by": $0], keeping: kept), chosen == $0)
          })
    }
    if let text = asked.text("dimensions") {
      let link = asked.link(path, ["dimensions": nil], keeping: kept)
      html += """
        <p>\(words.series.oneSeries(Numbers.series(text, words))) · \
        <a href="\(link)">\(words.frame.all)</a></p>
        """
    }
    return html
  }

  // MARK: - What people want to know first

  /// Whether somebody is in a cohort of each unit with a start event.
  private static func isRecurring(_ asked: Asked, _ name: String) throws -> Bool {
    try asked.facts().option("mode", of: name, "retention") == "recurring"
  }

  private static func headline(
    _ asked: Asked, _ data: RetentionData, isRecurring: Bool
  ) -> HTML {
    let words = asked.words
    guard let all = data.all, let first = RetentionMean.means(all).first(where: { $0.period == 1 })
    else { return "<p class=\"notice\">\(words.retention.headlineNone)</p>" }
    let own = words.retention
    let share = Numbers.share(first.share, words)
    let period = own.period(data.length, 1)
    guard isRecurring else {
      let text = own.headline(Numbers.count(first.returned), period, share)
      return "<div class=\"notice verdict\"><strong>\(text)</strong></div>"
    }
    let text = own.recurring(share, period, Numbers.count(first.users), own.unit(data.length))
    return """
      <div class="notice verdict"><strong>\(text)</strong>\
      <div class="muted">\(own.recurringNote)</div></div>
      """
  }

  // MARK: - The triangle

  private static func triangle(
    _ asked: Asked, _ name: String, _ data: RetentionData, _ content: Content
  ) -> HTML {
    guard let all = data.all else { return .empty }
    let own = asked.words.retention
    let (unit, title) = unit(content, own)
    let first = content == .amount ? 0 : 1
    let rows = all.cohorts.map { cohort in
      HeatMap.Row(
        name: cohort.cohort, note: cohort.users.map(Numbers.count) ?? "",
        cells: cohort.cells.dropFirst(first).map { cell in
          HeatMap.Cell(value(cell, of: cohort, content), isUnfinished: cell.isProvisional)
        })
    }
    let last = max(all.lastPeriod, first)
    let map = HeatMap(
      title: own.triangle(title), unit: unit, columns: (first...last).map { "\($0)" },
      columnsTitle: own.periods(data.length), rows: rows)
    let caption = content == .amount ? own.amountNote : ""
    let cut: HTML =
      data.isCut ? "<p class=\"muted\">\(own.cut(all.cohorts.count))</p>" : .empty
    return PageFrame.figure(asked, map, id: "triangle", caption: caption) + cut
  }

  private static func unit(_ content: Content, _ words: RetentionWords) -> (ValueUnit, String) {
    switch content {
    case .share: (.share, words.share)
    case .users: (.count(""), words.users)
    case .amount: (.number(""), words.amounts)
    }
  }

  private static func value(
    _ cell: RetentionTriangle.Cell, of cohort: RetentionTriangle.Cohort, _ content: Content
  ) -> Double? {
    switch content {
    case .share: cohort.share(cell)
    case .users: Double(cell.users)
    case .amount: cell.perHead
    }
  }

  // MARK: - The curve

  private static func curve(
    _ asked: Asked, _ data: RetentionData, _ content: Content, _ by: String?
  ) -> HTML {
    let words = asked.words
    let own = words.retention
    let shown = content == .amount ? Content.amount : .share
    let first = shown == .amount ? 0 : 1
    func line(_ name: String, _ triangle: RetentionTriangle) -> PeriodChart.Line {
      let means = RetentionMean.means(triangle)
      let last = max(means.last?.period ?? 0, first)
      return PeriodChart.Line(
        name: name,
        values: (first...last).map { period in
          means.first { $0.period == period }.flatMap { shown == .amount ? $0.perHead : $0.share }
        })
    }
    guard let all = data.all else { return .empty }
    var lines = [line(words.frame.all, all)]
    if by != nil {
      lines += data.triangles.prefix(seriesMax - 1).map {
        line(Numbers.series($0.dimensions, words), $0)
      }
    }
    let (unit, title) = unit(shown, own)
    let chart = PeriodChart(
      title: own.curve(title), unit: unit, periodsTitle: own.periods(data.length), first: first,
      lines: lines)
    return PageFrame.figure(asked, chart, id: "curve", caption: own.curveNote)
      + series(asked, data, by)
  }

  /// Values of the dimension, with the share of the first period and links to one alone.
  private static func series(_ asked: Asked, _ data: RetentionData, _ by: String?) -> HTML {
    guard let by else { return .empty }
    let words = asked.words
    var table = PageTable(
      words.series.by(by),
      [.init(by), .init(words.results.users, isNumber: true)]
        + [1, 2, 4].map { .init(words.retention.period(data.length, $0), isNumber: true) })
    for triangle in data.triangles.prefix(20) {
      let means = RetentionMean.means(triangle)
      let json = Dimensions.json(triangle.dimensions)
      let link = asked.link(path, ["dimensions": json, "by": nil], keeping: kept)
      let users = triangle.cohorts.reduce(0) { $0 + ($1.users ?? 0) }
      let name = Numbers.series(triangle.dimensions, words)
      let head: HTML =
        asked.mayFilter(triangle.dimensions.keys) ? .link(link, name) : .text(name)
      table.add(
        [head, "\(Numbers.count(users))"]
          + [1, 2, 4].map { period in
            let share = means.first { $0.period == period }?.share
            return "\(Numbers.share(share, words))"
          })
    }
    let rest = data.triangles.count - 20
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.results.more(rest))</p>" : .empty
    return "<h2>\(words.series.by(by))</h2>\(table.html)\(more)"
  }

  private static func table(_ asked: Asked, _ name: String, _ data: RetentionData) -> HTML {
    guard let all = data.all else { return .empty }
    let words = asked.words
    let own = words.retention
    var columns: [PageTable.Column] = [
      .init(own.periodColumn), .init(own.cohorts, isNumber: true),
      .init(words.results.users, isNumber: true), .init(own.returned, isNumber: true),
      .init(own.share, isNumber: true),
    ]
    if all.hasAmounts { columns.append(.init(own.amounts, isNumber: true)) }
    var table = PageTable(words.results.table, columns)
    for mean in RetentionMean.means(all) where mean.period > 0 || all.hasAmounts {
      var cells: [HTML] = [
        "\(own.period(data.length, mean.period))", "\(mean.cohorts)",
        "\(Numbers.count(mean.users))", "\(Numbers.count(mean.returned))",
        "\(Numbers.share(mean.share, words))",
      ]
      if all.hasAmounts {
        let text = mean.perHead.map { words.results.short(.number(""), $0) } ?? words.frame.missing
        cells.append("\(text)")
      }
      table.add(cells)
    }
    let csv = asked.link(
      "/api/v1/retention/\(URLText.encoded(name))/rows", ["format": "csv", "limit": "1000"],
      keeping: ["dimensions"])
    return """
      <h2>\(words.results.table)</h2><p><a href="\(csv)">\(words.frame.csv)</a></p>\(table.html)
      """
  }
}
