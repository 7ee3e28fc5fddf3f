import ArgumentParser
import Dashboard
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

extension ConsoleAddress: ExpressibleByArgument {
  /// Reads a port, or an address and a port.
  public init?(argument: String) { self.init(argument) }
}

extension ConsoleSetup {
  /// The console of a file, for whom its pipeline says.
  init(
    dataPath: String, pipeline: Pipeline?, pipelinePath: String? = nil, address: ConsoleAddress,
    live: (@Sendable () -> LiveFigures?)? = nil, log: @escaping @Sendable (String) -> Void
  ) {
    self.init(
      dataPath: dataPath, pipeline: pipeline, pipelinePath: pipelinePath, address: address,
      tokens: (pipeline?.console.grants ?? []).filter { !$0.token.isEmpty }.map(ConsoleToken.init),
      live: live, now: SystemClock.now, log: log)
  }
}

extension ConsoleToken {
  /// The token of a grant of the pipeline file.
  init(_ grant: ConsoleOptions.Grant) {
    var rights: ConsoleRights = .read
    if grant.mayWrite { rights.insert(.write) }
    if grant.mayReveal { rights.insert(.reveal) }
    self.init(name: grant.name, secret: grant.token, rights: rights)
  }
}
