import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir report sessions`: sessions day by day.
struct ReportSessions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "Show sessions by the day of their first event, the newest days first.",
    discussion: """
      Days are of the pipeline's zone. A session that bounced has one event. Users are shown for \
      single series only: a user may have sessions in several. An open day is provisional.

      --json prints an array with an object for each day: session, day, dayStart, dayEnd, \
      dimensions, sessions, events, bounces, durationMs, entryEvents, exitEvents, status, and, where \
      there is one, users, eventsPerSession, bounceShare, meanDurationMs.

      EXAMPLES
        weir report sessions shop.sqlite
        weir report sessions shop.sqlite --by platform --last 7
        weir report sessions shop.sqlite --from 2026-01-01 --to 2026-02-01 --csv
      """)

  @OptionGroup var options: StageOptions

  @Option(
    help: ArgumentHelp(
      "Only the newest days of each kind (default: 14; all with --from or --to).", valueName: "n"))
  var last: Int?

  @Option(help: ArgumentHelp("Only days from this time on.", valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Only days that start before this time.", valueName: "time"))
  var to: String?

  @Option(help: ArgumentHelp("Show at most so many rows of each kind.", valueName: "n"))
  var limit = 50

  func validate() throws {
    try options.check(positive: [("--last", last), ("--limit", limit)])
    _ = try ReportConditions.time(from, "--from", .utc)
    _ = try ReportConditions.time(to, "--to", .utc)
  }

  func run() throws {
    let source = try ReportSource(path: options.file)
    defer { source.reader.close() }
    var shown: [(name: String, lines: [SessionLine], more: Int)] = []
    for name in try source.names(options.name, of: .sessions) {
      let rows = try rows(of: name, source)
      try options.checkDimensions(Set(rows.map(\.dimensions)), of: name)
      let lines = SessionLine.lines(rows, by: options.by, zone: source.zone)
      if lines.isEmpty { continue }
      shown.append((name, Array(lines.prefix(limit)), max(0, lines.count - limit)))
    }
    if options.json {
      try Terminal.printJSON(shown.flatMap(\.lines))
    } else if options.csv {
      print(SessionLine.csv(shown.flatMap(\.lines)), terminator: "")
    } else if shown.isEmpty {
      print(try source.nothing(of: .sessions, chosen: true))
    } else {
      for (name, lines, more) in shown {
        print("\(name)\n\(SessionLine.table(lines, by: options.by))")
        if more > 0 { print("and \(more) more of \(name): raise --limit\n") }
      }
      if shown.contains(where: { $0.lines.contains { $0.users == nil } }) {
        print("users do not add up over dimensions: --by shows those of single series")
      }
      print(try source.state(zone: source.zone))
    }
  }

  /// The rows to show of one kind.
  private func rows(of name: String, _ source: ReportSource) throws -> [SessionRow] {
    let isBounded = from != nil || to != nil
    let query = try options.query(
      .sessions, name, source, from: from, to: to, last: last ?? (isBounded ? nil : 14))
    return try query.map { try source.reader.sessions($0) } ?? []
  }
}
