import Charts
import SnapshotStore
import StreamCore

/// The page of what came in, where from, and what became of it.
struct DataPage {
  static let endpoints: [Endpoint] = [
    .page("/data", summary: "Events, partitions, samples, messages, restatements.") { asked in
      try DataPage(asked).answer()
    }.fresh
  ]

  let asked: Asked
  private let partitions: [PartitionProgress]
  private let manifest: [String: String]
  private let live: LiveFigures?

  private var words: DataWords { asked.words.data }
  private var zone: Zone { asked.file.zone }

  /// Partitions of the chart, and of the table.
  private static let barsMax = 24
  private static let partitionsMax = 1_000

  init(_ asked: Asked) throws {
    self.asked = asked
    partitions = try asked.reader.partitions()
    manifest = try asked.reader.manifest()
    live = asked.console.setup.live?()
  }

  func answer() throws -> Answer {
    let samples = SampleSection(asked: asked)
    return PageFrame.answer(
      asked, .data, title: asked.words.frame.data, subtitle: "\(try watermark) \(asked.zoneNote)",
      body: """
        <section id="data-figures" data-live>\(figures)</section>
        <section id="data-partitions" data-live><h2>\(words.partitions)</h2>\
        \(fates)\(table)\(csv("partitions"))</section>
        <section id="data-reasons" data-live>\(reasons)</section>
        <section id="data-rejected" data-live><h2>\(words.rejectedSamples)</h2>\
        \(try samples.html(.rejected))</section>
        <section id="data-late" data-live><h2>\(words.lateSamples)</h2>\
        \(try samples.html(.late))</section>
        <section id="data-outbox" data-live><h2>\(words.outbox)</h2>\
        \(try OutboxSection(asked: asked).html)</section>
        <section id="data-stages" data-live>\(stages)</section>
        <section id="data-restatements" data-live><h2>\(words.restatements)</h2>\
        \(try RestatementSection(asked: asked).html)</section>
        <section id="data-file" data-live><h2>\(words.file)</h2>\(file)</section>
        \(commands)
        """)
  }

  private func csv(_ list: String) -> HTML {
    "<p><a href=\"\(APIPath.prefix)/\(list)?format=csv\">\(asked.words.frame.csv)</a></p>"
  }

  // MARK: - All together

  private var figures: HTML {
    let stored = partitions.reduce(into: FateCounts()) { $0 += $1.fates }
    let total = live?.fates ?? stored
    let share = { (part: Int64) -> HTML in
      total.read == 0
        ? .empty
        : .text(words.ofRead(ValueUnit.share.short(Double(part) / Double(total.read))))
    }
    let rate: HTML =
      live.map {
        .text(words.perSecond(PageText.number($0.perSecond.rounded(), asked.words)))
      } ?? .empty
    var items: [(String, HTML, HTML)] = [
      (words.read, .text(PageText.count(total.read)), rate),
      (words.applied, .text(PageText.count(total.applied)), share(total.applied)),
      (words.rejected, .text(PageText.count(total.rejected)), share(total.rejected)),
      (words.filtered, .text(PageText.count(total.filtered)), share(total.filtered)),
      (words.late, .text(PageText.count(total.late)), share(total.late)),
      (words.duplicate, .text(PageText.count(total.duplicate)), share(total.duplicate)),
    ]
    if let lag = live?.lag {
      items.append((words.lag, .text(PageText.count(lag)), .text(words.lagHelp)))
    }
    return .figures(items)
  }

  /// How far everything is closed.
  private var watermark: HTML {
    get throws {
      let watermark = try live?.watermark ?? asked.reader.snapshots(limit: 1).first?.watermark
      guard let watermark, watermark > .distantPast, watermark < .distantFuture else {
        return .empty
      }
      let clock = live?.clock ?? partitions.compactMap(\.clock).max()
      let note = clock.map {
        words.behindClock(PageText.duration(max(0, $0.ms - watermark.ms), asked.words))
      }
      return """
        <span id="data-watermark" data-live>\(words.watermark) \
        \(ZoneTimes.second(watermark, zone))\(note.map { ", " + $0 } ?? "")</span>
        """
    }
  }

  // MARK: - Partitions

  private var fates: HTML {
    guard !partitions.isEmpty else { return .empty }
    let bars = partitions.prefix(Self.barsMax).map { partition in
      let fates = partition.fates
      return ShareBars.Bar(
        name: "\(partition.id.topic)/\(partition.id.partition)",
        values: [
          Double(fates.applied), Double(fates.filtered), Double(fates.duplicate),
          Double(fates.late), Double(fates.rejected),
        ])
    }
    let chart = ShareBars(
      title: words.fates,
      parts: [words.applied, words.filtered, words.duplicate, words.late, words.rejected],
      bars: Array(bars))
    let rest = partitions.count - Self.barsMax
    return asked.figure(
      chart, id: "fates", caption: rest > 0 ? words.restOfPartitions(rest) : "")
  }

