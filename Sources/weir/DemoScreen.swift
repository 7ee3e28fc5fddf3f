import StreamCore
import WorkerRuntime

/// What the screen of a demonstration shows.
struct DemoModel: Sendable {
  var zone: Zone
  var speed: Double
  var progress: DemoProgress
  var figures: DemoFigures
  var now: WallTime
  var dataPath: String
}

/// Turns what is known of a demonstration into lines of a terminal. Pure.
struct DemoScreen {
  let model: DemoModel
  private let incidents: [DemoIncident]
  private let newest: DemoMinute?

  /// Columns that the tables are made for; a narrower terminal cuts them.
  static let columns = 80
  /// Lines when there are as few minutes as `minutesMin`.
  static let rowsMin = 24
  private static let minutesMin = 4
  private static let minutesMax = 12
  private static let productColumn = 48
  private static let trendMinutes = 15
  /// Share of failing payments that fills a trend's column.
  private static let errorRateTop = 0.8

  init(_ model: DemoModel) {
    self.model = model
    incidents = DemoIncident.all(model.figures.minutes)
    newest = model.figures.minutes.last
  }

  /// The whole screen in at most `rows` lines, of which there are as many whatever is known.
  func lines(rows: Int = rowsMin) -> [DemoLine] {
    let minutes = min(
      Self.minutesMax, max(Self.minutesMin, Self.minutesMin + rows - Self.rowsMin))
    var lines = [title, DemoLine(String(repeating: "─", count: Self.columns), .faint)]
    lines += fates + [clocks, file, DemoLine()]
    lines += [revenueTrend, errorTrend, DemoLine()]
    lines += minuteTable(minutes) + [DemoLine()]
    lines += channelTable
    // Of a screen too small for all, trouble is the last to go.
    return Array(lines.prefix(max(0, rows - 2))) + incidentLines.prefix(max(1, rows))
  }

  /// How it goes in a few lines, for output that is not a terminal; the last of them tell of
  /// trouble that is over as well.
  func plainLines(isLast: Bool = false) -> [DemoLine] {
    let fates = model.progress.status.fates
    var first = DemoLine("\(time(model.progress.shopTime))  \(rate) events/s  ")
    first.add(
      "read \(Terminal.grouped(fates.read)) = applied \(Terminal.grouped(fates.applied))")
    first.add(" + duplicate \(fates.duplicate) + late \(fates.late) + rejected \(fates.rejected)")
    first.add(" + filtered \(fates.filtered)")
    guard let newest else { return [first] }
    let total = newest.total
    var second = DemoLine("          minute \(minute(newest.start)) ")
    second.add(
      "\(DemoFormat.grouped(total.events)) events, ¥\(DemoFormat.grouped(total.revenue)), ")
    second.add("\(DemoFormat.grouped(total.orders)) orders, ")
    second.add("payment errors \(DemoFormat.percent(total.errorRate))")
    return [first, second]
      + incidents.filter { $0.isOngoing || isLast }.map { line(of: $0, indent: 10) }
  }

  // MARK: - Head

  private var title: DemoLine {
    var line = DemoLine(" WEIR", .strong)
    let speed = model.speed
    let text = speed == speed.rounded() ? DemoFormat.grouped(speed) : String(speed)
    line.add("  a simulated shop, \(text)× real time")
    let clock = "\(day(model.progress.shopTime)) \(time(model.progress.shopTime))"
    line.add(right: clock + " " + model.zone.name, Self.columns - line.width - 1, .strong)
    return line
  }

  private var fates: [DemoLine] {
    let fates = model.progress.status.fates
    let columns: [(String, String, DemoStyle)] = [
      ("events/s", rate, .strong), ("read", Terminal.grouped(fates.read), .plain),
      ("applied", Terminal.grouped(fates.applied), .good),
      ("duplicate", Terminal.grouped(fates.duplicate), .plain),
      ("late", Terminal.grouped(fates.late), .plain),
      ("rejected", Terminal.grouped(fates.rejected), .plain),
      ("filtered", Terminal.grouped(fates.filtered), .plain),
    ]
    var names = DemoLine()
    var values = DemoLine()
    for (name, value, style) in columns {
      names.add(right: name, 11, .faint)
      values.add(right: value, 11, style)
    }
    return [names, values]
  }

