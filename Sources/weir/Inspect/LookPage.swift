import Charts
import Inspection
import PipelineSpec
import StreamCore

/// The page of a look: what was found, and the main numbers.
struct LookPage {
  let inspected: Inspected
  let proposal: Proposal
  let results: LookResults
  let zone: Zone
  let outputs: LookOutputs

  private var profile: Profile { inspected.profile }

  /// Series of one chart, and lines of a list of bars.
  private static let seriesMax = 6
  private static let barsMax = 20
  private static let fieldsMax = 100

  var text: String {
    var page = HTMLPage(title: proposal.name, subtitle: subtitle)
    for warning in profile.warnings {
      page.notice(warning.isSerious ? .problem : .warning, warning.text)
    }
    page.keyFigures(figures)
    overTime(&page)
    amounts(&page)
    events(&page)
    funnel(&page)
    retention(&page)
    found(&page)
    goOn(&page)
    page.footer("\(LookOutputs.pageMark)\(inspected.origin). Values of people are masked.")
    return page.text
  }

  private var subtitle: String {
    var text = "\(Terminal.count(profile.usable, "event"))"
    if let users = profile.users { text += " of \(Terminal.count(users.users, "user"))" }
    if let time = profile.time { text += ", \(day(time.firstMs)) to \(day(time.lastMs))" }
    return text + " (\(zone.name)), from \(inspected.origin)"
  }

  private func day(_ ms: Int64) -> String {
    String(Instants.text(EventTime(ms: ms), zone: zone).prefix(10))
  }

  private var figures: [HTMLPage.KeyFigure] {
    var figures = [
      HTMLPage.KeyFigure(
        label: "Events", value: ValueUnit.count("").short(Double(profile.usable)),
        note: profile.records == profile.usable
          ? "all records could be used"
          : "\(Terminal.grouped(profile.records - profile.usable)) records could not be used")
    ]
    if let users = profile.users {
      let each = Double(users.events) / Double(max(users.users, 1))
      figures.append(
        HTMLPage.KeyFigure(
          label: "Users", value: ValueUnit.count("").short(Double(users.users)),
          note: "\(Inspected.short((each * 10).rounded() / 10)) events each"))
    }
    if let time = profile.time {
      let days = Double(time.spanMs) / 86_400_000
      figures.append(
        HTMLPage.KeyFigure(
          label: "Time", value: DurationText.rounded(time.spanMs),
          note: days >= 2
            ? "\(Inspected.short((Double(profile.usable) / days).rounded())) events a day" : ""))
    }
    for amount in results.amounts {
      let sum = amount.rows.reduce(0) { $0 + $1.value }
      figures.append(
        HTMLPage.KeyFigure(
          label: "Sum of \(amount.name)", value: ValueUnit.number("").short(sum),
          note: "over the whole time"))
    }
    if let last = results.funnel?.steps.last, let share = last.fromStart {
      figures.append(
        HTMLPage.KeyFigure(
          label: "Come to \(last.name)", value: ValueUnit.share.short(share),
          note: "of those at \(results.funnel?.steps.first?.name ?? "")"))
    }
    return figures
  }

  // MARK: - Numbers

  private func points(_ rows: [MetricRow]) -> [TimeChart.Point] {
    rows.map {
      TimeChart.Point(
        time: $0.windowStart, value: $0.value, isProvisional: $0.status == .provisional)
    }
  }

  /// Points of counts, with the zeros that are not stored.
  private func counts(_ rows: [MetricRow]) -> [TimeChart.Point] {
    var points: [TimeChart.Point] = []
    var previous: MetricRow?
    for row in rows {
      if let last = previous, last.windowEnd < row.windowStart {
        let length = row.windowEnd.ms - row.windowStart.ms
        points.append(TimeChart.Point(time: last.windowEnd, value: 0))
        let before = EventTime(ms: row.windowStart.ms - length)
        if before > last.windowEnd { points.append(TimeChart.Point(time: before, value: 0)) }
      }
      points.append(
        TimeChart.Point(
          time: row.windowStart, value: row.value, isProvisional: row.status == .provisional))
      previous = row
    }
    return points
  }

  private func overTime(_ page: inout HTMLPage) {
    page.heading("Over time")
    if !results.events.rows.isEmpty {
      let length = results.events.rows.first.map { $0.windowEnd.ms - $0.windowStart.ms } ?? 0
      page.figure(
        TimeChart(
          title: length > 3_600_000 ? "Events a day" : "Events an hour", unit: .count("events"),
          zone: zone,
          series: [
            .init(name: "events", points: counts(results.events.rows), mark: .bars)
          ]))
    }
    if let users = results.users, !users.rows.isEmpty {
      page.figure(
        TimeChart(
          title: "Users a day", unit: .count("users"), zone: zone,
          series: [.init(name: "users", points: counts(users.rows), mark: .bars)]))
    }
    if results.usersBy.count > 1, let by = proposal.stages.usersBy {
      let shown = results.usersBy.prefix(Self.seriesMax)
      let rest = results.usersBy.count - shown.count
      page.figure(
        TimeChart(
          title: "Users a day by \(by.label)", unit: .count("users"), zone: zone,
          series: shown.map { .init(name: $0.name, points: counts($0.rows)) }),
        caption: rest > 0 ? "The largest \(shown.count) of \(results.usersBy.count)." : "")
    }
    for level in results.levels where !level.rows.isEmpty {
      page.figure(
        TimeChart(
          title: level.name, unit: .number(""), zone: zone,
          series: [.init(name: level.name, points: points(level.rows))]))
    }
  }

