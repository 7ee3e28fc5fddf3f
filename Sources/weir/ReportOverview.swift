import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir report FILE`: which stages a file has results of.
struct ReportOverview: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overview",
    abstract: "Show what a file holds: its stages, how many rows, from when to when.",
    discussion: """
      With options of `weir report metrics` the metrics are shown instead. --json prints an array of \
      {table, name, rows, provisionalRows, from, until}.

      EXAMPLES
        weir report shop.sqlite
        weir report shop.sqlite --metric revenue --limit 10
      """)

  @OptionGroup var options: MetricOptions

  func validate() throws { try options.check() }

  func run() throws {
    if options.areOfMetrics {
      try options.report()
      return
    }
    let source = try ReportSource(path: options.file)
    defer { source.reader.close() }
    let zone = try options.chosenZone() ?? source.zone
    let lines = try source.reader.stages().map { StageLine($0, zone: zone) }
    if options.json {
      try Terminal.printJSON(lines)
    } else if options.csv {
      print(StageLine.csv(lines), terminator: "")
    } else {
      if !lines.isEmpty { print(StageLine.table(lines)) }
      try tellFiring(source)
      let count = Terminal.count(Int64(lines.count), "stage")
      print("\(count) with results; \(try source.state(zone: zone))")
      let commands = ResultKind.allCases.filter { kind in lines.contains { $0.kind == kind } }
        .map { "weir report \($0.command) \(options.file)" }
      if !commands.isEmpty { print("see \(commands.joined(separator: ", "))") }
    }
  }

  /// What fires now, the worst first; nothing when nothing does.
  private func tellFiring(_ source: ReportSource) throws {
    let firing = try source.firing(limit: Self.firingMax, now: SystemClock.now())
    guard !firing.isEmpty else { return }
    var table = TextTable([
      ("fires now", .left), ("rule", .left), ("series", .left), ("since", .left),
      ("value", .right), ("", .left),
    ])
    for line in firing.prefix(Self.firingMax) {
      table.add([
        line.severity, line.rule, Dimensions.text(line.dimensions), line.opened ?? line.began,
        line.value.map(MetricLine.shortened) ?? "", line.marks,
      ])
    }
    print(table.text(), terminator: "")
    let held = try source.reader.counts()
    let findings = held.openFindings
    let counts = [
      Terminal.count(
        held.alerts[.firing, default: 0] + held.alerts[.recovering, default: 0], "alert"),
      findings == 0 ? nil : "\(Terminal.count(findings, "open finding"))",
    ]
    print(
      counts.compactMap { $0 }.joined(separator: ", ")
        + "; see weir alerts list \(options.file)\n")
  }

  /// So many lines of what fires; `weir alerts list` has all.
  private static let firingMax = 10
}

extension ResultKind {
  /// The subcommand of `weir report` that shows it.
  var command: String {
    switch self {
    case .funnels: "funnel"
    case .kpis: "kpis"
    case .metrics: "metrics"
    case .retention: "retention"
    case .sessions: "sessions"
    }
  }
}

/// One stage of a file, as it is shown.
private struct StageLine: Encodable {
  let kind: ResultKind
  var table: String
  var name: String
  var rows: Int64
  var provisionalRows: Int64
  var from: String
  var until: String

  private enum CodingKeys: String, CodingKey {
    case table, name, rows, provisionalRows, from, until
  }

  init(_ summary: StageSummary, zone: Zone) {
    kind = summary.kind
    table = summary.kind.rawValue
    name = summary.name
    rows = summary.rows
    provisionalRows = summary.provisionalRows
    from = Instants.text(summary.start, zone: zone)
    until = Instants.text(summary.end, zone: zone)
  }

  static func table(_ lines: [StageLine]) -> String {
    var table = TextTable([
      ("table", .left), ("name", .left), ("rows", .right), ("provisional", .right),
      ("from", .left), ("until", .left),
    ])
    for line in lines {
      table.add([
        line.table, line.name, Terminal.grouped(line.rows), Terminal.grouped(line.provisionalRows),
        line.from, line.until,
      ])
    }
    return table.text()
  }

  static func csv(_ lines: [StageLine]) -> String {
    CSVText.text(
      header: ["table", "name", "rows", "provisional_rows", "from", "until"],
      lines.map {
        [$0.table, $0.name, "\($0.rows)", "\($0.provisionalRows)", $0.from, $0.until]
      })
  }
}
