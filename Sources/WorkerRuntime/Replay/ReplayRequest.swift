import PipelineSpec
import StreamCore

/// A bound of the range that is replayed.
public enum ReplayBound: Sendable, Equatable {
  /// Event time.
  case time(EventTime)
  /// Offsets by partition: the first that is read, or the first that is not.
  case offsets([PartitionID: Int64])

  /// Reads a bound as people write it: a time (`2026-03-01` is the start of that day in `zone`), a
  /// time before now (`-7d`), or offsets, `TOPIC/PARTITION=OFFSET,…`. Nil for anything else.
  public static func parse(_ text: String, zone: Zone, now: WallTime) -> ReplayBound? {
    if text.hasPrefix("-") {
      guard let ms = Durations.parse(String(text.dropFirst())), ms > 0 else { return nil }
      return .time(EventTime(ms: now.ms - ms))
    }
    if let time = Instants.parse(text, zone: zone) { return .time(time) }
    var offsets: [PartitionID: Int64] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.lastIndex(of: "="), let slash = part.lastIndex(of: "/"),
        slash < equals, slash > part.startIndex,
        let number = Int32(part[part.index(after: slash)..<equals]), number >= 0,
        let offset = Int64(part[part.index(after: equals)...]), offset >= 0
      else { return nil }
      let id = PartitionID(topic: String(part[..<slash]), partition: number)
      if offsets.updateValue(offset, forKey: id) != nil { return nil }
    }
    return offsets.isEmpty ? nil : .offsets(offsets)
  }

  /// As it is written in a file's manifest.
  var text: String {
    switch self {
    case .time(let time): Instants.text(time)
    case .offsets(let offsets): Self.text(offsets)
    }
  }

  static func text(_ offsets: [PartitionID: Int64]) -> String {
    offsets.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }
}

/// What somebody wants replayed.
public struct ReplayRequest: Sendable {
  /// How far back reading begins before the range.
  public enum WarmUp: Sendable, Equatable {
    /// The longest finite look-back of any stage.
    case longest
    /// So many milliseconds.
    case duration(ms: Int64)
    /// From the beginning of the log: every stage is complete.
    case all
  }

  /// Where the results begin; nil: with the log, or where the live run began.
  public var from: ReplayBound?
  /// Where they end; nil: with the log, or where the live run is.
  public var to: ReplayBound?
  /// As people wrote the bounds, by which a later call is known to want the same.
  public var text = ""
  /// How far back reading begins before `from`.
  public var warmUp = WarmUp.longest
  /// A live run's file: its offsets, marks and thresholds are followed.
  public var like: String?
  /// Whether the file is a copy of a backup, to be gone on from where it is.
  public var goesOnFromBackup = false
  /// Whether every window is closed at the end. Always so with files that are read to their end.
  public var closesAtEnd = false
  /// Event time in a second of wall time, in seconds; nil: as fast as it can be read.
  public var speed: Double?

  /// Asks for everything there is.
  public init() {}
}
