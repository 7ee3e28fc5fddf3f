/// Key of one record of the state file.
public struct StateKey: Hashable, Sendable {
  /// Whose state it is: a partition (`topic/3`), a shard of an exchange, the merge.
  public var owner: String
  /// The stage within the owner; stable for a pipeline definition.
  public var stage: UInt32
  /// The record's key within the stage.
  public var key: [UInt8]

  /// Makes a key of its columns.
  public init(owner: String, stage: UInt32, key: [UInt8]) {
    self.owner = owner
    self.stage = stage
    self.key = key
  }
}

/// One record of the state file: bytes in the format that the stage's codec version names.
public struct StateRecord: Sendable, Equatable {
  /// Whose record it is.
  public var key: StateKey
  /// Version of the codec that wrote `bytes`.
  public var codecVersion: UInt16
  /// What the stage keeps, encoded.
  public var bytes: [UInt8]

  /// The versions of the codecs that this program reads; it writes the last.
  public static let readableVersions: ClosedRange<UInt16> = 4...TaskState.codecVersion

  /// Makes a record of its columns.
  public init(key: StateKey, codecVersion: UInt16, bytes: [UInt8]) {
    self.key = key
    self.codecVersion = codecVersion
    self.bytes = bytes
  }
}

/// What changed in the state since the last save, and the log positions it belongs to.
public struct StateChange: Sendable {
  /// The snapshot of the public file that this state equals in offsets.
  public var snapshotID: Int64
  /// Offset of the next record to read, of every partition.
  public var positions: [PartitionID: Int64]
  /// Records new or changed since the last save.
  public var upserts: [StateRecord]
  /// Records that are gone.
  public var deletes: [StateKey]
  /// Whether everything stored before is to be dropped first.
  public var replacesAll: Bool

  /// Makes an empty change.
  public init(snapshotID: Int64, positions: [PartitionID: Int64], replacesAll: Bool = false) {
    self.snapshotID = snapshotID
    self.positions = positions
    upserts = []
    deletes = []
    self.replacesAll = replacesAll
  }
}
