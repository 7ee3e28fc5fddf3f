import ArgumentParser
import SnapshotStore

/// `weir diff`: where two results files differ.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say where the settled results of two files differ.",
    discussion: """
      Prints nothing when they are equal. Compared is what the result digest covers: keys, times and \
      values of final rows; provisional rows are passed over.

      EXAMPLES
        weir diff a.sqlite b.sqlite
        weir diff a.sqlite b.sqlite --limit 5 --json
      """)

  @Argument(help: "One results file.") var a: String
  @Argument(help: "The other one.") var b: String

  @Option(help: ArgumentHelp("List at most so many rows of each table.", valueName: "n"))
  var limit = 20

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit takes a number from 0 on.") }
  }

  func run() throws {
    let report = try ResultsDigest.diff(a, b, limit: limit)
    if json { try Terminal.printJSON(Summary(report)) }
    if report.isEmpty { return }
    if !json { tell(report) }
    throw ExitCode.foundWrong
  }

  private func tell(_ report: DiffReport) {
    for difference in report.differences {
      print("\(difference.table) \(difference.key)")
      if let values = difference.a { print("  - \(values)") }
      if let values = difference.b { print("  + \(values)") }
    }
    for table in report.tables where table.differing > 0 {
      print(
        "\(table.table): \(Terminal.grouped(table.changed)) changed, "
          + "\(Terminal.grouped(table.onlyInA)) only in \(a), "
          + "\(Terminal.grouped(table.onlyInB)) only in \(b), "
          + "\(Terminal.grouped(table.equal)) equal")
    }
    let removed = report.tables.reduce(0) { $0 + $1.removed }
    if removed > 0 {
      print("\(Terminal.count(removed, "row")) of one file were removed from the other by keep")
    }
    if report.tables.allSatisfy({ $0.differing == 0 }) {
      print(
        "the rows that are there agree, but the result digests differ: they also cover rows that "
          + "keep has removed; see weir verify for both files")
    }
  }

  /// What `--json` prints.
  private struct Summary: Encodable {
    var equal: Bool
    var digestA: String?
    var digestB: String?
    var tables: [Table]
    var differences: [Row]

    struct Table: Encodable {
      var table: String
      var onlyInA: Int64
      var onlyInB: Int64
      var changed: Int64
      var equal: Int64
      var removed: Int64
    }

    struct Row: Encodable {
      var table: String
      var kind: String
      var key: String
      var a: String?
      var b: String?
    }

    init(_ report: DiffReport) {
      equal = report.isEmpty
      digestA = report.digestA
      digestB = report.digestB
      tables = report.tables.map {
        Table(
          table: $0.table, onlyInA: $0.onlyInA, onlyInB: $0.onlyInB, changed: $0.changed,
          equal: $0.equal, removed: $0.removed)
      }
      differences = report.differences.map {
        Row(table: $0.table, kind: $0.kind.rawValue, key: $0.key, a: $0.a, b: $0.b)
      }
    }
  }
}
