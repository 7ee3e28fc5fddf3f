import ArgumentParser
import Foundation
import KafkaClient
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir produce`: CSV or JSON lines into a topic.
struct Produce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send CSV or JSON lines to a Kafka topic, keyed by user.",
    discussion: """
      Files may be .gz, and - is standard input. With --pipeline its source says where user and time \
      are, and the topic and brokers when these are not given; without, the user is `user_id` or else \
      `anonymous_id` and the time is `timestamp`. CSV rows become JSON objects of texts unless --raw. \
      A record that cannot be read is sent all the same, without a key, for the consumer to count.

      EXAMPLES
        weir produce events.jsonl.gz --topic shop.events --brokers kafka:9092
        weir produce part-*.csv --pipeline shop.yaml --sort --rate 1000
        weir produce orders.csv --topic orders --key customer.id --create-partitions 4
      """)

  @Argument(help: "Files of JSON lines or CSV.") var files: [String]

  @Option(help: "The topic; that of the pipeline's source when not given.") var topic: String?

  @Option(help: ArgumentHelp("Brokers as host:port, separated by commas.", valueName: "addresses"))
  var brokers: String?

  @Option(help: ArgumentHelp("The pipeline file that will read the topic.", valueName: "file"))
  var pipeline: String?

  @Option(help: ArgumentHelp("Which of the pipeline's sources.", valueName: "name"))
  var source: String?

  @Flag(help: "Send in the order of event time over all files.") var sort = false

  @Option(help: ArgumentHelp("Records a second, in place of as many as possible.", valueName: "n"))
  var rate: Double?

  @Option(help: ArgumentHelp("Path of the field that is the key.", valueName: "path"))
  var key: String?

  @Flag(help: "Send CSV rows as they are.") var raw = false

  @Option(help: ArgumentHelp("Create the topic with so many partitions first.", valueName: "n"))
  var createPartitions: Int?

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("Name at least one file.") }
    guard topic != nil || pipeline != nil else {
      throw ValidationError("Give --topic, or the --pipeline whose source names it.")
    }
    guard source == nil || pipeline != nil else {
      throw ValidationError("--source chooses one of a pipeline's; give --pipeline too.")
    }
    if let rate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--rate takes a number above 0.")
    }
    if let createPartitions, !(1...10_000).contains(createPartitions) {
      throw ValidationError("--create-partitions takes a number from 1 to 10000.")
    }
    if let key, key.isEmpty { throw ValidationError("--key takes the path of a field.") }
  }

  func run() throws {
    let target = try ProduceTarget(
      topic: topic, brokers: brokers, pipeline: pipeline, source: source)
    // A slip in a path shows before anything is asked of the brokers.
    _ = try InputFiles.checked(files)
    let log = Log.command
    defer { log.flush() }
    try target.prepareTopic(createPartitions: createPartitions)
    let sink = try KafkaProducer(settings: target.settings, log: KafkaLog(log))
    let options = ProduceOptions(
      topic: target.topic, keyPath: key.map(PathText.steps), sorts: sort, ratePerSecond: rate,
      keepsRows: raw, spillDirectory: FileManager.default.temporaryDirectory.path)
    let producer = TopicProducer(
      source: target.source, options: options, clock: MachineClock(), sink: sink)
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    var last: ProduceProgress?
    defer {
      Terminal.endProgress()
      if let last { print(Self.summary(last, topic: target.topic)) }
    }
    let done = try producer.run(
      files: files,
      report: {
        last = $0
        Terminal.progress(Self.progress($0))
      },
      shouldStop: { stop.isRaised })
    last = done
    if done.failed > 0 || done.delivered < done.sent { throw ExitCode.unreachable }
  }

  /// One line about how far it is.
  static func progress(_ progress: ProduceProgress) -> String {
    var line = "\(Terminal.grouped(progress.sent)) sent"
    if let total = progress.totalBytes, total > 0 {
      line += ", \(min(100, progress.bytesRead * 100 / total))% read"
    }
    if let rate = progress.perSecond { line += ", \(Terminal.grouped(Int64(min(rate, 1e15))))/s" }
    if let ms = progress.remainingMs { line += ", \(Terminal.clock(ms: ms)) left" }
    return line
  }

  /// The line at the end.
  static func summary(_ progress: ProduceProgress, topic: String) -> String {
    var parts = [
      "\(Terminal.count(progress.read, "record")) read",
      "\(Terminal.grouped(progress.delivered)) delivered to \(topic)",
    ]
    let rest: [(Int64, String)] = [
      (progress.failed, "not delivered"),
      (progress.sent - progress.delivered - progress.failed, "of unknown fate"),
      (progress.keyless, "without a key"), (progress.unconverted, "no rows, sent as they are"),
      (progress.oversized, "too large, not sent"),
    ]
    parts += rest.filter { $0.0 > 0 }.map { "\(Terminal.grouped($0.0)) \($0.1)" }
    return parts.joined(separator: ", ")
  }
}

/// Where records are sent, and whose they are.
struct ProduceTarget {
  var topic: String
  var settings: KafkaSettings
  var source: SourcePlan

  /// - Throws: `PipelineFaults`, `ValidationError`.
  init(topic: String?, brokers: String?, pipeline: String?, source name: String?) throws {
    guard let pipeline else {
      self.topic = topic ?? ""
      settings = KafkaSettings(
        brokers: brokers ?? ProcessEnvironment.brokers ?? Self.defaultBrokers)
      source = Self.unknownSource
      return
    }
    let loaded = try PipelineFile.load(pipeline)
    if let name {
      guard let chosen = loaded.plan.sources.first(where: { $0.name == name }) else {
        throw SourceChoice.unknown(name, in: loaded.plan)
      }
      source = chosen
    } else {
      guard let only = loaded.plan.sources.first, loaded.plan.sources.count == 1 else {
        let names = loaded.plan.sources.map(\.name).joined(separator: ", ")
        throw ValidationError("\(pipeline) has several sources; choose with --source: \(names)")
      }
      source = only
    }
    let kafka = loaded.kafka[source.name]
    guard let topic = topic ?? kafka?.topic else {
      throw ValidationError("Source \(source.name) of \(pipeline) has no topic; give --topic.")
    }
    self.topic = topic
    settings = KafkaSettings(
      brokers: brokers ?? kafka?.brokers ?? Self.defaultBrokers,
      options: (kafka?.options ?? [:]).filter { !Self.isForConsumers($0.key) })
  }

  private static let defaultBrokers = "127.0.0.1:9092"

  /// Options that a producer would only warn of.
  private static func isForConsumers(_ option: String) -> Bool {
    ["fetch.", "queued.", "session.", "heartbeat.", "max.poll.", "isolation.", "check.crcs"]
      .contains { option.hasPrefix($0) }
  }

  /// Events of which nothing is known but the usual names.
  private static var unknownSource: SourcePlan {
    var fields = [FieldBinding](repeating: .absent, count: Slot.reserved)
    fields[Slot.name] = .paths([["event"]])
    fields[Slot.user] = .paths([["user_id"], ["anonymous_id"]])
    fields[Slot.time] = .paths([["timestamp"]])
    return SourcePlan(name: "events", topic: nil, fields: fields)
  }

  /// Sees to it that the topic is there: a broker might create one of any spelling.
  ///
  /// - Throws: `KafkaError` when it is not, or has another number of partitions than asked for.
  func prepareTopic(createPartitions: Int?) throws {
    let topics = try KafkaTopics(settings: settings)
    guard let wanted = createPartitions else {
      _ = try topics.partitions(of: topic)
      return
    }
    if let found = try topics.all()[topic] {
      guard Int(found) == wanted else {
        throw ValidationError(
          "Topic \(topic) is there with \(found) partitions; leave --create-partitions out."
        )
      }
      return
    }
    try topics.createTopic(topic, partitions: wanted)
  }
}
