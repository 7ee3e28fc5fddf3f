import Foundation
import PipelineSpec

/// The pipeline file that a command is given.
enum PipelineFile {
  /// Reads it with the process's environment.
  ///
  /// - Parameter secretsRequired: Whether a variable without a value is a fault.
  static func load(_ path: String, secretsRequired: Bool = true) throws(PipelineFaults) -> Pipeline
  {
    try Pipeline.load(
      path: path, environment: ProcessInfo.processInfo.environment,
      secretsRequired: secretsRequired)
  }
}
