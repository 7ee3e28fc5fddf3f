import Foundation
import StreamCore

/// A pipeline file that was read and found right.
public struct Pipeline: Sendable {
  /// What the core computes.
  public var plan: PipelinePlan
  /// Where each source's topic is, by source name; none for sources of files only.
  public var kafka: [String: KafkaSource]
  /// How results and state are stored.
  public var storage: StorageOptions
  /// Who is told of what, and how.
  public var notify = NotifyOptions()
  /// Where the console listens, and who may use it.
  public var console = ConsoleOptions()
  /// What a changed file may do to results that an earlier one made.
  public var upgrade = UpgradeOptions()
  /// The part of the file that decides results, as YAML that `parse(former:)` takes: without
  /// brokers, credentials, sinks, storage and tests, and with variables replaced but for those that
  /// may stand for a secret. Empty for one that was not read.
  public var definitionDocument = ""
  /// What others may read of the file's texts.
  public var shown = ShownTexts()
  /// What its variables stand for.
  private var variables = Variables(environment: [:], required: true)
  /// Tests inside the file, in its order.
  public var tests: [PipelineTest]
  /// What the file says of settings, and all its values with a `${…}`, as they are without flags.
  public var given: [GivenValue] = []

  /// Makes a pipeline of its parts, unchecked.
  public init(
    plan: PipelinePlan, kafka: [String: KafkaSource] = [:],
    storage: StorageOptions = StorageOptions(), tests: [PipelineTest] = []
  ) {
    self.plan = plan
    self.kafka = kafka
    self.storage = storage
    self.tests = tests
  }

  /// Reads the file at `path`.
  ///
  /// - Parameters:
  ///   - path: Path of the YAML file; messages name it so.
  ///   - environment: What `${NAME}` stands for.
  ///   - secretsRequired: Whether a variable without a value is a fault. If not, the value that it
  ///     is in is taken as right, and the pipeline is for checking only.
  ///   - edits: What stands in place of some options of alerts.
  ///   - overlay: What stands in place of some values, given what the file says.
  /// - Throws: Every fault of the file, in order of position.
  public static func load(
    path: String, environment: [String: String], secretsRequired: Bool = true,
    edits: [RuleEdit] = [], overlay: ([GivenValue]) -> SettingsOverlay = { _ in SettingsOverlay() }
  ) throws(PipelineFaults) -> Pipeline {
    func fault(_ code: String, _ message: String, _ hint: String? = nil) -> PipelineFaults {
      PipelineFaults([
        PipelineFault(file: path, line: 1, column: 1, code: code, message: message, hint: hint)
      ])
    }
    guard let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: ConfigReader.bytesMax + 1)
    else {
      throw fault("no-file", "the file cannot be read", "name a YAML file that this user may read")
    }
    try? handle.close()
    guard data.count <= ConfigReader.bytesMax else {
      throw fault(
        "file-too-large", "a pipeline file has at most \(ConfigReader.bytesMax) bytes")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw fault("not-utf8", "the file is not UTF-8 text", "save it as UTF-8")
    }
    return try parse(
      text: text, file: path, environment: environment, secretsRequired: secretsRequired,
      edits: edits, overlay: overlay)
  }

  /// Reads the text of a pipeline file.
  ///
  /// - Parameters:
  ///   - text: At most 1 MiB of YAML.
  ///   - file: How messages name the file.
  ///   - environment: What `${NAME}` stands for.
  ///   - secretsRequired: As for `load`.
  ///   - zoneinfo: Directory of the time-zone data.
  ///   - edits: What stands in place of some options of alerts.
  ///   - overlay: What stands in place of some values, given what the file says.
  /// - Throws: Every fault of the file, in order of position.
  public static func parse(
    text: String, file: String, environment: [String: String] = [:],
    secretsRequired: Bool = true, zoneinfo: String = "/usr/share/zoneinfo",
    edits: [RuleEdit] = [], overlay: ([GivenValue]) -> SettingsOverlay = { _ in SettingsOverlay() }
  ) throws(PipelineFaults) -> Pipeline {
    let faults = FaultCollector(file: file)
    let variables = Variables(environment: environment, required: secretsRequired)
    guard var root = ConfigReader.read(text, variables: variables, faults: faults) else {
      throw PipelineFaults(faults.faults)
    }
    if let entries = root.entries {
      // A place for anchors: `x-` keys at the top are the author's own.
      root.content = .mapping(entries.filter { !$0.key.hasPrefix("x-") })
    }
    if !edits.isEmpty { root = root.applying(edits) }
    var given = GivenValues(variables)
    given.walk(root)
    root = root.applying(overlay(given.found))
    let settings = OptionReader(faults: faults).read(
      root, PipelineOptions.all, owner: "the pipeline")
    var builder = PipelineBuilder(
      settings: settings, source: text, zones: ZoneDatabase(root: zoneinfo), faults: faults)
    builder.variables = variables
    var pipeline = builder.build()
    pipeline.given = given.found
    let document = DefinitionDocument(
      root, pipeline.plan.pseudonyms, variables, given: given.found)
    (pipeline.definitionDocument, pipeline.shown) = (document.text, document.shown)
    pipeline.variables = variables
    try faults.check()
    return pipeline
  }

  /// Reads the `definitionDocument` of an earlier version of this pipeline, with what variables
  /// stand for now.
  ///
  /// - Parameters:
  ///   - document: The text.
  ///   - file: How messages name the file that it is from.
  /// - Throws: Every fault of it, also variables that have no value any more.
  public func parse(former document: String, file: String) throws(PipelineFaults) -> Pipeline {
    try Self.parse(
      text: document, file: file, environment: variables.environment,
      secretsRequired: variables.required)
  }

  /// The variables in `document`, a `definitionDocument`, that it needs values for, sorted.
  public static func variables(in document: String) -> [String] {
    let known = Variables(environment: [:], required: false).uses(in: document)
    return Set(known.map(\.name)).sorted()
  }
}

