import ArgumentParser
import Dashboard
import Foundation
import PipelineSpec
import WorkerRuntime

/// `weir serve`: the console over a file.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a file of results as pages, an API and figures for Prometheus.",
    discussion: """
      Serves a file that a worker writes or wrote, until it is stopped. A worker serves its own \
      with `weir run --listen`.

      EXAMPLES
        weir serve shop.sqlite
            On http://127.0.0.1:8080/, for this machine alone.
        weir serve shop.sqlite --pipeline shop.yaml --listen 0.0.0.0:8080
            For whoever has one of the tokens under `console` in the pipeline file, with what \
      thresholds would have done.
      """)

  @Argument(help: "The public SQLite file.")
  var file: String

  @Option(
    name: .setting(WorkerSettings.listen),
    help: .setting(WorkerSettings.listen, fallback: "127.0.0.1:8080"))
  var listen: String?

  @Option(help: "The file's pipeline: its tokens, and its rules for trying thresholds.")
  var pipeline: String?

  @OptionGroup var logging: LogFlags

  func run() throws {
    let flags = logging.given.merging(listen.map { [WorkerSettings.listen.name: $0] } ?? [:]) {
      $1
    }
    let choices = try WorkerChoices(flags, pipeline: pipeline, secretsRequired: false)
    let loaded = choices.pipeline
    let log = choices.log()
    let address = choices.listen ?? ConsoleAddress(host: "127.0.0.1", port: 8_080)
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    let server = try ConsoleServer.start(
      ConsoleSetup(
        dataPath: file, pipeline: loaded, pipelinePath: pipeline, address: address,
        log: log.console))
    log.note(.info, "console", "the console is at \(server.url)")
    while !stop.isRaised { Thread.sleep(forTimeInterval: 0.1) }
    server.stop()
    log.flush()
  }
}
