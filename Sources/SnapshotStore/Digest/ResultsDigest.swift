import GRDB
import StreamCore

/// What `ResultsDigest.verify` found.
public struct VerifyReport: Sendable, Equatable {
  /// One table's digest, as the file says and as its rows say.
  public struct Table: Sendable, Equatable {
    /// The table's name.
    public var table: String
    /// Settled rows that are there.
    public var rows: Int64
    /// Settled rows that `keep` has removed; the digest still covers them.
    public var prunedRows: Int64
    /// `result_digest.TABLE` of `run_manifest`; nil when it is not there.
    public var stored: String?
    /// The same, computed from the rows.
    public var recomputed: String

    /// Whether the two agree.
    public var agrees: Bool { stored == recomputed }
  }

  /// The file.
  public var path: String
  /// Name of the pipeline.
  public var pipeline: String
  /// Latest snapshot; 0 without any.
  public var snapshotID: Int64
  /// Every table that the digest covers and the file has, by name.
  public var tables: [Table]
  /// `result_digest` of `run_manifest`; nil when it is not there.
  public var stored: String?
  /// The same, computed from the rows.
  public var recomputed: String
  /// What SQLite's `PRAGMA integrity_check` and the store's own checks object to; empty when
  /// nothing.
  public var problems: [String]

  /// Whether the file is what it says it is.
  public var isSound: Bool {
    problems.isEmpty && stored == recomputed && tables.allSatisfy(\.agrees)
  }
}

/// Recomputes and compares the result digests of files; reads only, also while a worker writes.
public enum ResultsDigest {
  /// Computes the digests of the file at `path` again from its rows and checks its pages.
  ///
  /// Digests and pages of one committed snapshot. A file that cannot be read far enough to say more
  /// throws `damaged`. O(bytes of the file).
  public static func verify(path: String) throws(StoreError) -> VerifyReport {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return try reader.connection.read("verifying it") { db in
      var report = VerifyReport(
        path: path, pipeline: try Manifest.get(db, Manifest.pipeline) ?? "",
        snapshotID: try SnapshotRow.latest(db, limit: 1).first?.id ?? 0, tables: [],
        stored: try Manifest.get(db, Manifest.resultDigest), recomputed: "", problems: [])
      report.problems = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
        .filter { $0 != "ok" }
      var total = DigestSum()
      for table in ResultTable.all where try table.exists(in: db) {
        let (found, sum) = try self.table(table, db, path: path)
        total += sum
        report.tables.append(found)
      }
      report.recomputed = total.hex
      report.problems += try countProblems(db)
      return report
    }
  }

  private static func table(_ table: ResultTable, _ db: Database, path: String) throws
    -> (VerifyReport.Table, DigestSum)
  {
    var sum = try Manifest.digest(db, Manifest.prunedDigest(of: table.name), path: path)
    var rows: Int64 = 0
    var row = CanonicalRow(of: table)
    try BoundStatement(db, table.selectSettled).execute {
      row.encode($0, columns: table.digested.count)
      row.bytes.withUnsafeBytes { sum.add(row: $0) }
      rows += 1
    }
    let pruned = try Manifest.get(db, Manifest.prunedRows(of: table.name)).flatMap(Int64.init)
    let found = VerifyReport.Table(
      table: table.name, rows: rows, prunedRows: pruned ?? 0,
      stored: try Manifest.get(db, Manifest.resultDigest(of: table.name)), recomputed: sum.hex)
    return (found, sum)
  }

  /// The latest snapshot's counts are the sums over the partitions.
  private static func countProblems(_ db: Database) throws -> [String] {
    guard let latest = try SnapshotRow.latest(db, limit: 1).first else { return [] }
    let sum = try PartitionProgress.all(db).reduce(into: FateCounts.zero) { $0 += $1.fates }
    guard sum != latest.fates else { return [] }
    return [
      "snapshot \(latest.id) counts \(latest.fates.read) events read, its partitions \(sum.read)"
    ]
  }
}