  private var table: HTML {
    let lags = Dictionary(
      (live?.partitions ?? []).map { ($0.id, $0.lag) }, uniquingKeysWith: { a, _ in a })
    var columns: [PageTable.Column] = [
      .init(words.topic), .init(words.partition, isNumber: true),
      .init(words.nextOffset, isNumber: true), .init(words.clock, .time),
      .init(words.behind, isNumber: true), .init(words.state),
    ]
    if live != nil { columns.append(.init(words.lag, isNumber: true)) }
    columns += [
      words.read, words.applied, words.filtered, words.duplicate, words.late, words.rejected,
    ].map { .init($0, isNumber: true) }
    var table = PageTable(words.partitions, columns)
    let newest = partitions.compactMap(\.clock).max()
    for partition in partitions.prefix(Self.partitionsMax) {
      let fates = partition.fates
      let behind = newest.flatMap { newest in
        partition.clock.map { PageText.duration(newest.ms - $0.ms, asked.words) }
      }
      var cells: [HTML] = [
        .text(partition.id.topic), .text("\(partition.id.partition)"),
        .text(PageText.count(partition.nextOffset)),
        .text(partition.clock.map { ZoneTimes.second($0, zone) } ?? asked.words.frame.missing),
        .text(behind ?? ""),
        partition.idle ? .tag(words.idle, "warning") : .text(words.active),
      ]
      if live != nil {
        let lag = lags[partition.id] ?? nil
        cells.append(.text(lag.map(PageText.count) ?? asked.words.frame.missing))
      }
      cells += [
        fates.read, fates.applied, fates.filtered, fates.duplicate, fates.late, fates.rejected,
      ].map { .text(PageText.count($0)) }
      table.add(cells)
    }
    let none: HTML = "<p class=\"muted\">\(asked.words.frame.noData)</p>"
    return partitions.isEmpty ? none : table.html
  }

  private var reasons: HTML {
    let prefix = "rejected."
    let counts = manifest.filter { $0.key.hasPrefix(prefix) }
      .compactMap { key, value in
        Int64(value).map { (String(key.dropFirst(prefix.count)), $0) }
      }
      .filter { $0.1 > 0 }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    guard !counts.isEmpty else {
      return "<h2>\(words.reasons)</h2><p class=\"muted\">\(words.noRejected)</p>"
    }
    let chart = BarList(
      title: words.reasons, unit: .count(""),
      bars: counts.map { .init(name: words.reasonNames[$0.0] ?? $0.0, value: Double($0.1)) })
    return asked.figure(chart, id: "reasons")
  }

  private var stages: HTML {
    var rows: [String: [String: Int64]] = [:]
    for (key, value) in manifest where key.hasPrefix("stage.") {
      guard let dot = key.lastIndex(of: "."), let number = Int64(value) else { continue }
      let name = String(key[..<dot].dropFirst("stage.".count))
      rows[name, default: [:]][String(key[key.index(after: dot)...])] = number
    }
    guard !rows.isEmpty else { return .empty }
    var table = PageTable(
      words.stages,
      [
        .init(words.stage), .init(words.matched, isNumber: true),
        .init(words.unusable, isNumber: true), .init(words.stageLate, isNumber: true),
      ])
    for (name, counts) in rows.sorted(by: { $0.key < $1.key }) {
      table.add(
        [.text(name)]
          + ["matched", "unusable", "late"].map { .text(PageText.count(counts[$0] ?? 0)) })
    }
    return "<h2>\(words.stages)</h2><p class=\"muted\">\(words.stagesHelp)</p>\(table.html)"
  }

  // MARK: - The rest

  private var file: HTML {
    let sizes = asked.reader.fileSizes()
    let size = { (bytes: Int64) -> HTML in
      .text(ValueUnit.number("").short(Double(bytes)) + "B")
    }
    let own = manifest.filter {
      !$0.key.hasPrefix("stage.") && !$0.key.hasPrefix("rejected.")
        && !$0.key.hasPrefix("definition")
    }
    var table = PageTable(words.manifest, [.init(words.key), .init(words.value)])
    for (key, value) in own.sorted(by: { $0.key < $1.key }) {
      table.add([.text(key), "<code>\(value)</code>"])
    }
    let definition = asked.personal.maskedDefinition(manifest["definition"] ?? "")
    return """
      \(HTML.figures([
        (words.results, size(sizes.results), .empty), (words.wal, size(sizes.wal), .empty),
        (words.stateFile, size(sizes.state + sizes.stateWal), .empty),
      ]))
      <details><summary>\(words.manifest)</summary>\(table.html)\(csv("manifest"))</details>
      <details><summary>\(words.definition)</summary>\
      <pre tabindex="0"><code>\(definition)</code></pre></details>
      """
  }

  private var commands: HTML {
    let file = asked.commandNames.file
    return .commands(
      words.commands,
      [
        "weir report \(file)", "weir outbox list \(file)",
        "weir outbox retry \(file) --dead", "weir verify \(file)",
      ])
  }
}
