import StreamCore

/// Lets repeats of one line through a few times a minute, counts the others, and tells their number
/// once. Pure: time is an argument.
///
/// Repeats are lines of one site and subject. At most `subjectsMax` of them are told apart at a
/// time; beyond that all further ones count as repeats of one another until a minute has passed.
public struct LogLimiter: Sendable {
  private struct Key: Hashable {
    var site: String
    var subject: String
  }

  private struct Entry {
    var begun: WallTime
    var admitted = 0
    var leftOut = 0
    /// The last one that was left out, at the worst level of them.
    var last: LogLine?
    /// The order in which entries came, for those that are due together.
    var number: Int
  }

  private let perMinute: Int
  private let subjectsMax: Int
  private var entries: [Key: Entry] = [:]
  private var count = 0
  private var nextDue = WallTime(ms: .max)
  private var latest = WallTime(ms: .min)
  private static let minuteMs: Int64 = 60_000

  /// Lets `perMinute` (1 or more) repeats through.
  public init(perMinute: Int = 3, subjectsMax: Int = 1_000) {
    self.perMinute = max(1, perMinute)
    self.subjectsMax = max(1, subjectsMax)
  }

  /// What is to be written when `line` is said at `now`: numbers of repeats whose minute is over,
  /// then the line itself unless it was said too often.
  public mutating func admit(_ line: LogLine, at now: WallTime) -> [LogLine] {
    var lines = due(at: now)
    var key = Key(site: line.site, subject: line.subject)
    if entries[key] == nil, entries.count >= subjectsMax { key = Key(site: "", subject: "") }
    count += 1
    var entry = entries[key] ?? Entry(begun: now, number: count)
    if entry.admitted < perMinute {
      entry.admitted += 1
      lines.append(line)
    } else {
      entry.leftOut += 1
      let worst = max(entry.last?.level ?? line.level, line.level)
      entry.last = line
      entry.last?.level = worst
    }
    entries[key] = entry
    nextDue = min(nextDue, WallTime(ms: entry.begun.ms + Self.minuteMs))
    return lines
  }

  /// Numbers of repeats whose minute is over at `now`. A clock that was set back ends all minutes.
  public mutating func due(at now: WallTime) -> [LogLine] {
    defer { latest = now }
    guard now >= nextDue || now < latest else { return [] }
    let isOver = { (entry: Entry) in
      entry.begun > now || now.ms - entry.begun.ms >= Self.minuteMs
    }
    let over = entries.filter { isOver($0.value) }
    for key in over.keys { entries[key] = nil }
    let oldest = entries.values.map(\.begun.ms).min()
    nextDue = WallTime(ms: oldest.map { $0 + Self.minuteMs } ?? .max)
    return Self.told(Array(over.values), in: "in the last minute")
  }

  /// All numbers that have not been told; for an orderly end.
  public mutating func flush() -> [LogLine] {
    defer {
      entries = [:]
      nextDue = WallTime(ms: .max)
    }
    return Self.told(Array(entries.values), in: "until the end")
  }

  private static func told(_ entries: [Entry], in time: String) -> [LogLine] {
    entries.sorted { $0.number < $1.number }.compactMap { entry in
      guard var line = entry.last else { return nil }
      line.message += " … \(entry.leftOut) more of these \(time)"
      line.fields.append(.init("repeats", "\(entry.leftOut)"))
      return line
    }
  }
}
