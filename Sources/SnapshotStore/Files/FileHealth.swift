import GRDB
import Glibc

/// What a results file or a state file looks like from outside: for people who ask whether a worker
/// could go on with it. Reads only; a worker may write meanwhile.
public struct FileHealth: Sendable, Equatable {
  /// Bytes of the file.
  public var bytes: Int64
  /// The version of its schema.
  public var version: Int
  /// The version that this program writes.
  public var knownVersion: Int
  /// What is wrong with its pages; nil: nothing that was seen.
  public var damage: String?
  /// Whether all pages were looked at: false where that took longer than it was allowed to.
  public var isChecked: Bool
  /// The snapshot that it holds; nil: none yet.
  public var snapshotID: Int64?

  /// Looks at the results file at `path`; nil when there is none.
  ///
  /// - Parameter limitMs: How long reading its pages may take. O(bytes of the file).
  /// - Throws: `StoreError`: it cannot be read, is foreign, or of a later version.
  public static func results(_ path: String, limitMs: Int64) throws(StoreError) -> FileHealth? {
    try look(path, .results, "SELECT max(id) FROM snapshots", limitMs)
  }

  /// Looks at the state file at `path`; nil when there is none. As `results`.
  public static func state(_ path: String, limitMs: Int64) throws(StoreError) -> FileHealth? {
    try look(path, .state, "SELECT snapshot_id FROM header", limitMs)
  }

  private static func look(
    _ path: String, _ schema: Schema, _ snapshot: String, _ limitMs: Int64
  ) throws(StoreError) -> FileHealth? {
    guard let bytes = FileSystem.size(of: path) else { return nil }
    let connection = try Connection(
      path: path, role: .reader, options: StoreOptions(), deadline: QueryDeadline(limitMs: limitMs))
    defer { try? connection.close() }
    var health = try connection.read("looking at it") { db in
      let found = try schema.check(db, path: path)
      return FileHealth(
        bytes: bytes, version: found.version, knownVersion: schema.version, damage: nil,
        isChecked: false, snapshotID: found.isNew ? nil : try Int64.fetchOne(db, sql: snapshot))
    }
    do {
      let found = try connection.read("reading its pages") { db in
        try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
      }
      health.isChecked = true
      if let found, found != "ok" { health.damage = found }
    } catch  where error.kind == .timedOut {
      // A large file on a slow device: what is known so far is told.
    }
    return health
  }

  /// Who writes to the file at `path`: `process 12`; nil when nobody does.
  ///
  /// Takes a shared lock for an instant where nobody holds one.
  public static func writer(of path: String) -> String? {
    let descriptor = open(path + ".lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else {
      // At once, whoever else may hold a copy of the descriptor.
      flock(descriptor, LOCK_UN)
      return nil
    }
    return FileLock.owner(descriptor).map { "process \($0)" } ?? "another process"
  }

  /// The version of the SQLite library.
  public static var sqliteVersion: String {
    let queue = try? DatabaseQueue()
    return (try? queue?.read { try String.fetchOne($0, sql: "SELECT sqlite_version()") })
      .flatMap { $0 } ?? "unknown"
  }
}
