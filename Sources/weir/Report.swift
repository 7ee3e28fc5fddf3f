import ArgumentParser

/// `weir report`: what a results file says, on the terminal.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the results of a file.",
    discussion: """
      Without a subcommand: what the file holds; with options of `metrics`, the metrics. Reads only, \
      also while a worker writes.

      EXAMPLES
        weir report shop.sqlite
        weir report metrics shop.sqlite --metric revenue --where channel=web
        weir report funnel shop.sqlite --name checkout --last 7 --by platform
        weir report retention shop.sqlite --amount
        weir report sessions shop.sqlite --csv
        weir report kpis shop.sqlite --periods 3
      """,
    subcommands: [
      ReportOverview.self, ReportMetrics.self, ReportFunnel.self, ReportRetention.self,
      ReportSessions.self, ReportKPIs.self,
    ], defaultSubcommand: ReportOverview.self)
}
