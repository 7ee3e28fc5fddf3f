import GRDB
import GRDBSQLite
import Glibc

/// How a copy of a file shares it with those who work on it.
struct CopyPace: Sendable {
  /// Bytes that are copied while nobody else may use the connection; nil: all of them at once.
  var stepBytes: Int64?
  /// Asked between two steps: whether the copy is still wanted.
  var isWanted: @Sendable () -> Bool = { true }

  /// A worker's own connection is used for a copy for about this many bytes at a time, which is
  /// less than a millisecond.
  static let workerStepBytes: Int64 = 1 << 20
  /// How often a copy may begin anew because somebody else wrote to the file, before all of it is
  /// copied in one step.
  static let restartsMax = 5
  /// How often a copy waits for somebody else's lock.
  static let waitsMax = 100
  /// How much longer the rests are than the steps between them.
  static let restFactor: Int64 = 3
  /// The system writes the copy out every so many bytes: a commit never waits for all of it.
  static let flushBytes: Int64 = 32 << 20
}

extension Connection {
  /// Copies the file into a new one at `target`, as it is committed when the last step is done.
  ///
  /// What this connection commits between two steps is in the copy; what another one commits makes
  /// it begin anew. The copy is a file without a log. It is not on the disk yet when the call
  /// returns; a failed call may leave a part. O(bytes of the file).
  func copy(to target: String, _ pace: CopyPace) throws(StoreError) {
    let copy = try CopyTarget(path: target)
    defer { copy.close() }
    let pageBytes = try run("copying it") { db in
      try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
    }
    let backup = try run("copying it") { db in
      guard let backup = sqlite3_backup_init(copy.handle, "main", db.sqliteConnection, "main")
      else { throw copy.error() }
      return backup
    }
    let steps = CopySteps(backup: backup, copy: copy, pageBytes: pageBytes, pace: pace)
    do throws(StoreError) {
      try steps.run(self)
    } catch {
      steps.finish(self)
      throw error
    }
    guard steps.finish(self) == SQLITE_OK else { throw copy.error() }
    copy.close()
    try copy.leaveLog()
  }
}

/// The steps of one copy.
private struct CopySteps {
  let backup: OpaquePointer
  let copy: CopyTarget
  let pageBytes: Int64
  let pace: CopyPace

  /// Copies until all is copied.
  func run(_ source: Connection) throws(StoreError) {
    var pages = pace.stepBytes.map { Int32(clamping: max(1, $0 / pageBytes)) } ?? -1
    var (restarts, copied, unflushed, waits) = (0, Int32(0), Int64(0), 0)
    while true {
      let start = Self.monotonicMicroseconds()
      let (code, total, left) = try source.run("copying it") { _ in
        let code = sqlite3_backup_step(backup, pages)
        return (code, sqlite3_backup_pagecount(backup), sqlite3_backup_remaining(backup))
      }
      let tookMicroseconds = Self.monotonicMicroseconds() - start
      switch code {
      case SQLITE_DONE: return
      case SQLITE_OK: break
      case SQLITE_BUSY where waits < CopyPace.waitsMax,
        SQLITE_LOCKED where waits < CopyPace.waitsMax:
        waits += 1
      default: throw copy.error(code)
      }
      guard pace.isWanted() else {
        throw StoreError(
          kind: .io, path: copy.path, what: "the copy was given up", whatToDo: "Make it again")
      }
      if code == SQLITE_OK, total - left <= copied { restarts += 1 }
      if restarts > CopyPace.restartsMax { pages = -1 }
      copied = total - left
      unflushed += Int64(pages) * pageBytes
      if unflushed >= CopyPace.flushBytes {
        FileSystem.flush(copy.path)
        unflushed = 0
      }
      let rest = min(max(tookMicroseconds * CopyPace.restFactor, 200), 50_000)
      usleep(UInt32(rest))
    }
  }

  @discardableResult
  func finish(_ source: Connection) -> CInt {
    // A connection that was closed meanwhile lives on until the copy lets go of it.
    (try? source.run("copying it") { _ in sqlite3_backup_finish(backup) })
      ?? sqlite3_backup_finish(backup)
  }

  private static func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}

/// A new file that a copy goes into. Used by one thread.
private final class CopyTarget {
  let path: String
  private(set) var handle: OpaquePointer?

  init(path: String) throws(StoreError) {
    self.path = path
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    // A copy that is not complete is thrown away: it needs no journal.
    let settings = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192"
    guard code == SQLITE_OK, sqlite3_exec(handle, settings, nil, nil, nil) == SQLITE_OK else {
      let error = error(code)
      close()
      throw error
    }
  }

  func close() {
    sqlite3_close_v2(handle)
    handle = nil
  }

  deinit { close() }

  /// Takes the mark of a write-ahead log away, so that the copy can be read where nothing can be
  /// written.
  func leaveLog() throws(StoreError) {
    do {
      let queue = try DatabaseQueue(path: path)
      try queue.writeWithoutTransaction { db in
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
      }
      try queue.close()
    } catch {
      throw StoreError(error, path: path, doing: "finishing the copy")
    }
  }

  /// The last failure, as it concerns the copy.
  func error(_ code: CInt? = nil) -> StoreError {
    let code = code ?? sqlite3_errcode(handle)
    let free = FileSystem.freeBytes(at: path)
    if code & 0xFF == SQLITE_FULL
      || (code & 0xFF == SQLITE_IOERR && free.map { $0 < 1 << 20 } ?? false)
    {
      return StoreError(
        kind: .diskFull, path: path,
        what: "copying into it failed: the disk is full (\(free ?? 0) bytes are left)",
        whatToDo: "Make room there, or keep fewer copies")
    }
    return StoreError(
      kind: .io, path: path,
      what:
        "copying into it failed: \(String(cString: sqlite3_errstr(code))) (SQLite code \(code))",
      whatToDo: "Look at the device and the directory's rights, then try again")
  }
}
