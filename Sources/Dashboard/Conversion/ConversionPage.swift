import Charts
import SnapshotStore
import StreamCore

/// One funnel: how far people come, how long it takes them, who does and when.
enum ConversionPage {
  static let endpoints: [Endpoint] = [
    .page(
      "/conversion", summary: "Funnels.",
      parameters: [
        .query("funnel", .text(max: 1_024), "Its name; the first without it."),
        .query("by", .text(max: 256), "The dimension to split by."),
        .query("dimensions", .text(max: 4_096), "Only who has these dimensions."),
        .query("compare", .flag, "Against the range before, at equal age."),
      ] + TimeSpan.parameters
    ) { asked in try page(asked) }
  ]

  private static let path = "/conversion"
  private static let kept = ["funnel", "by", "dimensions", "compare"]
  private static let seriesMax = 6
  private static let presets: [RangePreset] = [.hours24, .days7, .days30, .days90, .all]

  private static func page(_ asked: Asked) throws -> Answer {
    let words = asked.words
    let names = try asked.reader.names(of: .funnels)
    guard let name = asked.text("funnel") ?? names.first else {
      return PageFrame.answer(
        asked, .conversion, title: words.frame.conversion,
        body: "<p class=\"notice\">\(words.results.noneDefined)</p>")
    }
    guard let reach = try asked.reader.reach(of: .funnels, name: name) else {
      throw Problem.nothingNamed(name)
    }
    let span = TimeSpan(asked, end: reach.end, usual: .days30)
    let dimensions = try ResultsAPI.dimensions(asked)
    let data = try FunnelData.read(
      asked, name, from: span.from, to: span.to, dimensions: dimensions)
    let facts = try asked.facts()
    let within = facts.option("within", of: name, "funnel").flatMap { Int64($0) }
    let subtitle = within.map { words.conversion.definition(Numbers.duration($0, words)) } ?? ""
    let tabs =
      names.count < 2
      ? HTML.empty
      : Numbers.tabs(
        words.conversion.funnel,
        names.map { ($0, asked.link(path, ["funnel": $0], keeping: TimeSpan.names), $0 == name) })
    let per = facts.option("per", of: name, "funnel")
    let picker = span.picker(asked, path: path, end: reach.end, keeping: kept, presets: presets)
    let total = data.total
    let split = data.split(by: asked.text("by"))
    let sizes = split ?? [total].compactMap(\.self)
    return PageFrame.answer(
      asked, .conversion, title: "\(words.frame.conversion): \(name)",
      subtitle: "<span class=\"muted\">\(subtitle)</span>",
      body: """
        \(tabs)\(picker)\(splits(asked, data))
        <div id="funnel" data-live>
        \(headline(asked, data, total, per: per))\(bars(asked, total))\(steps(asked, total))
        \(try compared(asked, name, data, dimensions))
        \(series(asked, split))\(windows(asked, name, data, sizes))</div>
        """)
  }

  // MARK: - Choices

  private static func splits(_ asked: Asked, _ data: FunnelData) -> HTML {
    let words = asked.words
    let all = kept + TimeSpan.names
    var tabs: [(text: String, link: String, isCurrent: Bool)] = []
    if !data.names.isEmpty {
      let chosen = asked.text("by")
      tabs.append(
        (words.results.noSplit, asked.link(path, ["by": nil], keeping: all), chosen == nil))
      for name in data.names {
        let link = asked.link(path, ["by": name], keeping: all)
        tabs.append((words.series.by(name), link, chosen == name))
      }
    }
    let split: HTML = tabs.isEmpty ? .empty : Numbers.tabs(words.results.split, tabs)
    var only = HTML.empty
    if let text = asked.text("dimensions") {
      let link = asked.link(path, ["dimensions": nil], keeping: all)
      only = """
        <p>\(words.series.oneSeries(Numbers.series(text, words))) · \
        <a href="\(link)">\(words.frame.all)</a></p>
        """
    }
    let isOn = asked.flag("compare")
    let compare = asked.link(path, ["compare": isOn ? nil : "true"], keeping: all)
    let text = isOn ? words.conversion.compareNot : words.conversion.compare
    return "\(split)\(only)<p class=\"choice\"><a href=\"\(compare)\">\(text)</a></p>"
  }

  // MARK: - Steps

  private static func headline(
    _ asked: Asked, _ data: FunnelData, _ total: FunnelBlock?, per: String?
  ) -> HTML {
    let words = asked.words
    guard let total, total.entries > 0, let last = total.steps.last else {
      return "<p class=\"notice\">\(words.conversion.headlineNone)</p>"
    }
    let open = data.openWindows
    let note: HTML =
      open > 0 ? "<div class=\"muted\">\(words.conversion.unfinished(open))</div>" : .empty
    let entries: HTML =
      total.windows > 1 || per != nil
      ? "<div class=\"muted\">\(words.conversion.entriesNote)</div>" : .empty
    let text = words.conversion.headline(
      Numbers.count(total.entries), Numbers.count(last.users),
      Numbers.share(last.fromStart, words))
    return "<div class=\"notice verdict\"><strong>\(text)</strong>\(entries)\(note)</div>"
  }

