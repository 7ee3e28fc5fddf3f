import ArgumentParser
import Foundation
import PipelineSpec

/// `weir health`: whether a running worker is well, for container engines and probes that have
/// neither a shell nor an HTTP client.
struct Health: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a running worker whether it is ready, or at least alive.",
    discussion: """
      Asks the console of `weir run --listen` or `weir serve`; a token is not needed. Prints `ready`, \
      or the reasons why it is not.

      EXAMPLES
        weir health
            The worker whose console is at 127.0.0.1:8080.
        weir health 9090 --timeout 2s
            At another port.
        weir health --alive
            Whether its process answers at all: for a check that restarts what does not.

      Exit codes: 0 ready, 1 not ready, 2 wrong usage, 3 no answer.
      """)

  @Argument(help: ArgumentHelp("A port, or an address and a port.", valueName: "address:port"))
  var address = ConsoleAddress(host: "127.0.0.1", port: 8_080)

  @Flag(help: "Ask whether it is alive, not whether it is ready.")
  var alive = false

  @Option(help: "How long the answer may take: from 10ms to 1h.")
  var timeout = "3s"

  func validate() throws {
    guard let ms = Durations.parse(timeout), (10...3_600_000).contains(ms) else {
      throw ValidationError("--timeout takes a duration from 10ms to 1h, as 500ms or 3s.")
    }
  }

  func run() throws {
    let probe = HealthProbe(address: address, timeoutMs: Durations.parse(timeout) ?? 3_000)
    let answer = try probe.get(alive ? "/healthz" : "/readyz")
    guard answer.status == 200 || answer.status == 503 else {
      throw ProbeError(
        description: "\(address) answered \(answer.status), which no worker does; is another "
          + "program listening there?")
    }
    // Whoever answers may say anything.
    for line in answer.body.split(separator: "\n") { print(TextTable.printable(String(line))) }
    if answer.status != 200 { throw ExitCode.foundWrong }
  }
}

/// Nobody answered, or not as a worker does: what, where, and what to do.
struct ProbeError: Error, CustomStringConvertible {
  var description: String
}
