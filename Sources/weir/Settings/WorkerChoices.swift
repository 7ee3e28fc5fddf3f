import ArgumentParser
import Foundation
import PipelineSpec
import WorkerRuntime

/// What a worker's settings are, after flags, environment, pipeline file and defaults were heard.
struct WorkerChoices {
  /// The pipeline, with what stands in place of what its file says; nil: none was named.
  let pipeline: Pipeline?
  /// Each setting, and where it comes from.
  let settings: SettingsResolution

  /// Hears everybody.
  ///
  /// - Parameters:
  ///   - flags: By name of the setting.
  ///   - secretsRequired: Whether a variable without a value is a fault.
  /// - Throws: `PipelineFaults`; `ValidationError` for what flags or environment say.
  init(
    _ flags: [String: String], pipeline path: String?, secretsRequired: Bool = true,
    edits: [RuleEdit] = []
  ) throws {
    let environment = ProcessEnvironment.variables
    let early = SettingsResolution(flags: flags, environment: environment)
    if let fault = early.faults.first { throw ValidationError(fault) }
    guard let path else {
      pipeline = nil
      settings = early
      return
    }
    let loaded = try Pipeline.load(
      path: path, environment: environment, secretsRequired: secretsRequired, edits: edits
    ) { given in
      SettingsOverlay(
        SettingsResolution(flags: flags, environment: environment, file: path, given: given))
    }
    for setting in [WorkerSettings.brokers, WorkerSettings.topic]
    where flags[setting.name] != nil && !SettingsResolution.hasOneTopic(loaded.given) {
      throw ValidationError(
        "\(setting.flag ?? setting.name) stands in place of \(setting.path ?? ""), which \(path) "
          + "does not have.")
    }
    pipeline = loaded
    settings = SettingsResolution(
      flags: flags, environment: environment, file: path, given: loaded.given,
      fallbacks: [
        WorkerSettings.data.name: "\(loaded.plan.name).sqlite",
        WorkerSettings.lanes.name: "\(ProcessInfo.processInfo.activeProcessorCount)",
      ])
  }

  /// The public file.
  var dataPath: String {
    settings.value(WorkerSettings.data) ?? "\(pipeline?.plan.name ?? "weir").sqlite"
  }

  /// Threads that handle partitions.
  var lanes: Int {
    settings.value(WorkerSettings.lanes).flatMap { Int($0) }
      ?? ProcessInfo.processInfo.activeProcessorCount
  }

  /// Where the console is served; nil: nowhere.
  var listen: ConsoleAddress? {
    settings.value(WorkerSettings.listen).flatMap { ConsoleAddress($0) }
  }

  /// The log that was asked for, on standard error.
  ///
  /// - Parameter least: The least level, whatever was asked for.
  func log(atLeast least: LogLine.Level = .debug) -> Log {
    let level = settings.value(WorkerSettings.logLevel).flatMap { LogLine.Level(name: $0) }
    return Log(
      format: format, level: max(least, level ?? .info), write: Terminal.log)
  }

  /// Whether the log is for programs, so that errors belong into it.
  var isForPrograms: Bool { format == .json }

  private var format: LogFormat {
    settings.value(WorkerSettings.log).flatMap(LogFormat.init) ?? .text
  }

  /// Throws for what flags say that is not legal.
  static func check(flags: [String: String]) throws {
    let settings = SettingsResolution(flags: flags, environment: [:])
    if let fault = settings.faults.first { throw ValidationError(fault) }
  }
}

extension Log {
  /// The log of a command that somebody watches: what flags and files say of logs is for workers.
  static var command: Log {
    let settings = SettingsResolution(flags: [:], environment: ProcessEnvironment.variables)
    return Log(
      format: settings.value(WorkerSettings.log).flatMap(LogFormat.init) ?? .text,
      level: settings.value(WorkerSettings.logLevel).flatMap { LogLine.Level(name: $0) } ?? .info,
      write: Terminal.log)
  }

  /// Runs `body`. With `isForPrograms` what it throws is a line of this log, and not of the
  /// terminal.
  func telling(_ isForPrograms: Bool, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch  where isForPrograms && !(error is ExitCode) {
      flush()
      let ending = ExitMapping.ending(of: error)
      for line in ending.message.split(separator: "\n") {
        let text = line.hasPrefix("Error: ") ? line.dropFirst(7) : line
        deliver(
          LogLine(
            .error, site: "worker", String(text),
            fields: [.init("exit_code", "\(ending.code.rawValue)")]))
      }
      throw ending.code
    }
  }

  /// What the console tells of: errors alone.
  var console: @Sendable (String) -> Void { { note(.error, "console", $0) } }
}
