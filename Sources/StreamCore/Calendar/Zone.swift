/// An IANA time zone: its offsets from UTC over time.
public struct Zone: Sendable, Equatable {
  /// IANA name, e.g. `Asia/Shanghai`.
  public let name: String

  /// Reads a zone from the bytes of its TZif file (RFC 8536), with the rule that its footer gives
  /// for times past the last transition.
  public init(name: String, tzif: [UInt8]) throws(ZoneError) { self.name = name }

  /// Coordinated Universal Time.
  public static let utc = Zone(utcNamed: "UTC")

  private init(utcNamed name: String) { self.name = name }

  /// Offset of local time from UTC at an instant, in milliseconds.
  public func offsetMs(at time: EventTime) -> Int64 { 0 }
}

/// A zone's file could not be read.
public struct ZoneError: Error, Sendable, CustomStringConvertible {
  public var description: String
}
