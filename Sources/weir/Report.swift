import ArgumentParser

/// `weir report`: what a results file says, on the terminal.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the results of a file.",
    discussion: """
      Without a subcommand the metrics are shown. Reads only, also while a worker writes.

      EXAMPLES
        weir report shop.sqlite
        weir report metrics shop.sqlite --metric revenue --where channel=web
      """,
    subcommands: [ReportMetrics.self], defaultSubcommand: ReportMetrics.self)
}
