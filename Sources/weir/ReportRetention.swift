import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir report retention`: which share of each cohort came back in which unit.
struct ReportRetention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention",
    abstract: "Show retention as a triangle: cohorts by the periods after them.",
    discussion: """
      A cohort is named by its first day in the pipeline's zone. A cell that nobody came back to is \
      0; one that has not begun is empty; one that can still change is marked *. Shades are quarters \
      of the greatest value of a table.

      --json prints an array with an object for each cell that has begun: retention, cohort, period, \
      dimensions, users, status, and, where there is one, share (of the cohort), amount, \
      amountExact, amountPerHead (of this period and all before it, by head of the cohort).

      EXAMPLES
        weir report retention shop.sqlite
        weir report retention shop.sqlite --name weekly --by channel --last 8
        weir report retention shop.sqlite --amount --periods 6
      """)

  @OptionGroup var options: StageOptions

  @Option(help: ArgumentHelp("Only the newest cohorts of each table.", valueName: "n"))
  var last = 12

  @Option(
    help: ArgumentHelp("Show at most so many periods after the cohort's own.", valueName: "n"))
  var periods = 12

  @Option(help: ArgumentHelp("Show at most so many series of each table.", valueName: "n"))
  var limit = 10

  @Flag(help: "Show numbers of users in place of shares.") var counts = false
  @Flag(help: "Show amounts by head of the cohort, added up over the periods.") var amount = false

  func validate() throws {
    try options.check(positive: [("--last", last), ("--periods", periods), ("--limit", limit)])
    guard !(counts && amount) else {
      throw ValidationError("Choose one of --counts and --amount.")
    }
  }

  func run() throws {
    let source = try ReportSource(path: options.file)
    defer { source.reader.close() }
    var shown: [(name: String, triangles: [RetentionTriangle], more: Int)] = []
    for name in try source.names(options.name, of: .retention) {
      let triangles = try triangles(of: name, source)
      if triangles.isEmpty { continue }
      shown.append((name, Array(triangles.prefix(limit)), max(0, triangles.count - limit)))
    }
    if amount { shown = try withAmounts(shown) }
    let lines = { () -> [RetentionLine] in
      shown.flatMap(\.triangles).flatMap { RetentionLine.lines($0, periodsMax: periods) }
    }
    if options.json {
      try Terminal.printJSON(lines())
    } else if options.csv {
      print(RetentionLine.csv(lines()), terminator: "")
    } else if shown.isEmpty {
      print(try source.nothing(of: .retention, chosen: true))
    } else {
      let view = RetentionView(
        content: amount ? .amounts : counts ? .counts : .percent, isStyled: Terminal.isStyled,
        periodsMax: periods)
      for (name, triangles, more) in shown {
        for triangle in triangles {
          let series = TextTable.printable(Dimensions.text(triangle.dimensions))
          print("\(name)\(series.isEmpty ? "" : ", \(series)")\n\(view.table(triangle))")
        }
        if more > 0 { print("and \(more) more of \(name): raise --limit\n") }
      }
      print(try source.state(zone: source.zone))
    }
  }

  private func withAmounts(
    _ shown: [(name: String, triangles: [RetentionTriangle], more: Int)]
  ) throws -> [(name: String, triangles: [RetentionTriangle], more: Int)] {
    let kept = shown.filter { $0.triangles.contains(where: \.hasAmounts) }
    if kept.isEmpty, let first = shown.first {
      throw ValidationError(
        "\(first.name) has no amounts; they come from `value:` of the retention in the pipeline.")
    }
    return kept
  }

  private func triangles(of name: String, _ source: ReportSource) throws -> [RetentionTriangle] {
    let reader = source.reader
    guard let oldest = try reader.latestCohorts(of: name, limit: last).last,
      let reach = try reader.reach(of: .retention, name: name)
    else { return [] }
    let rows = try reader.retention(try options.query(name), fromCohort: oldest)
    guard let first = rows.first else { return [] }
    try options.checkDimensions(Set(rows.map(\.dimensions)), of: name)
    let units = RetentionUnits(
      RetentionUnits.length(of: first), end: reach.end, settledTo: reach.settledTo,
      watermark: try reader.snapshots(limit: 1).first?.watermark, zone: source.zone)
    let followed =
      source.definedNumber("periods", of: name, word: "retention")
      ?? rows.map(\.period).max() ?? 0
    return RetentionTriangle.triangles(rows, units: units, by: options.by, periods: followed)
  }
}
