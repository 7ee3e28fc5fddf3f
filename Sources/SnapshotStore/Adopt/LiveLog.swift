import GRDB
import StreamCore

/// What a results file says of the log that it was computed from and of what people set meanwhile:
/// all that a replay has to know to hold the same results.
public struct LiveLog: Sendable, Equatable {
  /// The file's path, as it was given.
  public var path: String
  /// Name of the pipeline.
  public var pipeline: String
  /// The definition as canonical text.
  public var definition: String
  /// SHA-256 of `definition` in hexadecimal.
  public var definitionDigest: String
  /// The latest snapshot; 0 before there is one.
  public var snapshotID: Int64
  /// The pipeline watermark then; nil before there is one.
  public var watermark: EventTime?
  /// Every partition with the offset of the next record to read, by id.
  public var partitions: [PartitionProgress]
  /// The offset at which reading began, of the partitions of which that is known.
  public var starts: [PartitionID: Int64]
  /// Every mark, by partition and offset.
  public var marks: [ClockMark]
  /// Every value of a threshold that was ever set, the file's too, in the order in which they were.
  public var thresholds: [ThresholdRow]
  /// The table `run_manifest`.
  public var manifest: [String: String]

  /// Offset of the next record to read, of every partition.
  public var positions: [PartitionID: Int64] {
    Dictionary(partitions.map { ($0.id, $0.nextOffset) }) { $1 }
  }

  /// The greatest clock of all partitions; nil before the first event.
  public var greatestClock: EventTime? { partitions.compactMap(\.clock).max() }

  /// Reads the file at `path`, also while a worker writes to it: one committed snapshot.
  ///
  /// Throws what `ResultsReader.open` throws, and `damaged` where the file names no pipeline. A
  /// file of an earlier schema has no thresholds. O(partitions + marks + thresholds).
  public static func read(path: String) throws(StoreError) -> LiveLog {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return try reader.connection.read("reading its log") { try LiveLog($0, path: path) }
  }

  /// Reads it within a transaction.
  init(_ db: Database, path: String) throws {
    let manifest = try Manifest.all(db)
    guard let pipeline = manifest[Manifest.pipeline],
      let digest = manifest[Manifest.definitionDigest]
    else { throw StoreError.damaged(path: path, "run_manifest names no pipeline") }
    let latest = try SnapshotRow.latest(db, limit: 1).first
    self.path = path
    self.pipeline = pipeline
    definition = manifest[Manifest.definition] ?? ""
    definitionDigest = digest
    snapshotID = latest?.id ?? 0
    watermark = latest?.watermark
    partitions = try PartitionProgress.all(db)
    marks = try ClockMark.all(db)
    thresholds = try db.tableExists("thresholds") ? ThresholdRow.all(db) : []
    self.manifest = manifest
    starts = [:]
    for (key, value) in manifest {
      guard let id = ManifestKey.startedPartition(key), let offset = Int64(value) else { continue }
      starts[id] = offset
    }
  }
}
