import ArgumentParser
import Foundation
import StreamCore
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
        weir demo                                  watch it at work, with nothing to set up
        weir check shop.yaml                       what is wrong with a pipeline file
        weir test shop.yaml                        run the tests inside it
        weir look clicks.csv.gz                    a file's main numbers as a page
        weir inspect clicks.csv.gz                 what is in there
        weir report shop.sqlite --metric revenue   see results
        weir alerts list shop.sqlite               what fires now
        weir serve shop.sqlite                     all of it as pages
        weir doctor shop.yaml                      whether a worker would run here

      Exit codes: 0 done, 1 found something wrong, 2 wrong usage, 3 could not reach or own something.
      """,
    version: WeirVersion.current,
    subcommands: [
      Demo.self, Run.self, Check.self, TestCommand.self, Inspect.self, Look.self, Produce.self,
      Report.self, Alerts.self, Thresholds.self, Backtest.self, Outbox.self, Replay.self,
      Adopt.self, BackupCommand.self, RestoreCommand.self, Serve.self, Health.self, Verify.self,
      Diff.self, Doctor.self,
    ])

  /// Parses the process's arguments, runs the command that they name, and ends the process.
  static func main() {
    do {
      try checkCommand(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      try command.run()
    } catch {
      ExitMapping.end(with: error)
    }
  }

  /// A misspelt command gets a hint, and so does a misspelt subcommand, which would be taken for a
  /// file.
  private static func checkCommand(_ words: ArraySlice<String>) throws {
    guard let name = words.first, !name.hasPrefix("-") else { return }
    let names = configuration.subcommands.map { $0._commandName } + ["help"]
    guard names.contains(name) else {
      let hint =
        NearestName.of(name, in: names).map { "did you mean \($0)?" }
        ?? "there is \(names.sorted().joined(separator: ", "))"
      throw ValidationError("There is no command \(name); \(hint)")
    }
    let command = configuration.subcommands.first { $0._commandName == name }
    let inner = command?.configuration.subcommands.map { $0._commandName } ?? []
    guard let second = words.dropFirst().first, !second.hasPrefix("-"), !inner.contains(second),
      let meant = NearestName.of(second, in: inner), access(second, F_OK) != 0
    else { return }
    throw ValidationError("There is no command \(name) \(second); did you mean \(meant)?")
  }
}
