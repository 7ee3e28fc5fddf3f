import ArgumentParser
import PipelineSpec

/// `weir test`: the tests inside a pipeline file.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run the tests inside a pipeline file.",
    discussion: """
      Each test reads its events as one partition, closes every window at the end and compares the \
      rows and counts with what it expects. Nothing is needed but the file. docs/pipeline.md shows \
      how to write them.

      EXAMPLES
        weir test shop.yaml
        weir test shop.yaml --only "revenue and orders by channel"
      """)

  @Argument(help: "The pipeline file.") var pipeline: String

  @Option(help: ArgumentHelp("Run only the test of this name.", valueName: "name"))
  var only: String?

  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    var checked = try PipelineFile.load(pipeline, secretsRequired: false)
    if let only {
      checked.tests = checked.tests.filter { $0.name == only }
      if checked.tests.isEmpty { throw ValidationError("\(pipeline) has no test named \(only).") }
    }
    let outcomes = try PipelineTestRunner.run(checked)
    let failed = outcomes.count { !$0.isPassed }
    if json {
      try Terminal.printJSON(outcomes.map(Result.init))
    } else {
      for outcome in outcomes { tell(outcome) }
      print("\(outcomes.count - failed) passed, \(failed) failed")
    }
    if failed > 0 { throw ExitCode.foundWrong }
  }

  private func tell(_ outcome: PipelineTestRunner.Outcome) {
    if outcome.isPassed {
      print("ok      \(outcome.name)")
      return
    }
    print("not ok  \(outcome.name) (\(pipeline):\(outcome.line))")
    for mismatch in outcome.mismatches { print("          \(mismatch)") }
  }

  /// One test of what `--json` prints.
  private struct Result: Encodable {
    var name: String
    var line: Int
    var passed: Bool
    var mismatches: [String]

    init(_ outcome: PipelineTestRunner.Outcome) {
      name = outcome.name
      line = outcome.line
      passed = outcome.isPassed
      mismatches = outcome.mismatches
    }
  }
}
