import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore

/// A results file that is reported on, and what its manifest says of the pipeline.
struct ReportSource {
  let path: String
  let reader: ResultsReader
  let pipeline: String
  /// The pipeline's zone.
  let zone: Zone
  /// The canonical text of the pipeline, line by line.
  private let definition: [Substring]

  /// Opens the file at `path` for reading.
  init(path: String) throws {
    self.path = path
    reader = try ResultsReader.open(path: path)
    let manifest = try reader.manifest()
    pipeline = manifest["pipeline"] ?? ""
    definition = (manifest["definition"] ?? "").split(separator: "\n")
    let name = definition.first { $0.hasPrefix("zone ") }?.dropFirst("zone ".count)
    zone = try name.map { try Zone.named(String($0)) } ?? .utc
  }

  /// Names of the pipeline's stages of a kind, by its definition; of a lifecycle those of its
  /// results.
  func definedNames(of kind: ResultKind) -> [String] {
    definition.flatMap { line -> [String] in
      guard line.first != " " else { return [] }
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count > 1 else { return [] }
      switch (parts[0], kind) {
      case ("funnel", .funnels), ("metric", .metrics), ("formula", .metrics),
        ("retention", .retention), ("session", .sessions), ("kpi", .kpis):
        return [String(parts[1])]
      case ("lifecycle", .metrics): return Self.lifecycleResults.map { "\(parts[1]).\($0)" }
      default: return []
      }
    }.sorted()
  }

  /// What a lifecycle counts, with days as units: the names of its metrics end so.
  private static let lifecycleResults = [
    "active", "new", "returning", "resurrected", "dormant", "active_7d", "active_30d", "stickiness",
  ]

  /// The number that the definition of a stage gives to `option`.
  func definedNumber(_ option: String, of name: String, word: String) -> Int? {
    let line = definition.first { $0.hasPrefix("\(word) \(name) ") || $0 == "\(word) \(name)" }
    let part = line?.split(separator: " ").first { $0.hasPrefix("\(option)=") }
    return part.flatMap { Int($0.dropFirst(option.count + 1)) }
  }

  /// A name that the file's pipeline does not have is a slip, not an empty answer.
  func check(_ name: String, of kind: ResultKind) throws {
    let defined = definedNames(of: kind)
    if defined.contains(name) { return }
    let stored = try reader.names(of: kind)
    let names = Set(defined + stored).sorted()
    guard !names.isEmpty, !names.contains(name) else { return }
    let hint =
      NearestName.of(name, in: names).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    throw ValidationError("\(path) has no \(kind.noun) \(name); \(hint)")
  }

  /// Names of the stages to report on: that of `--name`, or all that have rows.
  func names(_ name: String?, of kind: ResultKind) throws -> [String] {
    guard let name else { return try reader.names(of: kind) }
    try check(name, of: kind)
    return [name]
  }

  /// What to say when a kind of stage has no rows to show: what is missing, and what there is.
  func nothing(of kind: ResultKind, chosen: Bool) throws -> String {
    let stored = try reader.names(of: kind)
    if chosen, !stored.isEmpty {
      return
        "\(path) has no rows of \(kind.rawValue) that --name, --from, --to and --where choose; "
        + "there is \(stored.joined(separator: ", "))"
    }
    let defined = definedNames(of: kind)
    if !defined.isEmpty {
      return "\(path) has no rows of \(kind.rawValue) yet; the pipeline \(pipeline) has "
        + defined.joined(separator: ", ")
    }
    var others: [String] = []
    for other in ResultKind.allCases where other != kind {
      let names = try reader.names(of: other)
      if !names.isEmpty { others.append("\(other.rawValue) \(names.joined(separator: ", "))") }
    }
    let there = others.isEmpty ? "" : "; there is \(others.joined(separator: "; "))"
    return "\(path) has no \(kind.rawValue): the pipeline \(pipeline) defines none" + there
  }

