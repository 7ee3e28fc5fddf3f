import ArgumentParser
import PipelineSpec

/// Flags of the settings that a worker has, as they are declared.
struct WorkerFlags: ParsableArguments {
  @Option(name: .setting(WorkerSettings.data), help: .setting(WorkerSettings.data))
  var data: String?

  @Option(name: .setting(WorkerSettings.listen), help: .setting(WorkerSettings.listen))
  var listen: String?

  @Option(name: .setting(WorkerSettings.brokers), help: .setting(WorkerSettings.brokers))
  var brokers: String?

  @Option(name: .setting(WorkerSettings.topic), help: .setting(WorkerSettings.topic))
  var topic: String?

  @Option(name: .setting(WorkerSettings.lanes), help: .setting(WorkerSettings.lanes))
  var lanes: String?

  @OptionGroup var logging: LogFlags

  /// What was given, by name of the setting.
  var given: [String: String] {
    let own = [
      (WorkerSettings.data, data), (WorkerSettings.listen, listen),
      (WorkerSettings.brokers, brokers), (WorkerSettings.topic, topic),
      (WorkerSettings.lanes, lanes),
    ]
    return own.reduce(into: logging.given) { $0[$1.0.name] = $1.1 }
  }

  func validate() throws { try WorkerChoices.check(flags: given) }
}

/// How the log is written, for every command that has one.
struct LogFlags: ParsableArguments {
  @Option(name: .setting(WorkerSettings.log), help: .setting(WorkerSettings.log))
  var log: String?

  @Option(name: .setting(WorkerSettings.logLevel), help: .setting(WorkerSettings.logLevel))
  var logLevel: String?

  /// What was given, by name of the setting.
  var given: [String: String] {
    var given: [String: String] = [:]
    given[WorkerSettings.log.name] = log
    given[WorkerSettings.logLevel.name] = logLevel
    return given
  }

  func validate() throws { try WorkerChoices.check(flags: given) }
}

extension NameSpecification {
  /// The flag of a setting.
  static func setting(_ setting: WorkerSetting) -> Self {
    .customLong(String((setting.flag ?? setting.name).drop { $0 == "-" }))
  }
}

extension ArgumentHelp {
  /// What a setting is for, where else it may be given, and what it is otherwise.
  static func setting(_ setting: WorkerSetting, fallback: String? = nil) -> Self {
    var text = setting.text
    if case .choice(let words) = setting.kind {
      text += " One of \(words.joined(separator: ", "))."
    }
    let places = [setting.environment, setting.path.map { "\($0) of the file" }].compactMap(\.self)
    text += " Else \(places.joined(separator: ", ")). Default: \(fallback ?? setting.fallback)."
    return ArgumentHelp(stringLiteral: text, setting.valueName)
  }
}

extension ArgumentHelp {
  fileprivate init(stringLiteral text: String, _ valueName: String) {
    self.init(text, valueName: valueName)
  }
}
