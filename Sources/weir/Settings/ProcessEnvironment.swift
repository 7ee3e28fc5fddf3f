import Foundation
import PipelineSpec

/// The one place where the environment of the process is read: settings by their declaration,
/// `${NAME}` of pipeline files, and a few conventions of the system.
enum ProcessEnvironment {
  /// All variables.
  static var variables: [String: String] { ProcessInfo.processInfo.environment }

  /// Brokers, for commands that read no pipeline file.
  static var brokers: String? { value(WorkerSettings.brokers.environment) }

  /// Where temporary files of sorting go; nil: beside the data file.
  static var spillDirectory: String? { value(WorkerSettings.spill.environment) }

  /// Who is logged in.
  static var user: String? { value("USER") ?? value("LOGNAME") }

  /// Whether the terminal cannot move its cursor.
  static var isDumbTerminal: Bool { value("TERM") == "dumb" }

  /// Whether nobody said that output is to have no colours.
  static var allowsColor: Bool { value("NO_COLOR") == nil }

  private static func value(_ name: String) -> String? {
    variables[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}
