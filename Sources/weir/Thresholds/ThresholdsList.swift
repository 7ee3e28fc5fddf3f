import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir thresholds list`: which value holds, and who says so.
struct ThresholdsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show each threshold: the value that holds, the file's default, a person's value.",
    discussion: """
      A line for every series, and one for each series that has values of its own. What holds is of \
      the narrowest scope, and within it a person's value before the file's. Times of day are shown \
      in the pipeline's zone.

      --json prints an array of {rule, name, dimensions, value, holder, default, upcoming} and, where \
      there is one, min, max, step, person. holder is file or person; person, and each of upcoming, is \
      {value, origin, by, set, effective, reason}: origin is file, person or reset, effective the \
      event time from which on it holds.

      EXAMPLES
        weir thresholds list shop.sqlite
        weir thresholds list shop.sqlite --rule payment_trouble --json
      """)

  @Argument(help: "The results file.") var file: String

  @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
  var rule: String?

  @OptionGroup var list: ListOptions

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    if let rule { _ = try source.rule(rule) }
    let lines = try source.reader.thresholds().filter { rule == nil || $0.rule == rule }
      .map { StandingLine($0, source) }
    if list.json {
      try Terminal.printJSON(lines)
    } else if list.csv {
      print(StandingLine.csv(lines), terminator: "")
    } else {
      try tell(lines, source)
    }
  }

  private func tell(_ lines: [StandingLine], _ source: ReportSource) throws {
    if lines.isEmpty {
      let of = rule.map { "the rule \($0)" } ?? "the pipeline \(source.pipeline)"
      print("\(of) has no thresholds")
    } else {
      print(StandingLine.table(lines))
    }
    for line in lines {
      for row in line.upcoming {
        print(
          "\(line.name(withScope: true)) will be \(MetricLine.shortened(row.value)) from "
            + "\(row.effective) of event time on: \(row.told)")
      }
    }
    for request in try source.reader.thresholdRequests(state: .waiting)
    where rule == nil || request.rule == rule {
      let wish = request.value.map { "=\(MetricLine.shortened($0))" } ?? " back to the file's value"
      print(
        "request \(request.id) waits for the worker's next snapshot: "
          + "\(request.rule).\(request.name)\(wish) for \(RuleText.scope(request.dimensions)), "
          + TextTable.printable("by \(request.requestedBy): \(request.reason)"))
    }
    print(try source.state(zone: source.zone))
  }
}

/// A value that was set, as it is shown.
struct ThresholdLine: Encodable {
  var value: Double
  var origin: String
  var by: String
  var set: String
  var effective: String
  var reason: String

  init(_ row: ThresholdRow, _ source: ReportSource) {
    value = row.value
    origin = row.origin.rawValue
    by = row.setBy
    set = source.text(row.set)
    effective = source.text(row.effective)
    reason = row.reason
  }

  /// Who, when and why.
  var told: String {
    let who = origin == ThresholdRow.Origin.file.rawValue ? "the pipeline file" : by
    let back = origin == ThresholdRow.Origin.reset.rawValue ? ", back to the file" : ""
    return TextTable.printable("\(who)\(back), \(set): \(reason)")
  }
}

/// How one threshold stands, as it is shown.
struct StandingLine: Encodable {
  var rule: String
  var threshold: String
  var dimensions: DimensionValues
  var value: Double
  /// `file` or `person`.
  var holder: String
  var standard: Double
  var min: Double?
  var max: Double?
  var step: Double?
  var person: ThresholdLine?
  var upcoming: [ThresholdLine]
  /// Whether the value is that of a wider scope.
  private let isOfWiderScope: Bool

  private enum CodingKeys: String, CodingKey {
    case rule, dimensions, value, holder, min, max, step, person, upcoming
    case threshold = "name"
    case standard = "default"
  }

  init(_ standing: ThresholdStanding, _ source: ReportSource) {
    rule = standing.rule
    threshold = standing.threshold.name
    dimensions = Dimensions.read(standing.dimensions)
    value = standing.value
    holder = (standing.holder?.origin ?? .file).rawValue
    standard = standing.standard
    (min, max) = (standing.threshold.min, standing.threshold.max)
    step = standing.threshold.step
    person = standing.person.map { ThresholdLine($0, source) }
    upcoming = standing.upcoming.map { ThresholdLine($0, source) }
    isOfWiderScope =
      standing.holder.map {
        DimensionSet($0.dimensions) != DimensionSet(standing.dimensions)
      } ?? false
  }

  /// `payment_trouble.above`, perhaps with its scope.
  func name(withScope: Bool) -> String {
    let scope = withScope && !dimensions.isEmpty ? " for \(Dimensions.text(dimensions))" : ""
    return TextTable.printable("\(rule).\(threshold)\(scope)")
  }

  private var bounds: String {
    switch (min, max) {
    case (nil, nil): ""
    case (let min?, nil): "from \(MetricLine.shortened(min))"
    case (nil, let max?): "to \(MetricLine.shortened(max))"
    case (let min?, let max?): "\(MetricLine.shortened(min)) to \(MetricLine.shortened(max))"
    }
  }

  static func table(_ lines: [StandingLine]) -> String {
    var table = TextTable([
      ("threshold", .left), ("series", .left), ("value", .right), ("from", .left),
      ("default", .right), ("bounds", .left), ("person", .right), ("who, when, why", .left),
    ])
    for line in lines {
      table.add([
        line.name(withScope: false),
        line.dimensions.isEmpty ? "every" : Dimensions.text(line.dimensions),
        MetricLine.shortened(line.value),
        line.holder + (line.isOfWiderScope ? ", of a wider scope" : ""),
        MetricLine.shortened(line.standard), line.bounds,
        line.person.map { MetricLine.shortened($0.value) } ?? "", line.person?.told ?? "",
      ])
    }
    return table.text()
  }

  static func csv(_ lines: [StandingLine]) -> String {
    CSVText.text(
      header: [
        "rule", "name", "dimensions", "value", "holder", "default", "min", "max", "person_value",
        "person_by", "person_set", "person_reason", "upcoming_value", "upcoming_effective",
      ],
      lines.map { line in
        let numbers = [line.min, line.max, line.person?.value].map { $0.map { "\($0)" } ?? "" }
        return [
          line.rule, line.threshold, Dimensions.json(line.dimensions), "\(line.value)", line.holder,
          "\(line.standard)", numbers[0], numbers[1], numbers[2], line.person?.by ?? "",
          line.person?.set ?? "", line.person?.reason ?? "",
          line.upcoming.first.map { "\($0.value)" } ?? "", line.upcoming.first?.effective ?? "",
        ]
      })
  }
}
