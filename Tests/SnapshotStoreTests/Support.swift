import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

/// A seeded random source; tests print the seed, `WEIR_TEST_SEED` brings a run back.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ name: String) {
    let given = ProcessInfo.processInfo.environment["WEIR_TEST_SEED"].flatMap(UInt64.init)
    state = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(name): WEIR_TEST_SEED=\(state)")
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "weir-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String = "shop.sqlite") -> String { path + "/" + name }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A file system of its own: room for a disk to be full on, or one mounted read-only.
final class TemporaryMount {
  let path: String
  private let directory: TemporaryDirectory

  /// Whether this user may mount.
  static let isPossible: Bool = geteuid() == 0 && (try? TemporaryMount(bytes: 1 << 16)) != nil

  init(bytes: Int) throws {
    directory = try TemporaryDirectory()
    path = directory.path
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path)
  }

  func makeReadOnly() throws { try Self.run("mount", "-o", "remount,ro", path) }

  deinit { try? Self.run("umount", "-l", path) }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
  }
}

let shop = PipelineIdentity(
  name: "shop", definition: "every: 1m\nlateness: 1m", tzdataVersion: "2025b", weirVersion: "1.0")

let minute: Int64 = 60_000
let day: Int64 = 86_400_000

func metric(
  _ name: String = "revenue", at minutes: Int64 = 0, size: Int64 = 1, dimensions: String = "{}",
  value: Double = 1, exact: String? = nil, samples: Int64 = 1, approximate: Bool = false,
  _ status: ResultStatus = .final
) -> MetricRow {
  MetricRow(
    metric: name, windowStart: EventTime(ms: minutes * minute),
    windowEnd: EventTime(ms: (minutes + size) * minute), dimensions: dimensions, value: value,
    valueExact: exact, samples: samples, approximate: approximate, status: status)
}

func partition(_ number: Int32, next: Int64, clock: Int64? = nil) -> PartitionProgress {
  var fates = FateCounts()
  fates.read = next
  fates.applied = next
  return PartitionProgress(
    id: PartitionID(topic: "events", partition: number), nextOffset: next,
    clock: clock.map(EventTime.init(ms:)), fates: fates, idle: false)
}

func change(
  _ metrics: [MetricRow] = [], next: Int64 = 0, watermark: Int64? = nil
) -> SnapshotChange {
  var change = SnapshotChange(taken: WallTime(ms: 1_700_000_000_000))
  change.rows.metrics = metrics
  change.partitions = [partition(0, next: next)]
  change.watermark = watermark.map(EventTime.init(ms:))
  return change
}

func change(_ rows: ResultRows, next: Int64 = 0, watermark: Int64? = nil) -> SnapshotChange {
  var change = change(next: next, watermark: watermark)
  change.rows = rows
  return change
}

func sample(_ offset: Int64, reason: String = "no_time") -> EventSample {
  EventSample(
    id: PartitionID(topic: "events", partition: 0), offset: offset, reason: reason,
    detail: "no field 'time'", eventTime: nil, watermark: EventTime(ms: 5), payload: "{\"a\":1}")
}

/// Copies a file that is open, and its log, as a kill at this instant would leave them.
func copyAsKilled(_ path: String, to copy: String) throws {
  for suffix in ["", "-wal"] {
    try? FileManager.default.removeItem(atPath: copy + suffix)
    if FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
  }
}

func truncate(_ path: String, to bytes: UInt64) throws {
  let handle = try #require(FileHandle(forUpdatingAtPath: path))
  try handle.truncate(atOffset: bytes)
  try handle.close()
}

func overwrite(_ path: String, at offset: UInt64, with bytes: [UInt8]) throws {
  let handle = try #require(FileHandle(forUpdatingAtPath: path))
  try handle.seek(toOffset: offset)
  try handle.write(contentsOf: Data(bytes))
  try handle.close()
}

/// Runs SQL as some other client would.
func execute(_ sql: String, on path: String) throws {
  let queue = try DatabaseQueue(path: path)
  try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
  try queue.close()
}

/// The error of `body`, which must be of `kind` and say what to do in full sentences.
@discardableResult
func expectError<T>(
  _ kind: StoreError.Kind, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> T
) -> StoreError? {
  do {
    _ = try body()
    Issue.record("no error, expected \(kind)", sourceLocation: sourceLocation)
  } catch let error as StoreError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    #expect(!error.what.isEmpty && !error.whatToDo.isEmpty, sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("\(error), expected \(kind)", sourceLocation: sourceLocation)
  }
  return nil
}

/// Names of the tables that the result digest covers, in the order of reports.
let digestedTables = [
  "alert_transitions", "findings", "funnels", "kpis", "metrics", "retention", "sessions",
]

/// `count` in the place of `table` among `digestedTables`, 0 in all others.
func inTables(_ table: String, _ count: Int64) -> [Int64] {
  digestedTables.map { $0 == table ? count : 0 }
}

/// Makes the file at `path` anew by the migrations up to `version`, with what it has of these
/// tables.
func makeOlder(_ path: String, version: Int) throws {
  let old = path + ".old"
  let queue = try DatabaseQueue(path: old)
  try queue.writeWithoutTransaction { db in
    let schema = Schema(
      kind: Schema.results.kind, applicationID: Schema.results.applicationID,
      migrations: Array(Schema.results.migrations.prefix(version)))
    try schema.migrate(db, from: 0)
    try db.execute(sql: "ATTACH ? AS whole", arguments: [path])
    let tables = try String.fetchAll(
      db, sql: "SELECT name FROM main.sqlite_master WHERE type = 'table'")
    for table in tables {
      try db.execute(sql: "INSERT OR IGNORE INTO main.\(table) SELECT * FROM whole.\(table)")
    }
    try db.execute(
      sql: """
        UPDATE main.run_manifest SET value = (
          SELECT value FROM whole.run_manifest WHERE whole.run_manifest.key = main.run_manifest.key);
        DELETE FROM main.run_manifest WHERE key LIKE 'result_digest.%'
          AND substr(key, 15) NOT IN (SELECT name FROM main.sqlite_master);
        DETACH whole
        """)
  }
  try queue.close()
  try FileManager.default.removeItem(atPath: path)
  try FileManager.default.moveItem(atPath: old, toPath: path)
}