  /// How far the file has come, in a phrase.
  func state(zone: Zone) throws -> String {
    guard let latest = try reader.snapshots(limit: 1).first else {
      return "pipeline \(pipeline), no snapshot yet"
    }
    var text = "pipeline \(pipeline), snapshot \(latest.id), "
    text += "\(Terminal.count(latest.fates.applied, "event")) applied"
    if let watermark = latest.watermark {
      text +=
        watermark.isEndOfInput
        ? ", all windows closed" : ", watermark \(Instants.text(watermark, zone: zone))"
    }
    return text
  }
}

extension ResultKind {
  /// What one stage of it is called.
  var noun: String {
    switch self {
    case .funnels: "funnel"
    case .kpis: "KPI"
    case .metrics: "metric"
    case .retention: "retention"
    case .sessions: "sessions"
    }
  }
}

/// Conditions of the command line.
enum ReportConditions {
  /// The time that `option` gives, in `zone` where it has no offset.
  static func time(_ text: String?, _ option: String, _ zone: Zone) throws -> EventTime? {
    guard let text else { return nil }
    guard let time = Instants.parse(text, zone: zone) else {
      throw ValidationError(
        "\(option) \(text) is no time; write 2026-01-01 or 2026-01-01T08:00:00Z.")
    }
    return time
  }

  /// What each `--where NAME=VALUE` wants; `null` is a missing value.
  static func dimensions(_ conditions: [String]) throws -> [String: String?] {
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
}

/// Options that the reports of funnels, retention and sessions share.
struct StageOptions: ParsableArguments {
  @Argument(help: "The results file.") var file: String

  @Option(help: ArgumentHelp("Only the stage of this name.", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Split by this dimension instead of adding its values up. May be repeated.",
      valueName: "dimension"))
  var by: [String] = []

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only this value of a dimension; `null` is a missing one. May be repeated.",
      valueName: "name=value"))
  var conditions: [String] = []

  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false

  /// Throws for what no file could answer.
  func check(positive numbers: [(option: String, value: Int?)]) throws {
    for (option, value) in numbers {
      guard let value, value < 1 else { continue }
      throw ValidationError("\(option) takes a number from 1 on.")
    }
    guard !(json && csv) else { throw ValidationError("Choose one of --json and --csv.") }
    guard Set(by).count == by.count else {
      throw ValidationError("--by names a dimension twice.")
    }
    _ = try ReportConditions.dimensions(conditions)
  }

  /// Rows of the stage `name` within a range of time, all that the conditions choose.
  func query(_ name: String, from: EventTime? = nil, to: EventTime? = nil) throws -> StageQuery {
    StageQuery(
      name: name, from: from, to: to, dimensions: try ReportConditions.dimensions(conditions),
      limit: .max)
  }

  /// Rows of the stage `name` between the times given, of its latest `last` windows alone where
  /// that is given; nil when it has no window.
  func query(
    _ kind: ResultKind, _ name: String, _ source: ReportSource, from: String?, to: String?,
    last: Int?
  ) throws -> StageQuery? {
    let start = try ReportConditions.time(from, "--from", source.zone)
    let end = try ReportConditions.time(to, "--to", source.zone)
    var query = try query(name, from: start, to: end)
    guard let last else { return query }
    let starts = try source.reader.latestStarts(of: kind, name: name, before: end, limit: last)
    guard let first = starts.last else { return nil }
    query.from = max(first, start ?? first)
    return query
  }

  /// Throws when `--by` names what none of the rows has, whose dimensions are `texts`.
  func checkDimensions(_ texts: Set<String>, of stage: String) throws {
    guard !texts.isEmpty else { return }
    let known = texts.reduce(into: Set<String>()) { $0.formUnion(Dimensions.read($1).keys) }
    for name in by where !known.contains(name) {
      let names = known.sorted()
      let hint =
        NearestName.of(name, in: names).map { "did you mean \($0)?" }
        ?? (names.isEmpty ? "it has no dimensions" : "there is \(names.joined(separator: ", "))")
      throw ValidationError("--by \(name): \(stage) has no such dimension; \(hint)")
    }
  }
}
