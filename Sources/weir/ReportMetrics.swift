import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore

/// `weir report metrics`: rows of the table `metrics`.
struct ReportMetrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Show metrics, the newest windows first.",
    discussion: """
      Times without an offset, and dates, are of --zone. Windows are half-open: they hold their \
      start and end before `until`. A provisional value can still change; an estimated one is near \
      the exact one.

      EXAMPLES
        weir report metrics shop.sqlite --metric revenue --limit 10
        weir report metrics shop.sqlite --from 2026-01-01 --zone Asia/Shanghai
        weir report metrics shop.sqlite --where channel=web --csv
      """)

  @OptionGroup var options: MetricOptions

  func validate() throws { try options.check() }

  func run() throws { try options.report() }
}

/// Which metrics to show, and how.
struct MetricOptions: ParsableArguments {
  @Argument(help: "The results file.") var file: String

  @Option(help: ArgumentHelp("Only this metric.", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("Only windows that start at or after this time.", valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Only windows that start before this time.", valueName: "time"))
  var to: String?

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only this value of a dimension; `null` is a missing one. May be repeated.",
      valueName: "name=value"))
  var conditions: [String] = []

  @Option(help: ArgumentHelp("Show at most so many rows (default: 50).", valueName: "n"))
  var limit: Int?

  @Option(help: "The time zone that times are in, such as Asia/Shanghai (default: UTC).")
  var zone: String?

  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false

  /// Whether they choose among metrics, so that metrics are meant.
  var areOfMetrics: Bool {
    metric != nil || from != nil || to != nil || !conditions.isEmpty || limit != nil
  }

  private var rowsMax: Int { limit ?? 50 }

  /// Throws for what no file could answer.
  func check() throws {
    guard (1..<Int.max).contains(rowsMax) else {
      throw ValidationError("--limit takes a number from 1 on.")
    }
    guard !(json && csv) else { throw ValidationError("Choose one of --json and --csv.") }
    _ = try query()
  }

  /// Shows the metrics.
  func report() throws {
    let zone = try chosenZone() ?? .utc
    let source = try ReportSource(path: file)
    defer { source.reader.close() }
    if let metric { try source.check(metric, of: .metrics) }
    var query = try query()
    query.limit = rowsMax + 1
    let rows = try source.reader.metrics(query)
    let shown = rows.prefix(rowsMax).map { MetricLine($0, zone: zone) }
    if json {
      try Terminal.printJSON(shown)
    } else if csv {
      print(MetricLine.csv(shown), terminator: "")
    } else {
      if !shown.isEmpty { print(MetricLine.table(shown)) }
      let count = Terminal.count(Int64(shown.count), "row")
      print(rows.count > rowsMax ? "\(count), and more: raise --limit" : count, terminator: "")
      print("; \(try source.state(zone: zone))")
    }
  }

  private func query() throws -> MetricQuery {
    let zone = try chosenZone() ?? .utc
    return MetricQuery(
      metric: metric, from: try ReportConditions.time(from, "--from", zone),
      to: try ReportConditions.time(to, "--to", zone),
      dimensions: try ReportConditions.dimensions(conditions), limit: rowsMax, newestFirst: true)
  }

  /// The zone of `--zone`.
  func chosenZone() throws -> Zone? {
    do {
      return try zone.map(Zone.named)
    } catch {
      throw ValidationError("--zone: \(error)")
    }
  }
}
