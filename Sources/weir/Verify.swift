import ArgumentParser
import SnapshotStore

/// `weir verify`: whether a results file is what it says it is.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute a results file's digest again and check its pages.",
    discussion: """
      Reads only, also while a worker writes. Two files with the same result digest hold the same \
      settled results, however they were computed.

      EXAMPLES
        weir verify shop.sqlite
      """)

  @Argument(help: "The results file.") var file: String

  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let report = try ResultsDigest.verify(path: file)
    if json { try Terminal.printJSON(Summary(report)) } else { tell(report) }
    if !report.isSound { throw ExitCode.foundWrong }
  }

  private func tell(_ report: VerifyReport) {
    for problem in report.problems { print("\(file): \(problem)") }
    for table in report.tables {
      var line = "\(table.table): \(Terminal.count(table.rows, "settled row"))"
      if table.prunedRows > 0 { line += ", \(Terminal.grouped(table.prunedRows)) removed by keep" }
      if !table.agrees {
        line +=
          ", and the digest of its rows is \(table.recomputed), not the "
          + "\(table.stored ?? "missing one") of run_manifest"
      }
      print(line)
    }
    if report.isSound {
      print(
        "\(file): sound, pipeline \(report.pipeline), snapshot \(report.snapshotID), result digest "
          + report.recomputed)
    } else {
      print(
        "\(file): not what was written; take a copy that verifies, or compute the results anew")
    }
  }

  /// What `--json` prints.
  private struct Summary: Encodable {
    var file: String
    var sound: Bool
    var pipeline: String
    var snapshot: Int64
    var resultDigest: String?
    var recomputedDigest: String
    var problems: [String]
    var tables: [Table]

    struct Table: Encodable {
      var table: String
      var rows: Int64
      var prunedRows: Int64
      var digest: String?
      var recomputedDigest: String
    }

    init(_ report: VerifyReport) {
      file = report.path
      sound = report.isSound
      pipeline = report.pipeline
      snapshot = report.snapshotID
      resultDigest = report.stored
      recomputedDigest = report.recomputed
      problems = report.problems
      tables = report.tables.map {
        Table(
          table: $0.table, rows: $0.rows, prunedRows: $0.prunedRows, digest: $0.stored,
          recomputedDigest: $0.recomputed)
      }
    }
  }
}
