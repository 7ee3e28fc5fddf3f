import Foundation
import GRDB
import StreamCore

/// Puts a backup in the place of a worker's files.
///
/// The newest backup whose bytes are what was copied is taken, or that which is asked for. The
/// files that come out carry a mark: nobody knows which of the messages about what happened between
/// the backup and the loss were sent, and the worker that goes on from them acts by it. Files that
/// are in the way are renamed, never removed.
public struct Restoration: Sendable {
  /// A directory of backups, or one of them.
  public var source: String
  /// Path that the results file gets; the state file goes beside it.
  public var target: String
  /// The newest backup that was complete by then is taken; nil: the newest.
  public var asOf: WallTime?
  /// When the files were lost; nil: now. What ended by then may have been told.
  public var lost: WallTime?
  /// Whether files that are in the way are renamed; else they are refused.
  public var replaces = false

  /// Names what is to be restored, and where to.
  public init(from source: String, into target: String) {
    self.source = source
    self.target = target
  }

  /// What was restored.
  public struct Report: Sendable, Equatable {
    /// A newer backup that was passed over.
    public struct Skipped: Sendable, Equatable {
      /// Its directory.
      public var path: String
      /// What is wrong with it.
      public var problem: String
    }

    /// The backup.
    public var backup: BackupSet
    /// Newer ones that are damaged.
    public var skipped: [Skipped]
    /// What the files were renamed to that were in the way; nil where none were.
    public var setAside: String?
    /// What ended by then may have been told by the lost worker.
    public var lost: WallTime
    /// Messages that the backup would have sent, and that may have been sent since.
    public var withheld: Int
  }

  /// Restores, and returns when it is on the disk.
  ///
  /// Files that a worker made and took no snapshot with are in nobody's way. Throws, with
  /// everything as it was: `io` where there is no backup, or a file is in the way;
  /// `damaged` where no backup is good; `locked` while a process holds the files that are in the
  /// way; `diskFull`. O(bytes of the backups that are looked at).
  public func apply(now: WallTime) throws(StoreError) -> Report {
    try FileSystem.checkWritable(target)
    let locks = [
      try FileLock(of: target), try FileLock(of: StateFile.path(besides: target)),
    ]
    defer { for lock in locks { lock.release() } }
    let isThere = ResultsRemoval.suffixes.contains { FileSystem.size(of: target + $0) != nil }
    let isTaken = isThere && !isEmpty
    guard !isTaken || replaces else {
      throw StoreError(
        kind: .io, path: target, what: "there is a file already",
        whatToDo: "Choose another path, or add --replace: what is there is renamed, not removed")
    }
    let (backup, skipped) = try choose()
    try checkRoom(for: backup)
    let lost = min(lost ?? now, now)
    let unfinished = target + ".restoring"
    let remove = {
      for suffix in ["", "-journal", "-wal", "-shm", stateFileSuffix] {
        FileSystem.remove(unfinished + suffix)
      }
    }
    remove()
    do {
      try FileManager.default.copyItem(atPath: backup.resultsPath, toPath: unfinished)
      if let state = backup.statePath {
        try FileManager.default.copyItem(atPath: state, toPath: unfinished + stateFileSuffix)
      }
      let withheld = try mark(unfinished, backup, lost: lost, now: now)
      let setAside = isTaken ? try setAside(now: now) : nil
      if !isTaken { for suffix in ResultsRemoval.suffixes { FileSystem.remove(target + suffix) } }
      // Results without state, which a kill leaves here, are refused by a worker.
      try FileSystem.finish(unfinished, as: target)
      try FileSystem.finish(
        unfinished + stateFileSuffix, as: StateFile.path(besides: target))
      return Report(
        backup: backup, skipped: skipped, setAside: setAside, lost: lost, withheld: withheld)
    } catch {
      remove()
      throw StoreError(error, path: target, doing: "restoring it")
    }
  }

  /// Whether what is there was never worked with: a worker that was started on the lost disk has
  /// made it, and refused to go on.
  private var isEmpty: Bool {
    guard let log = try? LiveLog.read(path: target), log.snapshotID == 0 else { return false }
    let path = StateFile.path(besides: target)
    guard FileSystem.size(of: path) != nil else { return true }
    guard
      let state = try? Connection(path: path, role: .reader, options: StoreOptions())
    else { return false }
    defer { try? state.close() }
    do {
      return try StateFile.header(state) == nil
    } catch {
      return false
    }
  }

