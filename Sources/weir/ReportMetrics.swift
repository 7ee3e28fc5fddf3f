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
        weir report shop.sqlite --metric revenue --limit 10
        weir report shop.sqlite --from 2026-01-01 --zone Asia/Shanghai
        weir report metrics shop.sqlite --where channel=web --csv
      """)

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

  @Option(help: ArgumentHelp("Show at most so many rows.", valueName: "n"))
  var limit = 50

  @Option(help: ArgumentHelp("The time zone that times are in, such as Asia/Shanghai."))
  var zone = "UTC"

  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false

  func validate() throws {
    guard (1..<Int.max).contains(limit) else {
      throw ValidationError("--limit takes a number from 1 on.")
    }
    guard !(json && csv) else { throw ValidationError("Choose one of --json and --csv.") }
    _ = try dimensions()
    _ = try query()
  }

  func run() throws {
    let zone = try namedZone()
    let reader = try ResultsReader.open(path: file)
    defer { reader.close() }
    let manifest = try reader.manifest()
    try checkMetric(manifest["definition"] ?? "")
    var query = try query()
    query.limit = limit + 1
    let rows = try reader.metrics(query)
    let shown = rows.prefix(limit).map { MetricLine($0, zone: zone) }
    if json {
      try Terminal.printJSON(shown)
    } else if csv {
      print(MetricLine.csv(shown), terminator: "")
    } else {
      if !shown.isEmpty { print(MetricLine.table(shown)) }
      let count = Terminal.count(Int64(shown.count), "row")
      print(rows.count > limit ? "\(count), and more: raise --limit" : count, terminator: "")
      print(try state(of: reader, pipeline: manifest["pipeline"] ?? "", zone: zone))
    }
  }

  private func state(of reader: ResultsReader, pipeline: String, zone: Zone) throws -> String {
    guard let latest = try reader.snapshots(limit: 1).first else {
      return "; pipeline \(pipeline), no snapshot yet"
    }
    var text = "; pipeline \(pipeline), snapshot \(latest.id), "
    text += "\(Terminal.count(latest.fates.applied, "event")) applied"
    if let watermark = latest.watermark {
      // The watermark of an input that has ended is past every time.
      text +=
        watermark.ms >= EventTime.distantFuture.ms / 2
        ? ", all windows closed" : ", watermark \(Instants.text(watermark, zone: zone))"
    }
    return text
  }

  private func query() throws -> MetricQuery {
    let zone = try namedZone()
    return MetricQuery(
      metric: metric, from: try time(from, "--from", zone), to: try time(to, "--to", zone),
      dimensions: try dimensions(), limit: limit, newestFirst: true)
  }

  private func namedZone() throws -> Zone {
    do {
      return try Zone.named(zone)
    } catch {
      throw ValidationError("--zone: \(error)")
    }
  }

  private func time(_ text: String?, _ option: String, _ zone: Zone) throws -> EventTime? {
    guard let text else { return nil }
    guard let time = Instants.parse(text, zone: zone) else {
      throw ValidationError(
        "\(option) \(text) is no time; write 2026-01-01 or 2026-01-01T08:00:00Z.")
    }
    return time
  }

  private func dimensions() throws -> [String: String?] {
    var dimensions: [String: String?] = [:]
    for condition in conditions {
      guard let equals = condition.firstIndex(of: "="), equals > condition.startIndex else {
        throw ValidationError("--where \(condition) is no NAME=VALUE.")
      }
      let value = String(condition[condition.index(after: equals)...])
      let name = String(condition[..<equals])
      guard dimensions.updateValue(value == "null" ? .none : value, forKey: name) == nil else {
        throw ValidationError("--where names \(name) twice; no row has two values of it.")
      }
    }
    return dimensions
  }

  /// A name that the file's pipeline does not have is a slip, not an empty answer.
  private func checkMetric(_ definition: String) throws {
    guard let metric else { return }
    let names = definition.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count > 1, words[0] == "metric" || words[0] == "formula",
        line.first != " "
      else { return nil }
      return String(words[1])
    }
    guard !names.isEmpty, !names.contains(metric) else { return }
    let hint =
      NearestName.of(metric, in: names).map { "did you mean \($0)?" }
      ?? "there is \(names.sorted().joined(separator: ", "))"
    throw ValidationError("\(file) has no metric \(metric); \(hint)")
  }
}