/// A Kafka topic that events are read from.
public struct KafkaSource: Sendable, Equatable {
  /// Where to begin when no snapshot knows better.
  public enum Start: Sendable, Equatable {
    case earliest
    case latest
    /// The first record with a timestamp not before this.
    case time(EventTime)
  }

  /// Bootstrap brokers, separated by commas.
  public var brokers: String
  /// Topic name.
  public var topic: String
  /// Where to begin when no snapshot knows better.
  public var start: Start
  /// Topic for rejected and late events, when they go to one.
  public var deadLetters: String?
  /// librdkafka properties; may hold secrets.
  public var options: [String: String]
  /// Whether reading goes on, from the earliest offset, when Kafka lost those to go on from.
  public var continuesOnLostOffsets: Bool
  /// Whether a topic that does not exist yet is waited for.
  public var waitsForTopic: Bool

  /// Makes a topic; the defaults are those of the pipeline file.
  public init(
    brokers: String, topic: String, start: Start = .earliest, deadLetters: String? = nil,
    options: [String: String] = [:], continuesOnLostOffsets: Bool = false,
    waitsForTopic: Bool = false
  ) {
    self.brokers = brokers
    self.topic = topic
    self.start = start
    self.deadLetters = deadLetters
    self.options = options
    self.continuesOnLostOffsets = continuesOnLostOffsets
    self.waitsForTopic = waitsForTopic
  }
}

/// How results and state are stored. All durations in milliseconds.
public struct StorageOptions: Sendable, Equatable {
  /// How long rows of windows of some length are kept.
  public struct KeepRule: Sendable, Equatable {
    /// It holds for windows of this length and more, up to the next rule's.
    public var windowMs: Int64
    /// How long, in event time; nil for ever.
    public var durationMs: Int64?

    /// Keeps rows of windows of `windowMs` for `durationMs`.
    public init(windowMs: Int64, durationMs: Int64?) {
      self.windowMs = windowMs
      self.durationMs = durationMs
    }
  }

  /// How often offsets and results are committed.
  public var snapshotEveryMs: Int64 = 5_000
  /// How often state is saved.
  public var stateEveryMs: Int64 = 30_000
  /// How often rows of open windows are published.
  public var provisionalEveryMs: Int64 = 5_000
  /// Rules by rising window length; none keeps everything.
  public var keep: [KeepRule] = []
  /// Bytes of write-ahead log above which a reader that holds it is an error.
  public var maxWalBytes: Int64 = 1 << 30
  /// Bytes that stay free on the device of the files, and on those of copies.
  public var minFreeBytes: Int64 = 256 << 20
  /// Copies of both files; nil: none are made.
  public var backup: CopyRule?
  /// Copies of the public file; nil: none are made.
  public var archive: CopyRule?

  /// How often copies are made, where they go, and how many stay.
  public struct CopyRule: Sendable, Equatable {
    /// How many copies stay.
    public enum Keep: Sendable, Equatable {
      /// The newest so many.
      case newest(Int)
      /// Those of so many milliseconds of wall time.
      case within(ms: Int64)
      /// All.
      case forever
    }

    /// Wall time between two copies, in milliseconds.
    public var everyMs: Int64
    /// The directory that they go into.
    public var directory: String
    /// How many stay.
    public var keep: Keep

    /// Makes a rule.
    public init(everyMs: Int64, directory: String, keep: Keep) {
      self.everyMs = everyMs
      self.directory = directory
      self.keep = keep
    }
  }

  /// Makes options with the defaults of the pipeline file.
  public init() {}

  /// How long rows of windows of `windowMs` are kept; nil for ever.
  public func keepMs(windowMs: Int64) -> Int64? {
    (keep.last { $0.windowMs <= windowMs } ?? keep.first)?.durationMs
  }
}

extension Pipeline {
  /// What people read of its KPIs, in order of name: rows of the table `kpi_tree`.
  public var kpiTree: [KPINode] {
    plan.kpis.map { kpi in
      var node = kpi.node
      node.formula = shown.text(node.formula)
      return node
    }.sorted { $0.kpi < $1.kpi }
  }
}