  private static func bars(_ asked: Asked, _ total: FunnelBlock?) -> HTML {
    guard let total, total.entries > 0 else { return .empty }
    let words = asked.words
    let own = words.conversion
    let worst = total.steps.dropFirst().min { ($0.fromPrevious ?? 1) < ($1.fromPrevious ?? 1) }
    let bars = total.steps.enumerated().map { index, step in
      var notes = [own.ofEnteredNote(Numbers.share(step.fromStart, words))]
      if index > 0 { notes.append(own.ofBeforeNote(Numbers.share(step.fromPrevious, words))) }
      if total.steps.count > 2, step.step == worst?.step { notes.append(own.worst) }
      return BarList.Bar(
        name: step.name, value: Double(step.users),
        note: index == 0 ? "" : notes.joined(separator: " · "))
    }
    let list = BarList(title: own.steps, unit: .count(""), bars: bars)
    return PageFrame.figure(asked, list, id: "steps")
  }

  private static func steps(_ asked: Asked, _ total: FunnelBlock?) -> HTML {
    guard let total, total.entries > 0 else { return .empty }
    let words = asked.words
    let own = words.conversion
    guard !total.lacksTimes else { return "<p class=\"muted\">\(own.timesNote)</p>" }
    var table = PageTable(
      own.steps,
      [
        .init(own.step), .init(own.entries, isNumber: true), .init(own.ofEntered, isNumber: true),
        .init(own.ofBefore, isNumber: true), .init(own.p50, isNumber: true),
        .init(own.p90, isNumber: true),
      ])
    for (index, step) in total.steps.enumerated() {
      table.add([
        "\(step.name)", "\(Numbers.count(step.users))", "\(Numbers.share(step.fromStart, words))",
        "\(index == 0 ? "" : Numbers.share(step.fromPrevious, words))",
        "\(index == 0 ? "" : Numbers.duration(step.p50Ms, words))",
        "\(index == 0 ? "" : Numbers.duration(step.p90Ms, words))",
      ])
    }
    return table.html
  }

  // MARK: - Two ranges at equal age

  private static func compared(
    _ asked: Asked, _ name: String, _ data: FunnelData, _ dimensions: [String: String?]
  ) throws -> HTML {
    guard asked.flag("compare") else { return .empty }
    let words = asked.words
    let own = words.conversion
    let now = data.finishedStarts
    var block = "<h2>\(own.compared)</h2>" as HTML
    guard let first = now.first,
      case let starts = try asked.reader.latestStarts(
        of: .funnels, name: name, before: first, limit: min(now.count, 400)),
      let oldest = starts.last
    else { return block + "<p class=\"notice\">\(own.nothingToCompare)</p>" }
    let old = try FunnelData.read(asked, name, from: oldest, to: first, dimensions: dimensions)
    let before = old.finishedStarts.suffix(now.count)
    // As many of either range, so that neither has more of a weekend or an evening.
    let held = now.suffix(before.count)
    guard let a = data.only(held).total, let b = old.only(before).total else {
      return block + "<p class=\"notice\">\(own.nothingToCompare)</p>"
    }
    var table = PageTable(
      own.compared,
      [
        .init(own.step), .init(own.now, isNumber: true), .init(own.before, isNumber: true),
        .init(own.difference, isNumber: true),
        .init("\(own.ofBefore): \(own.now)", isNumber: true),
        .init("\(own.ofBefore): \(own.before)", isNumber: true),
      ])
    for (x, y) in zip(a.steps, b.steps) {
      let isFirst = x.step == 1
      table.add([
        "\(x.name)",
        isFirst ? "\(Numbers.count(x.users))" : "\(Numbers.share(x.fromStart, words))",
        isFirst ? "\(Numbers.count(y.users))" : "\(Numbers.share(y.fromStart, words))",
        isFirst
          ? Numbers.change(
            Double(x.users), from: Double(y.users), .count(""), better: nil, words)
          : Numbers.change(x.fromStart, from: y.fromStart, .share, better: .up, words),
        "\(isFirst ? "" : Numbers.share(x.fromPrevious, words))",
        "\(isFirst ? "" : Numbers.share(y.fromPrevious, words))",
      ])
    }
    block += "<p class=\"muted\">\(own.comparedHow(held.count, before.count))</p>\(table.html)"
    return block
  }

  // MARK: - Who

