import PipelineSpec

/// The pipeline file that a command is given.
enum PipelineFile {
  /// Reads it; what the environment says of brokers and topic stands in place of what it says.
  ///
  /// - Parameters:
  ///   - secretsRequired: Whether a variable without a value is a fault.
  ///   - edits: What stands in place of some options of alerts.
  /// - Throws: Every fault of the file.
  static func load(
    _ path: String, secretsRequired: Bool = true, edits: [RuleEdit] = []
  ) throws(PipelineFaults) -> Pipeline {
    let environment = ProcessEnvironment.variables
    return try Pipeline.load(
      path: path, environment: environment, secretsRequired: secretsRequired, edits: edits
    ) { given in
      SettingsOverlay(
        SettingsResolution(flags: [:], environment: environment, file: path, given: given))
    }
  }
}