  private var rate: String {
    model.progress.readPerSecond.map { DemoFormat.grouped($0) } ?? "–"
  }

  private var clocks: DemoLine {
    var line = DemoLine("   watermark ", .faint)
    guard let watermark = model.progress.status.watermark else {
      line.add("none before every partition has had an event", .faint)
      return line
    }
    line.add(time(watermark), .strong)
    let delayMs = model.progress.shopTime.ms - watermark.ms
    line.add(", \(DemoFormat.span(delayMs)) behind the shop's clock: what ended before is final")
    return line
  }

  private var file: DemoLine {
    var line = DemoLine("   snapshot  ", .faint)
    guard model.figures.snapshotID > 0 else {
      line.add("none yet", .faint)
      return line
    }
    let ageMs = model.now.ms - model.figures.snapshotTaken.ms
    line.add(Terminal.grouped(model.figures.snapshotID), .strong)
    line.add(", \(DemoFormat.span(ageMs)) ago, in ")
    line.add(shortened(model.dataPath, Self.columns - line.width - 1))
    return line
  }

  /// The end of a path says more than its beginning.
  private func shortened(_ path: String, _ columns: Int) -> String {
    if TextTable.width(path) <= columns { return path }
    var tail = path
    while TextTable.width(tail) > columns - 1, !tail.isEmpty { tail.removeFirst() }
    return "…" + tail
  }

  // MARK: - Trends

  private var revenueTrend: DemoLine {
    let revenues = model.figures.minutes.map(\.total.revenue)
    let top = revenues.max() ?? 0
    var line = DemoLine("   revenue a minute  ", .faint)
    line.fill(to: 21 + DemoFigures.minutesMax - revenues.count)
    line.add(String(revenues.map { DemoFormat.level($0, top: top) }), .good)
    line.add(right: revenues.last.map { "¥" + DemoFormat.grouped($0) } ?? "–", 14, .strong)
    return line
  }

  private var errorTrend: DemoLine {
    var line = DemoLine("   payment errors    ", .faint)
    line.fill(to: 21 + DemoFigures.minutesMax - model.figures.minutes.count)
    for minute in model.figures.minutes {
      addLevel(minute.total, isBad: isTroubled(minute), &line)
    }
    let style: DemoStyle = newest.map(isTroubled) == true ? .bad : .strong
    line.add(right: DemoFormat.percent(newest?.total.errorRate), 14, style)
    return line
  }

  private func addLevel(_ channel: DemoChannel?, isBad: Bool, _ line: inout DemoLine) {
    let rate = channel?.errorRate ?? 0
    let level = DemoFormat.level(rate, top: Self.errorRateTop)
    line.add(String(level), isBad ? .bad : .faint)
  }

  private func isTroubled(_ minute: DemoMinute) -> Bool {
    !minute.cardTesters.isEmpty || minute.channels.values.contains(where: DemoIncident.isFailing)
  }

  // MARK: - Tables

  private func minuteTable(_ count: Int) -> [DemoLine] {
    var head = DemoLine("   minute", .faint)
    for (name, columns) in [("events", 8), ("revenue", 11), ("orders", 8), ("errors", 9)] {
      head.add(right: name, columns, .faint)
    }
    head.fill(to: Self.productColumn)
    head.add("best sellers of the day", .faint)
    let minutes = model.figures.minutes.suffix(count).reversed()
    let rows = (0..<count).map { index in
      var line = DemoLine()
      if index < minutes.count {
        addMinute(minutes[minutes.index(minutes.startIndex, offsetBy: index)], &line)
      } else if index == 0 {
        line.add("   the first minute is not over yet", .faint)
      }
      if index < model.figures.products.count {
        let (name, revenue) = model.figures.products[index]
        line.fill(to: Self.productColumn)
        line.add(left: name, 19)
        line.add(right: "¥" + DemoFormat.grouped(revenue), 12)
      }
      return line
    }
    return [head] + rows
  }

  private func addMinute(_ minute: DemoMinute, _ line: inout DemoLine) {
    let total = minute.total
    line.add("   ")
    line.add(left: self.minute(minute.start), 6)
    line.add(right: DemoFormat.grouped(total.events), 8)
    line.add(right: "¥" + DemoFormat.grouped(total.revenue), 11)
    line.add(right: DemoFormat.grouped(total.orders), 8)
    let style: DemoStyle = isTroubled(minute) ? .bad : .plain
    line.add(right: DemoFormat.percent(total.errorRate), 9, style)
  }