  // MARK: - Which

  private func choose() throws(StoreError) -> (BackupSet, [Report.Skipped]) {
    if let set = BackupSet(path: source) {
      guard set.manifest.kind == .backup else {
        throw StoreError(
          kind: .io, path: source, what: "it is an archive, which has no state to go on from",
          whatToDo: "Name a backup, or a directory of backups")
      }
      if let problem = set.problems().first { throw StoreError.damaged(path: source, problem) }
      return (set, [])
    }
    let all = BackupSet.all(in: source, kind: .backup)
    let pipelines = Set(all.map(\.manifest.pipeline)).sorted()
    guard pipelines.count < 2 else {
      throw StoreError(
        kind: .io, path: source,
        what: "it holds backups of several pipelines: \(pipelines.joined(separator: ", "))",
        whatToDo: "Name one of the backups in it: \(all.prefix(3).map(\.path))")
    }
    var skipped: [Report.Skipped] = []
    for set in all where asOf.map({ set.taken <= $0 }) ?? true {
      guard let problem = set.problems().first else { return (set, skipped) }
      skipped.append(Report.Skipped(path: set.path, problem: problem))
    }
    guard let worst = skipped.first else {
      throw StoreError(
        kind: .io, path: source,
        what: all.isEmpty ? "there is no backup in it" : "there is no backup in it that is so old",
        whatToDo: "Look with `ls \(source)`: each backup is a directory with a manifest.json")
    }
    throw StoreError(
      kind: .damaged, path: source,
      what: "none of its \(skipped.count) backups is what was copied; of \(worst.path): "
        + worst.problem,
      whatToDo: "Build a new file from history: `weir replay PIPELINE.yaml --into \(target)`, then "
        + "`weir adopt --into \(target)`")
  }

  private func checkRoom(for backup: BackupSet) throws(StoreError) {
    guard let free = FileSystem.freeBytes(at: target), free < backup.bytes else { return }
    throw StoreError(
      kind: .diskFull, path: target,
      what: "\(free) bytes are free, and the backup has \(backup.bytes)",
      whatToDo: "Make room, or choose a path on a larger device")
  }

  // MARK: - How

  /// Writes into the copy what a worker has to know of it; how many messages wait no longer.
  private func mark(
    _ path: String, _ backup: BackupSet, lost: WallTime, now: WallTime
  ) throws(StoreError) -> Int {
    let connection = try Connection(path: path, role: .sharedWriter, options: StoreOptions())
    defer { try? connection.close() }
    let withheld = try connection.run("marking it as restored") { db in
      var withheld = 0
      try db.inTransaction(.immediate) {
        try Manifest.set(db, ManifestKey.restoredFrom, FileSystem.resolved(backup.path))
        try Manifest.set(db, ManifestKey.restoredWallMs, "\(now.ms)")
        try Manifest.set(db, ManifestKey.restoredTakenWallMs, "\(backup.taken.ms)")
        try Manifest.set(db, ManifestKey.restoredLostWallMs, "\(lost.ms)")
        try db.execute(
          sql: "DELETE FROM run_manifest WHERE key = ?", arguments: [ManifestKey.restoredToldWallMs]
        )
        // A file from before there were alerts has neither.
        if try db.tableExists("outbox") {
          try db.execute(
            sql: "UPDATE outbox SET state = 'suppressed:stale' WHERE state = 'pending'")
          withheld = db.changesCount
          // The worker judges its health anew.
          try db.execute(
            sql: """
              UPDATE alerts SET state = 'resolved', resolved_ms = window_end_ms
              WHERE kind = 'health' AND (state = 'firing' OR state = 'recovering')
              """)
        }
        return .commit
      }
      return withheld
    }
    try connection.close()
    return withheld
  }

  /// Renames what is in the way, all files in the same way, so that they still belong together.
  private func setAside(now: WallTime) throws(StoreError) -> String {
    let aside = "\(target).before-restore-\(now.ms)"
    for suffix in ResultsRemoval.suffixes where FileSystem.size(of: target + suffix) != nil {
      guard rename(target + suffix, aside + suffix) == 0 else {
        throw StoreError(
          kind: .io, path: target + suffix, what: "it cannot be renamed: \(FileSystem.reason())",
          whatToDo: "Look at the directory's rights, then try again")
      }
    }
    return aside
  }
}
