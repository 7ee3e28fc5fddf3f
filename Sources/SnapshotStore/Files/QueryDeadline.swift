import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// Until when the queries of one connection may run: SQLite asks it every few thousand steps.
final class QueryDeadline: Sendable {
  /// How long one call may read, in milliseconds.
  let limitMs: Int64
  /// In nanoseconds of the monotonic clock; 0 between calls.
  private let untilNs = Atomic<Int64>(0)

  init(limitMs: Int64) { self.limitMs = max(1, limitMs) }

  /// Lets a call begin.
  func start() {
    let limitNs = limitMs.multipliedReportingOverflow(by: 1_000_000)
    let until = Self.nowNs().addingReportingOverflow(limitNs.partialValue)
    untilNs.store(
      limitNs.overflow || until.overflow ? .max : until.partialValue, ordering: .relaxed)
  }

  /// Ends a call.
  func end() { untilNs.store(0, ordering: .relaxed) }

  /// Makes SQLite interrupt the queries of `db` that run for too long. The deadline has to live as
  /// long as the connection.
  func watch(_ db: Database) {
    sqlite3_progress_handler(
      db.sqliteConnection, 2000,
      { context in
        guard let context else { return 0 }
        return Unmanaged<QueryDeadline>.fromOpaque(context).takeUnretainedValue().hasPassed ? 1 : 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private var hasPassed: Bool {
    let until = untilNs.load(ordering: .relaxed)
    return until != 0 && Self.nowNs() > until
  }

  private static func nowNs() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }
}
