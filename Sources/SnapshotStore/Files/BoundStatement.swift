import GRDB
import GRDBSQLite

/// A cached statement of a connection, bound and stepped through SQLite's C interface: twice as
/// fast as through GRDB's arguments, which counts for tables of a million rows.
///
/// Use within the connection's queue only. Every method that steps leaves the statement reset.
struct BoundStatement {
  private let statement: Statement
  private let handle: OpaquePointer

  /// Prepares `sql`, or finds it prepared.
  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql)
    handle = statement.sqliteStatement
  }

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: Double) { sqlite3_bind_double(handle, index, value) }

  func bind(_ index: Int32, _ value: Bool) { bind(index, Int64(value ? 1 : 0)) }

  func bind(_ index: Int32, _ value: String) {
    var value = value
    value.withUTF8 { bytes in
      // Without bytes there may be no address, and no address would be NULL.
      guard let base = bytes.baseAddress, bytes.count > 0 else {
        sqlite3_bind_text(handle, index, "", 0, Self.copied)
        return
      }
      base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        _ = sqlite3_bind_text64(
          handle, index, $0, sqlite3_uint64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
      }
    }
  }

  func bind(_ index: Int32, _ value: String?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: StaticString) {
    value.utf8Start.withMemoryRebound(to: CChar.self, capacity: value.utf8CodeUnitCount) {
      _ = sqlite3_bind_text(handle, index, $0, Int32(value.utf8CodeUnitCount), nil)
    }
  }

  func bind(_ index: Int32, _ value: [UInt8]) {
    value.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, bytes.count > 0 else {
        sqlite3_bind_zeroblob(handle, index, 0)
        return
      }
      sqlite3_bind_blob64(handle, index, base, sqlite3_uint64(bytes.count), Self.copied)
    }
  }

  /// Runs the statement and calls `row` for each row that it returns.
  func execute(_ row: (borrowing Row) throws -> Void = { _ in }) throws {
    defer { sqlite3_reset(handle) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: try row(Row(handle: handle))
      case SQLITE_DONE: return
      case let code: throw failure(code)
      }
    }
  }

  /// Whether the statement returns a row; calls `row` for the first.
  func first(_ row: (borrowing Row) throws -> Void = { _ in }) throws -> Bool {
    defer { sqlite3_reset(handle) }
    switch sqlite3_step(handle) {
    case SQLITE_ROW:
      try row(Row(handle: handle))
      return true
    case SQLITE_DONE: return false
    case let code: throw failure(code)
    }
  }

  /// Rows that the statement's last execution changed.
  var changedRows: Int32 { sqlite3_changes(sqlite3_db_handle(handle)) }

  private func failure(_ code: Int32) -> DatabaseError {
    let message = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
    return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
  }

  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// The row that a statement stands on, valid during the call that gives it.
  struct Row: ~Copyable {
    fileprivate let handle: OpaquePointer

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func optionalDouble(_ column: Int32) -> Double? { isNull(column) ? nil : double(column) }

    func bool(_ column: Int32) -> Bool { int(column) != 0 }

    /// The bytes of a TEXT or BLOB column, valid until the statement moves on.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
      let start = sqlite3_column_blob(handle, column)
      return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The type that SQLite stored: `SQLITE_INTEGER`, `SQLITE_FLOAT`, …
    func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }
  }
}
