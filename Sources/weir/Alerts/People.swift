import ArgumentParser
import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// Who does something, for commands that change what is people's.
struct PersonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Who you are (default: $USER).", valueName: "name"))
  var by: String?

  /// The name to keep with the change.
  func name() throws -> String {
    let found = [by, ProcessEnvironment.user].compactMap { $0 }.first { !$0.isEmpty }
    guard let found else {
      throw ValidationError("Say who you are with --by NAME: it is kept, and $USER is not set.")
    }
    return found
  }
}

/// How a list is written.
struct ListOptions: ParsableArguments {
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false

  func validate() throws {
    guard !(json && csv) else { throw ValidationError("Choose one of --json and --csv.") }
  }
}

extension ReportSource {
  /// Opens `path`; a pipeline file is a slip.
  init(data path: String) throws {
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
      throw ValidationError(
        "\(path) is a pipeline file; give the file of its results, NAME.sqlite or that of --data.")
    }
    try self.init(path: path)
  }

  /// The rule of that name; one that the file's pipeline does not have is a slip.
  func rule(_ name: String) throws -> RuleRow {
    let rules = try reader.rules()
    if let rule = rules.first(where: { $0.rule == name }) { return rule }
    let names = rules.map(\.rule)
    guard !names.isEmpty else {
      throw ValidationError("There is no rule \(name): the pipeline \(pipeline) has no rules.")
    }
    let hint = NearestName.of(name, in: names).map { "did you mean \($0)? There" } ?? "there"
    throw ValidationError(
      "\(path) has no rule \(name); \(hint) is \(names.joined(separator: ", ")).")
  }

  /// Canonical JSON of the series that `--where NAME=VALUE` names, for a rule; `{}` without any.
  ///
  /// A value is of the type that it has in the results that the rule watches; where none has it,
  /// what reads as JSON is that, and anything else a text.
  func scope(_ conditions: [String], of rule: RuleRow) throws -> String {
    let wanted = try ReportConditions.dimensions(conditions)
    let watched = Dimensions.read(rule.definition)["watch"]?.description
    var scope: DimensionValues = [:]
    for (name, text) in wanted {
      scope[name] = try text.map { try value($0, of: name, watched) } ?? .null
    }
    do throws(Refusal) {
      return try ThresholdDesk.canonical(Dimensions.json(scope), of: rule)
    } catch {
      throw ValidationError(error.description)
    }
  }

  private func value(_ text: String, of name: String, _ watched: String?) throws -> JSONScalar {
    guard let scalar = try? JSONDecoder().decode(JSONScalar.self, from: Data(text.utf8)) else {
      return .string(text)
    }
    guard case .string = scalar else {
      guard let watched else { return scalar }
      return try series(of: watched, [name: text])?[name] ?? scalar
    }
    return scalar
  }

  /// The dimensions of some row of a stage that has those wanted; nil without one.
  func series(of stage: String, _ wanted: [String: String?]) throws -> DimensionValues? {
    let query = StageQuery(name: stage, dimensions: wanted, limit: 1)
    let metric = MetricQuery(metric: stage, dimensions: wanted, limit: 1)
    let found =
      try reader.metrics(metric).first?.dimensions
      ?? reader.funnels(query).first?.dimensions ?? reader.sessions(query).first?.dimensions
      ?? reader.retention(query).first?.dimensions
    return found.map(Dimensions.read)
  }

  /// Wall time for people, in the pipeline's zone.
  func text(_ time: WallTime) -> String { text(EventTime(ms: time.ms)) }

  /// Event time for people, in the pipeline's zone.
  func text(_ time: EventTime) -> String { Instants.text(time, zone: zone) }
}

/// Words for values of rules.
enum RuleText {
  /// `above=0.2 rate=3`, of a JSON object of scalars.
  static func pairs(_ json: String) -> String {
    Dimensions.read(json).sorted { $0.key < $1.key }.map {
      "\($0.key)=\(scalar($0.value))"
    }.joined(separator: " ")
  }

  /// `platform=web`, or `every series`.
  static func scope(_ json: String) -> String { json == "{}" ? "every series" : pairs(json) }

  private static func scalar(_ value: JSONScalar) -> String {
    if case .double(let number) = value { return MetricLine.shortened(number) }
    return value.description
  }
}
