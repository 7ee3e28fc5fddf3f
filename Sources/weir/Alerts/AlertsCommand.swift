import ArgumentParser

/// `weir alerts`: what fires, and what people do about it.
struct Alerts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts",
    abstract: "See what fires and why, acknowledge it, say what it was, silence a rule.",
    discussion: """
      Alerts are about results, health alerts about the worker, findings (kind risk) about single \
      users, devices or other entities. All of them work on a stopped file and beside a running \
      worker. Without a subcommand: list.

      EXAMPLES
        weir alerts list shop.sqlite
        weir alerts show shop.sqlite 4be0a1
        weir alerts ack shop.sqlite 4be0a1 --note "provider is on it"
        weir alerts verdict shop.sqlite 4be0a1 real --note "refunds failed"
        weir alerts silence shop.sqlite payment_trouble --for 2h --where platform=ios
        weir alerts unsilence shop.sqlite 3
      """,
    subcommands: [
      AlertsList.self, AlertsShow.self, AlertsAck.self, AlertsVerdict.self, AlertsIncidents.self,
      AlertsSilence.self, AlertsUnsilence.self,
    ], defaultSubcommand: AlertsList.self)
}
