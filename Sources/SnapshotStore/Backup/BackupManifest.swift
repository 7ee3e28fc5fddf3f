import Foundation
import StreamCore

/// What a backup or an archive holds: the file `manifest.json` in its directory.
///
/// A directory without one is no copy. It is written last, and the directory gets its name when all
/// of it is on the disk.
public struct BackupManifest: Sendable, Equatable, Codable {
  /// What a copy is good for.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Both files: a worker can go on from it.
    case backup
    /// The public file alone, for people and programs that read it.
    case archive
  }

  /// How far a partition is in the two files.
  public struct Partition: Sendable, Equatable, Codable {
    /// Name of the topic.
    public var topic: String
    /// Its number.
    public var partition: Int32
    /// Offset of the next record to read, of the results.
    public var nextOffset: Int64
    /// The same of the state, which is never ahead; nil in an archive.
    public var stateOffset: Int64?

    enum CodingKeys: String, CodingKey {
      case topic, partition
      case nextOffset = "next_offset"
      case stateOffset = "state_offset"
    }
  }

  /// One file of the copy.
  public struct File: Sendable, Equatable, Codable {
    /// Its name, without a directory.
    public var name: String
    /// Its length.
    public var bytes: Int64
    /// SHA-256 of its bytes in hexadecimal.
    public var sha256: String
  }

  /// What the copy is good for.
  public var kind: Kind
  /// Name of the pipeline.
  public var pipeline: String
  /// SHA-256 of the pipeline's definition in hexadecimal.
  public var definitionDigest: String
  /// When the copy was complete, in milliseconds of wall time.
  public var takenWallMs: Int64
  /// The latest snapshot of the results; 0 before there is one.
  public var snapshotID: Int64
  /// The snapshot whose state is saved; nil in an archive.
  public var stateSnapshotID: Int64?
  /// The pipeline watermark in milliseconds; nil before there is one.
  public var watermarkMs: Int64?
  /// The result digest, found right when the copy was made.
  public var resultDigest: String
  /// Every partition, by topic and number.
  public var partitions: [Partition]
  /// The results file and then, in a backup, the state file.
  public var files: [File]
  /// The program that wrote the results.
  public var weirVersion: String

  enum CodingKeys: String, CodingKey {
    case kind, pipeline, partitions, files
    case definitionDigest = "definition_digest"
    case takenWallMs = "taken_wall_ms"
    case snapshotID = "snapshot_id"
    case stateSnapshotID = "state_snapshot_id"
    case watermarkMs = "watermark_ms"
    case resultDigest = "result_digest"
    case weirVersion = "weir_version"
  }

  /// Its file in the directory of a copy.
  static let fileName = "manifest.json"

  /// Reads that of the copy at `path`; nil where there is none, or none that this version knows.
  static func read(in path: String) -> BackupManifest? {
    guard let data = try? Data(contentsOf: URL(filePath: "\(path)/\(fileName)")) else { return nil }
    return try? JSONDecoder().decode(BackupManifest.self, from: data)
  }

  /// Its text.
  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

/// A complete copy in a directory of its own.
public struct BackupSet: Sendable, Equatable {
  /// The directory.
  public var path: String
  /// What is in it.
  public var manifest: BackupManifest

  /// When it was complete.
  public var taken: WallTime { WallTime(ms: manifest.takenWallMs) }
  /// Bytes of its files.
  public var bytes: Int64 { manifest.files.reduce(0) { $0 + $1.bytes } }
  /// Its results file, which every command that reads one can read.
  public var resultsPath: String { "\(path)/\(manifest.files.first?.name ?? "")" }
  /// Its state file; nil in an archive.
  public var statePath: String? {
    manifest.files.count > 1 ? "\(path)/\(manifest.files[1].name)" : nil
  }

  /// The copy in the directory `path`; nil where that holds none.
  public init?(path: String) {
    guard let manifest = BackupManifest.read(in: path), !manifest.files.isEmpty,
      manifest.files.allSatisfy({ !$0.name.contains("/") && !$0.name.isEmpty })
    else { return nil }
    self.path = path
    self.manifest = manifest
  }

  /// Every complete copy in the directory `path`, newest first; of one pipeline and kind where they
  /// are given. One that is being made is not among them. O(directories).
  public static func all(
    in path: String, pipeline: String? = nil, kind: BackupManifest.Kind? = nil
  ) -> [BackupSet] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let sets = names.filter { !$0.hasPrefix(".") }.compactMap { BackupSet(path: "\(path)/\($0)") }
    return sets.filter {
      (pipeline == nil || $0.manifest.pipeline == pipeline)
        && (kind == nil || $0.manifest.kind == kind)
    }.sorted { ($0.taken, $0.path) > ($1.taken, $1.path) }
  }
}
