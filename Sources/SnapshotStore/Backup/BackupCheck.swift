import Foundation
import GRDB
import StreamCore

extension BackupSet {
  /// What is wrong with the copy, in words; empty when it is what was made: its bytes, its result
  /// digest, and for a worker a state that is not ahead of the results. O(bytes).
  public func problems() -> [String] {
    do {
      for file in manifest.files where try BackupManifest.File(of: "\(path)/\(file.name)") != file {
        return ["\(file.name) is not what was copied: its bytes have another SHA-256 or length"]
      }
      let report = try ResultsDigest.verify(path: resultsPath)
      guard report.isSound, report.recomputed == manifest.resultDigest else {
        return ["its result digest is \(report.recomputed), not \(manifest.resultDigest)"]
      }
      if let statePath {
        _ = try StateCheck.check(statePath, beside: try LiveLog.read(path: resultsPath))
      }
      return []
    } catch {
      return ["\(error)"]
    }
  }
}

/// Looks a state file through.
enum StateCheck {
  /// What the file at `path` holds, after every page and every record was found right and none of
  /// it ahead of `results`. O(bytes).
  static func check(
    _ path: String, beside results: LiveLog
  ) throws -> (snapshotID: Int64, positions: [PartitionID: Int64]) {
    let connection = try Connection(path: path, role: .reader, options: StoreOptions())
    defer { try? connection.close() }
    try connection.read("verifying it") { db in
      _ = try Schema.state.check(db, path: path)
      let found = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
      guard found == "ok" else { throw StoreError.damaged(path: path, found) }
      try checkStages(db, path, beside: results)
    }
    guard let state = try StateFile.header(connection) else {
      throw StoreError.damaged(path: path, "no state was ever saved in it")
    }
    try state.forEachRecord { _, _, _, _, _ in }
    let positions = results.positions
    let ahead = state.positions.contains { $0.value > positions[$0.key] ?? 0 }
    guard state.snapshotID <= results.snapshotID, !ahead else {
      throw StoreError(
        kind: .stateAhead, path: path,
        what: "the state is of snapshot \(state.snapshotID), the results end with "
          + "\(results.snapshotID)", whatToDo: "Take a copy whose files belong together")
    }
    return (state.snapshotID, state.positions)
  }

  /// Refuses state of another definition, or of other stages, than the results have: one was copied
  /// before a pipeline changed, the other after.
  private static func checkStages(
    _ db: Database, _ path: String, beside results: LiveLog
  ) throws {
    let numbers = StageRegister(manifest: results.manifest)?.numbers
    let held = try [StoredIdentity.current(db), StoredIdentity.next(db)].compactMap(\.self)
    let belongs = held.contains {
      $0.digest == results.definitionDigest
        && ($0.stages == nil || numbers == nil || $0.stages == numbers)
    }
    guard !belongs else { return }
    throw StoreError(
      kind: .otherDefinition, path: path,
      what:
        "the state is of another definition than the results: the pipeline changed between them",
      whatToDo: "Make the copy again when the worker has started")
  }
}
