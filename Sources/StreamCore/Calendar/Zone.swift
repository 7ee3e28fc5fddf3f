/// An IANA time zone: its offsets from UTC over time.
public struct Zone: Sendable, Equatable {
  /// IANA name, e.g. `Asia/Shanghai`.
  public let name: String
  /// Starts of the ranges of constant offset, ascending; the first is before every time.
  private let startsMs: ContiguousArray<Int64>
  /// Offset of each range.
  private let offsetsMs: ContiguousArray<Int64>
  /// What holds from the start of the last range on, if it changes.
  private let rule: ZoneRule?

  /// Reads a zone from the bytes of its TZif file (RFC 8536), with the rule that its footer gives
  /// for times past the last transition.
  ///
  /// Times before the first transition have the offset of the file's first type. Files that count
  /// leap seconds are refused: event times do not.
  public init(name: String, tzif: [UInt8]) throws(ZoneError) {
    var parser = TZifParser(zone: name, bytes: tzif)
    let data = try parser.parse()
    self.name = name
    startsMs = data.startsMs
    offsetsMs = data.offsetsMs
    rule = data.rule
  }

  /// Coordinated Universal Time.
  public static let utc = Zone(utcNamed: "UTC")

  private init(utcNamed name: String) {
    self.name = name
    startsMs = [.min]
    offsetsMs = [0]
    rule = nil
  }

  /// Times, half-open, in which a zone's offset does not change.
  public struct Range: Sendable, Equatable {
    /// The first instant; `Int64.min` milliseconds when there is none.
    public var from: EventTime
    /// The first instant after it; `Int64.max` milliseconds when there is none.
    public var until: EventTime
    /// Local time less UTC, in milliseconds.
    public var offsetMs: Int64

    /// Whether it holds an instant.
    @inlinable public func contains(_ time: EventTime) -> Bool {
      from.ms <= time.ms && time.ms < until.ms
    }
  }

  /// The range that an instant lies in. O(log transitions).
  public func range(at time: EventTime) -> Range {
    var low = 0
    var high = startsMs.count
    // startsMs[low] <= time < startsMs[high]
    while high - low > 1 {
      let middle = (low + high) / 2
      if startsMs[middle] <= time.ms { low = middle } else { high = middle }
    }
    if low + 1 < startsMs.count {
      return Range(
        from: EventTime(ms: startsMs[low]), until: EventTime(ms: startsMs[low + 1]),
        offsetMs: offsetsMs[low])
    }
    if let rule { return rule.range(at: time, notBefore: startsMs[low]) }
    return Range(
      from: EventTime(ms: startsMs[low]), until: EventTime(ms: .max), offsetMs: offsetsMs[low])
  }

  /// Offset of local time from UTC at an instant, in milliseconds. O(log transitions); a
  /// `ZoneCursor` is faster for many instants.
  public func offsetMs(at time: EventTime) -> Int64 { range(at: time).offsetMs }
}

/// Looks up the offsets of instants that are mostly near each other.
public struct ZoneCursor: Sendable {
  /// The zone it reads.
  public let zone: Zone
  private var range: Zone.Range

  /// Makes a cursor of a zone.
  public init(_ zone: Zone) {
    self.zone = zone
    range = zone.range(at: EventTime(ms: 0))
  }

  /// Offset of local time from UTC at an instant, in milliseconds. About 1 ns within the range of
  /// the instant before.
  @inline(__always)
  public mutating func offsetMs(at time: EventTime) -> Int64 {
    if !range.contains(time) { range = zone.range(at: time) }
    return range.offsetMs
  }
}

/// A zone's file could not be read.
public struct ZoneError: Error, Sendable, CustomStringConvertible {
  public var description: String
}
