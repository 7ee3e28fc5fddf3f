/// A setting of a running worker that may be given in several places, declared once: flags and
/// their help, reading of the environment, `weir check --explain` and `docs/settings.md` all come
/// from here.
///
/// One precedence holds for all: flag, environment, pipeline file, default. An empty variable
/// counts as none.
public struct WorkerSetting: Sendable, Hashable {
  /// What a setting's value has to be.
  public enum Kind: Sendable, Hashable {
    /// Any text that is not empty.
    case text
    /// A port, or an address and a port.
    case address
    /// A whole number, from this one on.
    case integer(from: Int64)
    /// One of some words.
    case choice([String])
  }

  /// What it is called in tables.
  public var name: String
  /// The flag, with its dashes; nil: there is none.
  public var flag: String?
  /// The variable of the environment.
  public var environment: String
  /// Where the pipeline file has it, as `console.listen`; nil: nowhere.
  public var path: String?
  /// What it is when nobody says anything, as a value or in words.
  public var fallback: String
  /// What it has to be.
  public var kind: Kind
  /// What it is for, in one sentence.
  public var text: String
  /// How help shows the flag's value.
  public var valueName: String

  /// What is legal, in words.
  public var legal: String {
    switch kind {
    case .text: "a text"
    case .address: "a port, or an address and a port"
    case .integer(let from): "a whole number from \(from) up"
    case .choice(let words): words.joined(separator: ", ")
    }
  }

  /// Whether it is of the one topic that is read.
  var isOfTopic: Bool { path?.hasPrefix("source.") ?? false }

  /// Whether `value` is one that it may have.
  public func takes(_ value: String) -> Bool {
    switch kind {
    case .text: !value.isEmpty
    case .address: ConsoleAddress(value) != nil
    case .integer(let from): Int64(value).map { $0 >= from } ?? false
    case .choice(let words): words.contains(value)
    }
  }
}

/// All settings of a worker that may be given in several places.
public enum WorkerSettings {
  /// The public file.
  public static let data = WorkerSetting(
    name: "data", flag: "--data", environment: "WEIR_DATA", path: nil,
    fallback: "the pipeline's name with .sqlite", kind: .text,
    text: "The public SQLite file; state and lock lie beside it.", valueName: "file")
  /// The console.
  public static let listen = WorkerSetting(
    name: "listen", flag: "--listen", environment: "WEIR_LISTEN", path: "console.listen",
    fallback: "nowhere", kind: .address,
    text: "Where the console is served: a port is this machine alone; any other address needs "
      + "tokens.",
    valueName: "address:port")
  /// Bootstrap brokers of the one source.
  public static let brokers = WorkerSetting(
    name: "brokers", flag: "--brokers", environment: "WEIR_BROKERS",
    path: "source.kafka.brokers", fallback: "none: the file needs them", kind: .text,
    text: "Bootstrap brokers as host:port, separated by commas.", valueName: "addresses")
  /// Topic of the one source.
  public static let topic = WorkerSetting(
    name: "topic", flag: "--topic", environment: "WEIR_TOPIC", path: "source.kafka.topic",
    fallback: "none: the file needs it", kind: .text, text: "The topic that is read.",
    valueName: "name")
  /// Threads.
  public static let lanes = WorkerSetting(
    name: "lanes", flag: "--lanes", environment: "WEIR_LANES", path: nil,
    fallback: "one for each processor", kind: .integer(from: 1),
    text: "Threads that handle partitions.", valueName: "n")
  /// How the log is written.
  public static let log = WorkerSetting(
    name: "log", flag: "--log", environment: "WEIR_LOG", path: "log.format",
    fallback: LogOptions.formats[0], kind: .choice(LogOptions.formats),
    text: "How lines of the log are written to standard error: for people, or as JSON.",
    valueName: "format")
  /// What the log leaves out.
  public static let logLevel = WorkerSetting(
    name: "log level", flag: "--log-level", environment: "WEIR_LOG_LEVEL", path: "log.level",
    fallback: LogOptions.levelDefault, kind: .choice(LogOptions.levels),
    text: "The least level that is written.", valueName: "level")
  /// Where sorting spills.
  public static let spill = WorkerSetting(
    name: "spill", flag: nil, environment: "TMPDIR", path: nil,
    fallback: "the directory of the data file", kind: .text,
    text: "The directory of temporary files while `--input` is sorted.", valueName: "directory")

  /// In the order in which tables show them.
  public static let all = [data, listen, brokers, topic, lanes, log, logLevel, spill]
}

/// How the worker's log is written.
enum LogOptions {
  static let formats = ["text", "json"]
  static let levels = ["debug", "info", "warning", "error"]
  static let levelDefault = "info"

  static let format = Option.choice(
    "format", formats, default: formats[0],
    "How lines are written to standard error: `text` for people, `json` for programs. `--log` and "
      + "`WEIR_LOG` say otherwise.")
  static let level = Option.choice(
    "level", levels, default: levelDefault,
    "The least level that is written. `--log-level` and `WEIR_LOG_LEVEL` say otherwise.")

  static let all: [OptionSpec] = [format.spec, level.spec]
}