  private var channelTable: [DemoLine] {
    var head = DemoLine("   ", .faint)
    head.add(left: newest.map { "in \(minute($0.start))" } ?? "channel", 12, .faint)
    let columns = [
      ("events", 7), ("revenue", 10), ("orders", 8), ("users, 10 min", 15), ("errors", 8),
    ]
    for (name, columns) in columns { head.add(right: name, columns, .faint) }
    head.add("  last \(Self.trendMinutes) min", .faint)
    return [head] + ShopChannel.allCases.map { channelRow("\($0.name)") }
  }

  private func channelRow(_ name: String) -> DemoLine {
    var line = DemoLine("   ")
    line.add(left: label(name), 12)
    guard let newest else { return line }
    let channel = newest.channels[name] ?? DemoChannel()
    let isFailing = DemoIncident.isFailing(channel)
    line.add(right: DemoFormat.grouped(channel.events), 7)
    line.add(right: "¥" + DemoFormat.grouped(channel.revenue), 10)
    line.add(right: DemoFormat.grouped(channel.orders), 8)
    line.add(right: DemoFormat.grouped(channel.activeUsers), 15)
    line.add(right: DemoFormat.percent(channel.errorRate), 8, isFailing ? .bad : .plain)
    line.add("  ")
    let trend = model.figures.minutes.suffix(Self.trendMinutes)
    line.add(String(repeating: " ", count: Self.trendMinutes - trend.count))
    for minute in trend {
      let past = minute.channels[name]
      addLevel(past, isBad: past.map(DemoIncident.isFailing) ?? false, &line)
    }
    return line
  }

  // MARK: - Incidents

  private var incidentLines: [DemoLine] {
    var lines = incidents.prefix(2).map { line(of: $0, indent: 1) }
    if lines.isEmpty { lines.append(DemoLine(" · nothing unusual", .good)) }
    while lines.count < 2 { lines.append(DemoLine()) }
    return lines
  }

  private func line(of incident: DemoIncident, indent: Int) -> DemoLine {
    let from = minute(incident.from)
    let text: String
    switch (incident.kind, incident.isOngoing) {
    case (.payments(let channel), true):
      let rate = DemoFormat.percent(incident.latest)
      text = "▲ PAYMENTS FAIL on \(label(channel)): \(rate) since \(from)"
    case (.payments(let channel), false):
      let stretch = "\(from)–\(minute(incident.until))"
      let peak = DemoFormat.percent(incident.peak)
      text = "△ payments failed on \(label(channel)), \(stretch), up to \(peak)"
    case (.cards(let channel, let address), true):
      let accounts = DemoFormat.grouped(incident.latest)
      text = "▲ CARD TESTING on \(label(channel)): \(accounts) accounts a minute from \(address)"
    case (.cards(let channel, let address), false):
      let stretch = "\(from)–\(minute(incident.until))"
      let peak = DemoFormat.grouped(incident.peak)
      text =
        "△ card testing on \(label(channel)), \(stretch), up to \(peak) accounts from \(address)"
    }
    return DemoLine(
      String(repeating: " ", count: indent) + text, incident.isOngoing ? .bad : .warning)
  }

  // MARK: - Words

  private func label(_ channel: String) -> String {
    String(channel.map { $0 == "_" ? " " : $0 })
  }

  private func day(_ time: EventTime) -> String {
    let number = model.zone.dayNumber(of: time)
    let date = CivilDate(dayNumber: number)
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    return "\(weekdays[Int(((number % 7) + 7) % 7)]) \(date)"
  }

  /// `19:24:18` in the shop's zone.
  private func time(_ time: EventTime) -> String {
    let seconds = Int64((Double(time.ms + model.zone.offsetMs(at: time)) / 1_000).rounded(.down))
    let inDay = ((seconds % 86_400) + 86_400) % 86_400
    return [inDay / 3_600, inDay / 60 % 60, inDay % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
  }

  /// `19:24` in the shop's zone.
  private func minute(_ time: EventTime) -> String { String(self.time(time).prefix(5)) }
}
