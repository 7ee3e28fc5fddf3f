import ArgumentParser

/// `weir thresholds`: numbers of rules that people may change.
struct Thresholds: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thresholds",
    abstract: "See and change the thresholds of alerts and risks, without a restart.",
    discussion: """
      The pipeline file gives each threshold its default; a person's value stands until it is reset. \
      Every change is kept for ever with who, when and why. They work on a stopped file and on that \
      of a running worker, which takes changes with its next snapshot; suggest reads events instead. \
      Without a subcommand: list.

      EXAMPLES
        weir thresholds list shop.sqlite
        weir thresholds set shop.sqlite payment_trouble.above=0.3 --reason "new provider"
        weir thresholds reset shop.sqlite payment_trouble.above --reason "the default is fine"
        weir thresholds history shop.sqlite --rule payment_trouble
        weir thresholds suggest shop.yaml payment_trouble --max-alerts-per-week 2
      """,
    subcommands: [
      ThresholdsList.self, ThresholdsSet.self, ThresholdsReset.self, ThresholdsHistory.self,
      ThresholdsSuggest.self,
    ], defaultSubcommand: ThresholdsList.self)
}
