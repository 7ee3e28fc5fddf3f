import StreamCore

/// Texts of instants.
enum TimeText {
  /// RFC 3339 with milliseconds, in UTC: `2026-01-01T00:00:00.000Z`.
  static func rfc3339(_ ms: Int64) -> String {
    let part = parts(ms)
    return "\(part.date)T\(part.clock):\(pad(part.second, 2)).\(pad(part.ms, 3))Z"
  }

  /// Local date and time to the minute, with seconds where there are some.
  static func local(_ ms: Int64, zone: Zone) -> String {
    let part = parts(ms &+ zone.offsetMs(at: EventTime(ms: ms)))
    return "\(part.date) \(part.clock)" + (part.second == 0 ? "" : ":\(pad(part.second, 2))")
  }

  /// Two local times and the zone that they are in; one of them when they are the same.
  static func range(from: Int64, to: Int64, zone: Zone) -> String {
    let start = local(from, zone: zone)
    let span = from == to ? start : "\(start) – \(local(to, zone: zone))"
    return "\(span) (\(zone.name))"
  }

  private static func parts(
    _ ms: Int64
  ) -> (date: String, clock: String, second: Int64, ms: Int64) {
    let dayMs: Int64 = 86_400_000
    let ofDay = ((ms % dayMs) + dayMs) % dayMs
    let day = (ms - ofDay) / dayMs
    let minute = ofDay / 60_000
    return (
      CivilDate(dayNumber: day).description, "\(pad(minute / 60, 2)):\(pad(minute % 60, 2))",
      ofDay / 1000 % 60, ofDay % 1000
    )
  }

  private static func pad(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
