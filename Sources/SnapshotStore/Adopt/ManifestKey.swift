import StreamCore

/// Keys of the table `run_manifest` that workers, replays and the commands about them share; their
/// values are texts. A `SnapshotChange.manifest` may hold any of these.
public enum ManifestKey {
  /// The pipeline's name.
  public static let pipeline = Manifest.pipeline
  /// SHA-256 of the definition's canonical text.
  public static let definitionDigest = Manifest.definitionDigest
  /// What decides results, as YAML that can be read again.
  public static let definitionDocument = Manifest.definitionDocument

  /// How the keys of a replay begin. A file that has any was made by a replay and is in no service.
  public static let replayPrefix = "replay."
  /// What a replay reports from: a time in milliseconds, or what was asked for in words.
  public static let replayFrom = "replay.from"
  /// What a replay reports up to.
  public static let replayTo = "replay.to"
  /// Path of the file whose offsets, marks and thresholds a replay followed.
  public static let replayLike = "replay.like"
  /// "true": the replay has an end by time, short of the log's own; it cannot be taken into
  /// service.
  public static let replayBounded = "replay.bounded"
  /// The time, in milliseconds, after which a replay does not report; not there without one.
  public static let replayUntilMs = "replay.until_ms"

  /// From which time on, in milliseconds, every event is among what a replay read, where its log
  /// has lost its beginning.
  public static let replayKnownFromMs = "replay.known_from_ms"

  /// Path of the file that a replayed one was adopted from; "" where there was none.
  public static let adoptedFrom = "adopted.from"
  /// When it was adopted, in milliseconds of wall time.
  public static let adoptedWallMs = "adopted_wall_ms"
  /// Who adopted it.
  public static let adoptedBy = "adopted.by"

  /// The backup that a file was restored from; files without it never were.
  public static let restoredFrom = "restored.from"
  /// When it was restored, in milliseconds of wall time.
  public static let restoredWallMs = "restored.wall_ms"
  /// When that backup was made, in milliseconds of wall time.
  public static let restoredTakenWallMs = "restored.taken_wall_ms"
  /// When the files before it were lost, in milliseconds of wall time: what ended by then may have
  /// been told.
  public static let restoredLostWallMs = "restored.lost_wall_ms"
  /// When the worker that went on told together what had happened, in milliseconds of wall time;
  /// not there before.
  public static let restoredToldWallMs = "restored.told_wall_ms"

  /// How the keys begin that say from when on a stage is complete.
  public static let completeFromPrefix = "complete_from."
  /// How the keys begin that say at which offset the reading of a partition began.
  public static let startPrefix = "start."

  /// From which time on, in milliseconds, the rows of `stage` (`KIND.NAME`) are complete: nothing
  /// that they look back on was left out.
  public static func completeFrom(_ stage: String) -> String { completeFromPrefix + stage }

  /// The first offset of `partition` that was asked for.
  public static func start(of partition: PartitionID) -> String {
    startPrefix + partition.description
  }

  /// The partition that a key of `start(of:)` names; nil for any other key. O(bytes).
  static func startedPartition(_ key: String) -> PartitionID? {
    guard key.hasPrefix(startPrefix), let slash = key.lastIndex(of: "/"),
      let number = Int32(key[key.index(after: slash)...]), number >= 0
    else { return nil }
    let topic = key[..<slash].dropFirst(startPrefix.count)
    return topic.isEmpty ? nil : PartitionID(topic: String(topic), partition: number)
  }
}