  private func amounts(_ page: inout HTMLPage) {
    for amount in results.amounts where !amount.rows.isEmpty {
      page.figure(
        TimeChart(
          title: "Sum of \(amount.name) a day", unit: .number(""), zone: zone,
          series: [.init(name: amount.name, points: counts(amount.rows), mark: .bars)]))
    }
    if results.amountBy.count > 1, let by = proposal.stages.amountBy,
      let amount = results.amounts.first
    {
      page.figure(
        BarList(
          title: "Sum of \(amount.name) by \(by.label)", unit: .number(""),
          bars: results.amountBy.prefix(Self.barsMax).map { .init(name: $0.name, value: $0.value) })
      )
    }
  }

  private func events(_ page: inout HTMLPage) {
    guard profile.events.count > 1 else { return }
    page.heading("Events")
    let bars = profile.events.prefix(Self.barsMax).map { event in
      BarList.Bar(
        name: Mask.shown(event.name), value: Double(event.count),
        note: event.users > 0 ? Terminal.grouped(event.users) : "")
    }
    let rest = profile.events.count - bars.count
    page.figure(
      BarList(title: "Events by name", unit: .count("events"), bars: Array(bars)),
      caption: "The small numbers are different users."
        + (rest > 0 ? " And \(rest) further names." : ""))
  }

  private func funnel(_ page: inout HTMLPage) {
    guard let funnel = results.funnel, funnel.entries > 0 else { return }
    page.heading("The way of users")
    let bars = funnel.steps.enumerated().map { index, step in
      BarList.Bar(
        name: step.name, value: Double(step.users),
        note: index == 0
          ? "" : step.fromPrevious.map { "\(ValueUnit.share.short($0))" } ?? "")
    }
    page.figure(
      BarList(title: "How far users come", unit: .count("users"), bars: bars),
      caption:
        "Per cent are of the step before. Users of each day who took the steps in this "
        + "order; somebody who began on several days counts on each. The order is the one that "
        + "most users take."
    )
  }

  private func retention(_ page: inout HTMLPage) {
    guard let triangle = results.retention, triangle.lastPeriod > 0 else { return }
    page.heading("Who comes back")
    let last = profile.time?.lastMs ?? 0
    let shown = triangle.cohorts.suffix(26)
    let rows = shown.map { cohort in
      HeatMap.Row(
        name: cohort.cohort, note: cohort.users.map { Terminal.grouped($0) } ?? "",
        cells: cohort.cells.dropFirst().enumerated().map { _, cell in
          .init(cohort.share(cell), isUnfinished: cell.isProvisional)
        })
    }
    let unit = results.retentionUnit
    page.figure(
      HeatMap(
        title: "Share of users who come back", unit: .share,
        columns: (1...triangle.lastPeriod).map { "\($0)" },
        columnsTitle: "\(unit) after their first events", rows: Array(rows)),
      caption: "Rows are users by when they were first seen. The data ends on \(day(last)): fields "
        + "of the \(unit.dropLast()) of that day are of a part of it."
    )
  }

  // MARK: - What was found

  private func found(_ page: inout HTMLPage) {
    page.heading("What is in the data")
    page.list(
      [
        ("name", profile.roles.name), ("user", profile.roles.user), ("time", profile.roles.time),
        ("id", profile.roles.id),
      ].map { role, choice in
        guard let choice else { return [.strong(role), .text(": unknown")] }
        return [
          .strong(role), .text(": "), .code(choice.text), .text(", because of \(choice.reason)"),
        ]
      })
    var table = HTMLTable(
      caption: "Fields",
      columns: [
        .init("path"), .init("filled", .number), .init("distinct", .number), .init("types"),
        .init("values or forms"), .init("use"),
      ])
    for field in profile.fields.prefix(Self.fieldsMax) {
      let shown =
        field.values.isEmpty
        ? field.examples.joined(separator: "  ") : field.values.map(\.name).joined(separator: ", ")
      table.add([
        field.path, ValueUnit.share.short(field.fill),
        (field.isDistinctEstimate ? "~" : "") + Terminal.grouped(field.distinct),
        field.types.map(\.name).joined(separator: ", "), shown, field.use ?? "",
      ])
    }
    page.table(table)
    if profile.fields.count > Self.fieldsMax {
      page.paragraph("And \(profile.fields.count - Self.fieldsMax) further fields.")
    }
    if let time = profile.time, !time.gaps.isEmpty {
      page.paragraph("Longest times without any event:")
      page.list(
        time.gaps.map { gap in
          [
            .text(
              "\(DurationText.rounded(gap.toMs - gap.fromMs)) from "
                + "\(Instants.text(EventTime(ms: gap.fromMs), zone: zone)), where "
                + "\(Inspected.short(gap.expectedEvents)) events were to be expected")
          ]
        })
    }
    if !profile.samples.isEmpty {
      page.details("Records that could not be used") { page in
        page.list(
          profile.samples.map { sample in
            [
              .text("\(sample.partition), record \(sample.offset): \(sample.detail): "),
              .code(sample.masked),
            ]
          })
      }
    }
  }

  private func goOn(_ page: inout HTMLPage) {
    page.heading("Where to go on")
    page.paragraph("The numbers come from this pipeline. Change it, check it, run it again:")
    page.code(
      """
      weir check \(outputs.pipeline)
      weir test \(outputs.pipeline)
      weir report \(outputs.data)
      """)
    page.details("The pipeline") { $0.code(proposal.text) }
  }
}
