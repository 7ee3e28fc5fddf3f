import GRDB
import GRDBSQLite
import Synchronization

/// One SQLite connection of ours: opened with the checks and settings that all files share, and
/// with every failure turned into a `StoreError`.
///
/// Calls from several threads run one after the other.
final class Connection: Sendable {
  let path: String
  private let queue: DatabaseQueue
  private let deadline: QueryDeadline?
  /// The copy that was made before a migration, if there was one.
  private let kept = Mutex<String?>(nil)
  /// Held during every call: a closed connection must not reach SQLite.
  private let isOpen = Mutex(true)

  /// What a connection is for.
  enum Role {
    /// The only writer of a file; readers come and go.
    case sharedWriter
    /// Writes beside the worker, now and then and little; never makes or changes tables.
    case guest
    case reader
  }

  /// Opens the file, creating an empty one for a writer. Creates and changes no tables. With a
  /// deadline every call of `read` ends in time.
  init(
    path: String, role: Role, options: StoreOptions, deadline: QueryDeadline? = nil
  ) throws(StoreError) {
    self.path = path
    self.deadline = deadline
    do {
      var configuration = Configuration()
      configuration.readonly = role == .reader
      configuration.foreignKeysEnabled = false
      configuration.busyMode = .timeout(Double(options.busyTimeoutMs) / 1000)
      configuration.label = "weir.store"
      configuration.prepareDatabase { db in
        // Copying the log back is the worker's business.
        if role == .guest { try db.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
        deadline?.watch(db)
        try db.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA cache_size = -65536")
      }
      let name = role == .reader ? FileSystem.nameForReading(path) : path
      queue = try DatabaseQueue(path: name, configuration: configuration)
    } catch {
      throw StoreError(error, path: path, doing: "opening it")
    }
  }

  /// Makes the file ready for writing: its pages read through, its schema created or migrated.
  ///
  /// - Parameters:
  ///   - existing: Called for a file that has tables, before anything is changed: whose is it?
  ///   - create: Called in the transaction that makes the tables of a new file.
  func prepare(
    _ schema: Schema, options: StoreOptions, pageBytes: Int,
    existing: (Database) throws -> Void, create: (Database) throws -> Void
  ) throws(StoreError) {
    try run("opening it") { db in
      let found = try schema.check(db, path: path)
      if sqlite3_db_readonly(db.sqliteConnection, "main") == 1 {
        throw StoreError.readOnly(path: path, "SQLite could open it only for reading")
      }
      if found.isNew {
        try db.execute(sql: "PRAGMA page_size = \(pageBytes)")
      } else {
        try checkPages(db, options)
        try existing(db)
        if found.version < schema.version { try keepCopy(db, of: found.version) }
      }
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      try db.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = \(options.walAutocheckpointPages);
          PRAGMA journal_size_limit = \(64 << 20);
          """)
      if let pages = options.maxPages { try db.execute(sql: "PRAGMA max_page_count = \(pages)") }
      guard found.version < schema.version else { return }
      try db.inTransaction(.immediate) {
        try schema.migrate(db, from: found.version)
        if found.isNew { try create(db) }
        return .commit
      }
    }
  }

  /// Runs `body` on the connection, outside any transaction. Not from within `body`.
  func run<T>(_ doing: String, _ body: (Database) throws -> T) throws(StoreError) -> T {
    try whileOpen(doing) { try queue.writeWithoutTransaction(body) }
  }

  /// Runs `body` in one read transaction: it sees one committed snapshot throughout. Throws
  /// `timedOut` when the deadline passes meanwhile.
  func read<T>(_ doing: String, _ body: (Database) throws -> T) throws(StoreError) -> T {
    try whileOpen(doing) {
      try queue.read { db in
        deadline?.start()
        defer { deadline?.end() }
        return try body(db)
      }
    }
  }

  /// Closes the file; the last one to do so empties the write-ahead log into it. Safe to call
  /// again.
  func close() throws(StoreError) {
    do {
      try isOpen.withLock { isOpen in
        isOpen = false
        try queue.close()
      }
    } catch {
      throw StoreError(error, path: path, doing: "closing it")
    }
  }

  private func whileOpen<T>(_ doing: String, _ body: () throws -> T) throws(StoreError) -> T {
    do {
      // The lock orders calls from several threads; the result stays with the caller's thread.
      var result: T?
      try isOpen.withLock { isOpen in
        guard isOpen else {
          throw StoreError(
            kind: .io, path: path, what: "\(doing) failed: it was closed before",
            whatToDo: "This is a fault of Weir, please report it")
        }
        result = try body()
      }
      if let result { return result }
      throw StoreError(kind: .io, path: path, what: "\(doing) gave nothing", whatToDo: "Try again")
    } catch {
      throw StoreError(error, path: path, doing: doing)
    }
  }

  private func checkPages(_ db: Database, _ options: StoreOptions) throws {
    guard let size = FileSystem.size(of: path), size <= options.checkMaxBytes else { return }
    let found = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
    guard found == "ok" else { throw StoreError.damaged(path: path, found) }
  }

  /// Where the copy is that was made of the file before it was migrated; nil when it was not.
  var keptCopy: String? { kept.withLock { $0 } }

  /// Copies the file as it is to `PATH.before-migration-vN` and makes sure of it. Of several
  /// versions the newest copies stay.
  private func keepCopy(_ db: Database, of version: Int) throws {
    let name = { (version: Int) in "\(self.path).before-migration-v\(version)" }
    let unfinished = name(version) + ".tmp"
    FileSystem.remove(unfinished)
    do {
      try db.execute(sql: "VACUUM INTO ?", arguments: [unfinished])
      try FileSystem.finish(unfinished, as: name(version))
    } catch {
      FileSystem.remove(unfinished)
      throw error
    }
    kept.withLock { $0 = name(version) }
    let copies = (0...version).reversed().map(name).filter { FileSystem.size(of: $0) != nil }
    for copy in copies.dropFirst(Self.keptCopiesMax) { FileSystem.remove(copy) }
  }

  /// So many copies from before migrations stay.
  static let keptCopiesMax = 3
}
