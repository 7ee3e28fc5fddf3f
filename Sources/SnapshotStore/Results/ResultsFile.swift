import GRDB
import GRDBSQLite
import StreamCore

/// The public file `NAME.sqlite`, open for writing: what a pipeline has computed so far, tied to
/// the offsets that it came from.
///
/// There is one writer: it holds `NAME.sqlite.lock` until `close()` or the end of the process.
/// Readers (`ResultsReader`, any SQLite client) neither wait for it nor keep it waiting. Calls may
/// come from any thread and run one after the other.
///
/// Limits: a commit holds its rows once more in the write-ahead log (`maxWalBytes`); samples,
/// snapshots and, with `keep`, settled rows are bounded. Every error leaves the last snapshot as it
/// was.
public final class ResultsFile: @unchecked Sendable {
  /// The file's path, as it was given.
  public let path: String
  /// Where an earlier run stopped; nil before the first snapshot.
  public let resume: ResumePoint?

  let connection: Connection
  let options: StoreOptions
  private let lock: FileLock

  // Written and read within the connection's queue only, but for the digest and the ids, which are
  // read through it as well.
  var settlement: Settlement
  var latestID: Int64
  var durableID: Int64
  var isFullySynchronous = true
  /// Removed stages with rows that are to be dropped.
  var removed: [RemovedStage] = []
  let identity: PipelineIdentity

  /// Opens the file at `path` for writing, or creates it.
  ///
  /// Throws a `StoreError` for a file that is damaged, foreign, of another pipeline or definition
  /// or of a later schema, for a path that cannot be written, and while another worker holds it. A
  /// file of an earlier schema is copied to `PATH.before-migration-vN` (`keptCopy`), then migrated.
  /// O(bytes of the file) up to `checkMaxBytes`, O(log rows) beyond.
  public static func open(
    path: String, identity: PipelineIdentity, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> ResultsFile {
    try ResultsFile(path: path, identity: identity, options: options, schema: .results)
  }

  init(
    path: String, identity: PipelineIdentity, options: StoreOptions, schema: Schema
  ) throws(StoreError) {
    self.path = path
    self.options = options
    self.identity = identity
    try FileSystem.checkWritable(path)
    lock = try FileLock(of: path)
    let connection = try Connection(path: path, role: .sharedWriter, options: options)
    self.connection = connection
    try connection.prepare(
      schema, options: options, pageBytes: 4096,
      existing: { try Self.check(identity, $0, path: path) },
      create: { try Self.create($0, identity) })
    try connection.run("noting who opened it") { db in
      try db.inTransaction(.immediate) {
        try Self.noteOpening(db, identity)
        return .commit
      }
    }
    (resume, settlement) = try connection.read("reading where it stopped") { db in
      (try ResumePoint(db), try Settlement(db, path: path))
    }
    latestID = resume?.snapshotID ?? 0
    // The transaction above wrote something and was synchronous, and with it all of the log before.
    durableID = latestID
    try loadRemoved()
  }

  /// The newest snapshot that a loss of power cannot take away; 0 before there is one.
  public var durableSnapshotID: Int64 {
    get throws(StoreError) { try connection.run("reading") { _ in durableID } }
  }

  /// The result digest over all tables, 64 hexadecimal digits: equal for equal results in any
  /// order.
  public var resultDigest: String {
    get throws(StoreError) { try connection.run("reading") { _ in settlement.digest.hex } }
  }

  /// Where the copy is that was made because opening the file migrated it; nil when it did not.
  public var keptCopy: String? { connection.keptCopy }

  /// Closes the file and gives its lock back. Nothing may be called afterwards but `close()`.
  public func close() throws(StoreError) {
    defer { lock.release() }
    try connection.close()
  }

  private static func check(
    _ identity: PipelineIdentity, _ db: Database, path: String
  ) throws {
    guard let name = try Manifest.get(db, Manifest.pipeline),
      let digest = try Manifest.get(db, Manifest.definitionDigest)
    else { throw StoreError.damaged(path: path, "run_manifest names no pipeline") }
    let definition = try Manifest.get(db, Manifest.definition)
    try identity.check(path: path, name: name, digest: digest, definition: definition)
  }

  private static func create(_ db: Database, _ identity: PipelineIdentity) throws {
    try Manifest.set(db, Manifest.pipeline, identity.name)
    try Manifest.set(db, Manifest.definition, identity.shownDefinition)
    try Manifest.set(db, Manifest.definitionDigest, identity.definitionDigest)
    try Manifest.set(db, Manifest.createdWallMs, "\(FileSystem.wallMs())")
    try Manifest.set(db, Manifest.resultDigest, DigestSum().hex)
    for table in ResultTable.all {
      try Manifest.set(db, Manifest.resultDigest(of: table.name), DigestSum().hex)
    }
  }

  private static func noteOpening(_ db: Database, _ identity: PipelineIdentity) throws {
    let before = try Manifest.get(db, Manifest.openedWallMs).flatMap(Int64.init) ?? 0
    try Manifest.set(db, Manifest.openedWallMs, "\(max(before + 1, FileSystem.wallMs()))")
    if try Manifest.get(db, Manifest.definitionDigest) == identity.definitionDigest {
      // Earlier versions noted what variables stand for.
      try Manifest.set(db, Manifest.definition, identity.shownDefinition)
    }
    try Manifest.set(db, Manifest.weirVersion, identity.weirVersion)
    try Manifest.set(db, Manifest.sqliteVersion, String(cString: sqlite3_libversion()))
    try Manifest.set(db, Manifest.tzdataVersion, identity.tzdataVersion)
  }
}
