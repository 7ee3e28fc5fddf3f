import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir thresholds set`: a person's value.
struct ThresholdsSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set thresholds: for windows that end and events that come from now on.",
    discussion: """
      `From now on` is the greatest event time that has been read, or a later --from: what has been \
      judged stays as it is. On a running worker the command waits for its next snapshot, which says \
      whether the value is taken. The value stands until `weir thresholds reset`, whatever the \
      pipeline file says later.

      A --where value has the type that it has in the results; write 'NAME="1"' for a text that \
      looks like a number. Names that do not exist and values out of bounds end with 2, what is \
      refused as things stand with 1, a worker that does not answer with 3.

      EXAMPLES
        weir thresholds set shop.sqlite payment_trouble.above=0.3 --reason "new provider"
        weir thresholds set shop.sqlite drop.below=0.1 drop.share=0.5 --reason "sale" --from 2026-06-18
        weir thresholds set shop.sqlite drop.below=0.2 --where platform=ios --reason "beta" --by ann
      """)

  @Argument(help: "The results file.") var file: String

  @Argument(help: ArgumentHelp("Thresholds and their values.", valueName: "rule.name=value"))
  var settings: [String]

  @Option(
    help: ArgumentHelp(
      "From this event time on: RFC 3339, or a date in the pipeline's zone.", valueName: "time"))
  var from: String?

  @OptionGroup var change: ThresholdChangeOptions

  func validate() throws {
    try change.check()
    _ = try ReportConditions.time(from, "--from", .utc)
    _ = try wishes()
  }

  func run() throws {
    try change.run(file: file, try wishes(), from: from)
  }

  private func wishes() throws -> [ThresholdWish] {
    try settings.map { text in
      guard let equals = text.firstIndex(of: "=") else {
        throw ValidationError("\(text) is no RULE.NAME=VALUE; write payment_trouble.above=0.3.")
      }
      let number = text[text.index(after: equals)...]
      guard let value = Double(number), value.isFinite, !number.contains("x") else {
        throw ValidationError("\(text): '\(number)' is no number; write one such as 0.3.")
      }
      return try ThresholdWish(String(text[..<equals]), value: value)
    }
  }
}

/// `weir thresholds reset`: back to the pipeline file's value.
struct ThresholdsReset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Give thresholds back to the pipeline file, from now on.",
    discussion: """
      A value that was set with --where is reset with the same --where. See `weir thresholds set \
      --help` for what `from now on` is and for exit codes.

      EXAMPLES
        weir thresholds reset shop.sqlite payment_trouble.above --reason "the default is fine"
        weir thresholds reset shop.sqlite drop.below --where platform=ios --reason "beta is over"
      """)

  @Argument(help: "The results file.") var file: String

  @Argument(help: ArgumentHelp("Thresholds.", valueName: "rule.name"))
  var names: [String]

  @OptionGroup var change: ThresholdChangeOptions

  func validate() throws {
    try change.check()
    _ = try wishes()
  }

  func run() throws { try change.run(file: file, try wishes(), from: nil) }

  private func wishes() throws -> [ThresholdWish] {
    try names.map { name in
      guard !name.contains("=") else {
        throw ValidationError("\(name): reset takes no value; `weir thresholds set` gives one.")
      }
      return try ThresholdWish(name, value: nil)
    }
  }
}

/// What somebody wants of one threshold.
struct ThresholdWish: Equatable {
  let rule: String
  let name: String
  /// nil: back to the file's.
  let value: Double?

  /// Reads `RULE.NAME`.
  init(_ text: String, value: Double?) throws {
    guard let dot = text.lastIndex(of: "."), dot > text.startIndex,
      text.index(after: dot) < text.endIndex
    else { throw ValidationError("\(text) is no RULE.NAME; write payment_trouble.above.") }
    rule = String(text[..<dot])
    name = String(text[text.index(after: dot)...])
    self.value = value
  }
}
