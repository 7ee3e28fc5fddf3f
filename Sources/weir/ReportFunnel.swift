import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir report funnel`: how many users of each entry window came how far.
struct ReportFunnel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "funnel",
    abstract: "Show funnels, the newest entry windows first.",
    discussion: """
      Bars are as long as the share of those that entered. Times and days are of the pipeline's \
      zone; p50 and p90 are times from the first step, which do not add up over series or windows. \
      Each user counts once in an entry window, so `--total` counts entries: a user of three days \
      is three.

      --json prints an array with an object for each step: funnel, entryStart, entryEnd, entryDay, \
      windows, dimensions, step, stepName, users, status, and, where there is one, \
      conversionFromStart, conversionFromPrevious, p50Ms, p90Ms.

      EXAMPLES
        weir report funnel shop.sqlite --name checkout --last 7
        weir report funnel shop.sqlite --by platform --where channel=web
        weir report funnel shop.sqlite --total --from 2026-01-01 --to 2026-02-01 --csv
      """)

  @OptionGroup var options: StageOptions

  @Option(
    help: ArgumentHelp(
      "Only the newest entry windows (default: 3; all with --from, --to or --total).",
      valueName: "n"))
  var last: Int?

  @Option(help: ArgumentHelp("Only entry windows from this time on.", valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Only entry windows that start before this time.", valueName: "time"))
  var to: String?

  @Option(help: ArgumentHelp("Show at most so many of each funnel.", valueName: "n"))
  var limit = 50

  @Flag(help: "Add the entry windows up.") var total = false

  func validate() throws {
    try options.check(positive: [("--last", last), ("--limit", limit)])
    _ = try ReportConditions.time(from, "--from", .utc)
    _ = try ReportConditions.time(to, "--to", .utc)
  }

  func run() throws {
    let source = try ReportSource(path: options.file)
    defer { source.reader.close() }
    let report = FunnelReport(zone: source.zone, by: options.by, total: total)
    var shown: [(name: String, blocks: [FunnelBlock], more: Int)] = []
    for name in try source.names(options.name, of: .funnels) {
      let rows = try rows(of: name, source)
      try options.checkDimensions(Set(rows.map(\.dimensions)), of: name)
      let blocks = FunnelBlock.blocks(rows, by: options.by, total: total)
      if blocks.isEmpty { continue }
      shown.append((name, Array(blocks.prefix(limit)), max(0, blocks.count - limit)))
    }
    if options.json {
      try Terminal.printJSON(shown.flatMap { report.lines($0.blocks) })
    } else if options.csv {
      print(FunnelLine.csv(shown.flatMap { report.lines($0.blocks) }), terminator: "")
    } else if shown.isEmpty {
      print(try source.nothing(of: .funnels, chosen: true))
    } else {
      for (name, blocks, more) in shown {
        print("\(name)\n\(report.table(blocks))")
        if more > 0 { print("and \(more) more of \(name): raise --limit\n") }
      }
      if shown.contains(where: { $0.blocks.contains(where: \.lacksTimes) }) {
        print("p50 and p90 do not add up: --by shows those of single series")
      }
      print(try source.state(zone: source.zone))
    }
  }

  /// The rows to show of one funnel.
  private func rows(of name: String, _ source: ReportSource) throws -> [FunnelRow] {
    let isBounded = total || from != nil || to != nil
    let query = try options.query(
      .funnels, name, source, from: from, to: to, last: last ?? (isBounded ? nil : 3))
    return try query.map { try source.reader.funnels($0) } ?? []
  }
}
