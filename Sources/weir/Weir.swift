import ArgumentParser
import WorkerRuntime

/// The command line. Every command is one file of this folder; errors become messages and exit
/// codes in one place, `ExitMapping`.
@main
struct Weir: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir",
    abstract: "Computes metrics in event time from Kafka or files, into SQLite.",
    discussion: """
      EXAMPLES
        weir check shop.yaml                       what is wrong with a pipeline file
        weir test shop.yaml                        run the tests inside it
        weir report shop.sqlite --metric revenue   see results

      Exit codes: 0 done, 1 found something wrong, 2 wrong usage, 3 could not reach or own something.
      """,
    version: WeirVersion.current,
    subcommands: [
      Check.self, TestCommand.self, Produce.self, Report.self, Verify.self, Diff.self,
    ])

  /// Parses the process's arguments, runs the command that they name, and ends the process.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      ExitMapping.end(with: error)
    }
  }
}