  private static func series(_ asked: Asked, _ split: [FunnelBlock]?) -> HTML {
    guard let blocks = split, let by = asked.text("by") else { return .empty }
    let words = asked.words
    guard let steps = blocks.first?.steps else { return .empty }
    var columns: [PageTable.Column] = [
      .init(by), .init(words.conversion.entered, isNumber: true),
    ]
    columns += steps.dropFirst().map { .init($0.name, isNumber: true) }
    let hasTimes = blocks.prefix(20).contains { $0.steps.last?.p50Ms != nil }
    if hasTimes {
      columns += [
        .init(words.conversion.p50, isNumber: true), .init(words.conversion.p90, isNumber: true),
      ]
    }
    var table = PageTable(words.series.by(by), columns)
    for block in blocks.prefix(20) {
      let link = asked.link(
        path, ["dimensions": Dimensions.json(block.dimensions), "by": nil],
        keeping: kept + TimeSpan.names)
      let name = Numbers.series(block.dimensions, words)
      let head: HTML =
        asked.mayFilter(block.dimensions.keys) ? .link(link, name) : .text(name)
      table.add(
        [head, "\(Numbers.count(block.entries))"]
          + block.steps.dropFirst().map { "\(Numbers.share($0.fromStart, words))" as HTML }
          + [block.steps.last?.p50Ms, block.steps.last?.p90Ms].map {
            "\(Numbers.duration($0, words))" as HTML
          })
    }
    let rest = blocks.count - 20
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.results.more(rest))</p>" : .empty
    return "<h2>\(words.series.by(by))</h2>\(table.html)\(more)"
  }

  // MARK: - When

  private static func windows(
    _ asked: Asked, _ name: String, _ data: FunnelData, _ sizes: [FunnelBlock]
  ) -> HTML {
    let words = asked.words
    let own = words.conversion
    let blocks = FunnelBlock.blocks(data.rows, by: [], total: false)
    guard let steps = blocks.first?.steps, let last = steps.last else { return .empty }
    let cut: HTML =
      data.cutAt.map {
        "<p class=\"muted\">\(words.results.cut(ZoneTimes.minute($0, asked.file.zone)))</p>"
      } ?? .empty
    let chart = TimeChart(
      title: own.byWindowChart(last.name), unit: .share, zone: asked.file.zone,
      series: lines(asked, data, last, blocks, sizes))
    let figure =
      blocks.count > 1
      ? PageFrame.figure(asked, chart, id: "windows", caption: words.series.openNote) : .empty
    var columns: [PageTable.Column] = [
      .init(own.windowColumn), .init(own.entered, isNumber: true),
    ]
    columns += steps.dropFirst().map { .init($0.name, isNumber: true) }
    let hasTimes = blocks.prefix(60).contains { $0.steps.last?.p50Ms != nil }
    if hasTimes {
      columns += [.init(own.p50, isNumber: true), .init(own.p90, isNumber: true)]
    }
    columns.append(.init(words.results.status))
    var table = PageTable(own.byWindow, columns)
    for block in blocks.prefix(60) {
      let from = ZoneTimes.field(block.entryStart, asked.file.zone)
      let to = ZoneTimes.field(block.entryEnd, asked.file.zone)
      let link = asked.link(
        path, ["from": from, "to": to], keeping: ["funnel", "by", "dimensions"])
      let end = block.steps.last
      table.add(
        [
          .link(link, ZoneTimes.window(block.entryStart, block.entryEnd, asked.file.zone)),
          "\(Numbers.count(block.entries))",
        ]
          + block.steps.dropFirst().map { "\(Numbers.share($0.fromStart, words))" as HTML }
          + (hasTimes
            ? ["\(Numbers.duration(end?.p50Ms, words))", "\(Numbers.duration(end?.p90Ms, words))"]
            : [])
          + [Numbers.status(block.isProvisional ? .provisional : .final, words)])
    }
    let csv = asked.link(
      "/api/v1/funnels/\(URLText.encoded(name))/rows",
      ["format": "csv", "newest_first": "true", "limit": "1000"],
      keeping: ["from", "to", "dimensions"])
    return """
      <h2>\(own.byWindow)</h2>\(figure)\(cut)
      <p><a href="\(csv)">\(words.frame.csv)</a></p>\(table.html)
      """
  }

  /// Conversion to the last step by entry window: of the greatest series where it is split, else of
  /// all together.
  private static func lines(
    _ asked: Asked, _ data: FunnelData, _ last: FunnelBlock.Step, _ windows: [FunnelBlock],
    _ sizes: [FunnelBlock]
  ) -> [TimeChart.Series] {
    let by = sizes.first.map { Array($0.dimensions.keys) } ?? []
    let blocks = by.isEmpty ? windows : FunnelBlock.blocks(data.rows, by: by, total: false)
    let byDimensions = Dictionary(grouping: blocks, by: \.dimensions)
    return sizes.prefix(seriesMax).map { whole in
      TimeChart.Series(
        name: by.isEmpty ? last.name : Numbers.series(whole.dimensions, asked.words),
        points: (byDimensions[whole.dimensions] ?? []).map { block in
          TimeChart.Point(
            time: block.entryStart, value: block.steps.last?.fromStart,
            isProvisional: block.isProvisional)
        })
    }
  }
}
