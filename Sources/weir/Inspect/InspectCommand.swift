import ArgumentParser
import Foundation
import Inspection
import KafkaClient
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir inspect`: what is in files or a topic, and a proposed pipeline.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is in files or a topic, and propose a pipeline for it.",
    discussion: """
      Looks once at every record of CSV or JSON lines (.gz too, - for standard input), or of a topic \
      from its beginning to its end now: events, fields, times, disorder, copies, users. Values of \
      people are never shown: letters become a, digits 9. A topic is only read: no group is joined, \
      nothing is committed.

      EXAMPLES
        weir inspect clicks.csv.gz
        weir inspect part-*.jsonl --propose > shop.yaml
        weir inspect shop.events --brokers kafka:9092 --events 1000000
        weir inspect export.csv --field time=下单时间 --zone Asia/Shanghai

      Exit code 1 says that the data should not be used before it is looked at.
      """)

  @Argument(help: ArgumentHelp("Files, or a topic.", valueName: "file|topic"))
  var inputs: [String]

  @OptionGroup var choices: InspectChoices

  @Option(help: ArgumentHelp("Brokers of a topic, host:port.", valueName: "addresses"))
  var brokers: String?

  @Option(
    name: .customLong("option"),
    help: ArgumentHelp("A librdkafka property, as for security.", valueName: "name=value"))
  var kafkaOptions: [String] = []

  @Option(help: ArgumentHelp("Records to read, spread over partitions.", valueName: "n"))
  var events: Int64?

  @Flag(help: "Print a pipeline file in place of the report.") var propose = false

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard !inputs.isEmpty else { throw ValidationError("Name files, or a topic with --brokers.") }
    if let events, events < 1 { throw ValidationError("--events takes a number from 1 on.") }
    guard !(propose && json) else {
      throw ValidationError("--propose prints YAML and --json prints JSON; give one of them.")
    }
    for option in kafkaOptions where !option.contains("=") {
      throw ValidationError("--option takes NAME=VALUE, not \(option).")
    }
    _ = try choices.overrides()
  }

  func run() throws {
    let inspected = try inspect()
    Terminal.endProgress()
    let profile = inspected.profile
    if propose {
      let proposal = try choices.proposal(of: inspected)
      print(proposal.text, terminator: "")
      for warning in profile.warnings { Terminal.tell("weir: \(warning.text)") }
    } else if json {
      try InspectJSON.printJSON(profile)
    } else {
      print(InspectReport(profile, zone: try choices.zoneData()).text, terminator: "")
    }
    if profile.isSerious { throw ExitCode.foundWrong }
  }

  private func inspect() throws -> Inspected {
    var options = InspectionOptions()
    options.overrides = try choices.overrides()
    options.zone = try choices.zoneData()
    guard let topic = try topic() else {
      let spooled = try SpooledInput(inputs)
      return try withExtendedLifetime(spooled) {
        try FileInspector(options: options, limit: events, report: InspectProgress.files)
          .run(spooled)
      }
    }
    var settings = KafkaSettings(
      brokers: brokers ?? ProcessEnvironment.brokers ?? "127.0.0.1:9092")
    for option in kafkaOptions {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      settings.options[parts[0]] = parts.count > 1 ? parts[1] : ""
    }
    return try TopicInspector(
      options: options, settings: settings, limit: events, report: InspectProgress.topic
    ).run(topic)
  }

  /// The topic that is meant, when it is one: one name that is no file, with brokers or without a
  /// sign of a path in it.
  private func topic() throws -> String? {
    let missing = inputs.filter { $0 != "-" && !FileManager.default.fileExists(atPath: $0) }
    guard inputs.count == 1, let name = missing.first else {
      if brokers != nil {
        throw ValidationError("--brokers is for a topic: give its name alone, without files.")
      }
      return nil
    }
    if brokers != nil { return name }
    if name.contains("/") || name.hasSuffix(".csv") || name.hasSuffix(".gz")
      || name.hasSuffix(".jsonl") || name.hasSuffix(".json") || name.hasSuffix(".txt")
    {
      return nil
    }
    throw ValidationError(
      "There is no file \(name). If it is a topic, say where: --brokers HOST:PORT.")
  }
}

/// Options that `inspect` and `look` share.
struct InspectChoices: ParsableArguments {
  @Option(
    name: .customLong("field"),
    help: ArgumentHelp("Where name, user, time or id is.", valueName: "role=path"))
  var fields: [String] = []

  @Option(help: "Preset of the fields: segment, posthog, snowplow, cloudevents, sensors, custom.")
  var preset: String?

  @Option(help: "IANA zone of days, and of times written without one.") var zone = "UTC"

  @Option(help: "Name of the proposed pipeline; the file's or topic's when not given.")
  var name: String?

  func overrides() throws -> RoleOverrides {
    var overrides = RoleOverrides()
    let presets = ["segment", "posthog", "snowplow", "cloudevents", "sensors", "custom"]
    if let preset, !presets.contains(preset) {
      let hint =
        NearestName.of(preset, in: presets).map { "did you mean \($0)?" }
        ?? "there is \(presets.joined(separator: ", "))"
      throw ValidationError("There is no preset \(preset); \(hint)")
    }
    overrides.preset = preset
    for field in fields {
      let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, ["name", "user", "time", "id"].contains(parts[0]) else {
        throw ValidationError("--field takes name=PATH, user=PATH, time=PATH or id=PATH.")
      }
      overrides.paths[parts[0]] = parts[1]
    }
    return overrides
  }

  func zoneData() throws -> Zone {
    do {
      return try Zone.named(zone)
    } catch {
      throw ValidationError("--zone: \(error)")
    }
  }

  /// - Throws: `ValidationError` when nothing can be proposed.
  func proposal(of inspected: Inspected) throws -> Proposal {
    var options = ProposalOptions()
    options.name = name ?? Self.name(of: inspected)
    options.origin = inspected.origin
    options.kafka = inspected.kafka
    options.zone = zone
    options.csv = inspected.csv
    do {
      return try Proposal.make(inspected.profile, options: options)
    } catch {
      Terminal.endProgress()
      Terminal.tell("weir: \(error)")
      throw ExitCode.foundWrong
    }
  }

  /// `clicks` of `clicks.csv.gz`, `events` of standard input.
  static func name(of inspected: Inspected) -> String {
    let first = inspected.kafka?.topic ?? inspected.profile.partitions.first?.name ?? "events"
    if inspected.kafka != nil { return first }
    if first == SpooledInput.standardInput { return "events" }
    return String(first.prefix { $0 != "." })
  }
}

/// Lines about how far an inspection is.
enum InspectProgress {
  static func files(_ progress: InputProgress) {
    guard Terminal.isWatched else { return }
    var line = "\(Terminal.grouped(progress.records)) records"
    if let total = progress.totalBytes, total > 0 {
      line += ", \(min(100, progress.bytesRead * 100 / total))%"
    }
    Terminal.progress(line)
  }

  static func topic(_ read: Int64, _ total: Int64) {
    guard Terminal.isWatched else { return }
    let share = total > 0 ? ", \(min(100, read * 100 / total))%" : ""
    Terminal.progress("\(Terminal.grouped(read)) records\(share)")
  }
}

/// A profile as JSON, with names as the tables of results have them.
enum InspectJSON {
  static func printJSON(_ profile: Profile) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(profile), as: UTF8.self))
  }
}
