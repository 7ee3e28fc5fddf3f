import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir thresholds history`: every value that was ever set.
struct ThresholdsHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show every value that a threshold ever had: who, when, why, from when on.",
    discussion: """
      In the order in which they were set. A value holds for windows that end, and events that come, \
      after `effective`, which is event time.

      --json prints an array of {rule, name, dimensions, value, origin, by, set, effective, reason}; \
      origin is file, person or reset.

      EXAMPLES
        weir thresholds history shop.sqlite
        weir thresholds history shop.sqlite --rule payment_trouble --csv
      """)

  @Argument(help: "The results file.") var file: String

  @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
  var rule: String?

  @OptionGroup var list: ListOptions

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let rows = try source.reader.thresholdHistory(rule: rule)
    // A rule that the pipeline gave up has its history still.
    if let rule, rows.isEmpty { _ = try source.rule(rule) }
    if list.json {
      try Terminal.printJSON(rows.map { Line(row: $0, line: ThresholdLine($0, source)) })
    } else if list.csv {
      print(csv(rows, source), terminator: "")
    } else if rows.isEmpty {
      print("\(file) has no thresholds; \(try source.state(zone: source.zone))")
    } else {
      print(table(rows, source))
      print(
        "\(Terminal.count(Int64(rows.count), "row")); \(try source.state(zone: source.zone))")
    }
  }

  private struct Line: Encodable {
    var row: ThresholdRow
    var line: ThresholdLine

    private enum CodingKeys: String, CodingKey { case rule, name, dimensions }

    func encode(to encoder: any Encoder) throws {
      try line.encode(to: encoder)
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(row.rule, forKey: .rule)
      try keys.encode(row.name, forKey: .name)
      try keys.encode(Dimensions.read(row.dimensions), forKey: .dimensions)
    }
  }

  private func table(_ rows: [ThresholdRow], _ source: ReportSource) -> String {
    var table = TextTable([
      ("set", .left), ("threshold", .left), ("series", .left), ("value", .right),
      ("effective", .left), ("by", .left), ("why", .left),
    ])
    for row in rows {
      let line = ThresholdLine(row, source)
      table.add([
        line.set, "\(row.rule).\(row.name)",
        row.dimensions == "{}" ? "every" : RuleText.pairs(row.dimensions),
        MetricLine.shortened(row.value),
        row.effective.ms <= 0 ? "the first event" : line.effective,
        row.origin == .reset ? "\(row.setBy) (reset)" : row.setBy, row.reason,
      ])
    }
    return table.text()
  }

  private func csv(_ rows: [ThresholdRow], _ source: ReportSource) -> String {
    CSVText.text(
      header: [
        "rule", "name", "dimensions", "value", "origin", "by", "set", "effective", "reason",
      ],
      rows.map {
        let line = ThresholdLine($0, source)
        return [
          $0.rule, $0.name, $0.dimensions, "\($0.value)", line.origin, line.by, line.set,
          line.effective, line.reason,
        ]
      })
  }
}
