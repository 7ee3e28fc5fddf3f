import StreamCore

/// Sessions by brute force: a user's sorted times are cut at the gaps, and the pieces at `maxMs`.
public struct SessionOracle: Sendable {
  /// The name of this kind of session.
  public var name: String
  /// Events this far apart are in two sessions.
  public var gapMs: Int64
  /// An event this long after a session's first is in another.
  public var maxMs: Int64
  /// Which events count.
  public var condition: @Sendable (OracleEvent) -> Bool
  /// Dimensions at the first event.
  public var dimensions: [OracleDimension]
  /// Days and zone.
  public var calendar: OracleCalendar

  /// Makes a kind of session; by default of all events, on days of UTC.
  public init(
    name: String, gapMs: Int64 = 1_800_000, maxMs: Int64 = 86_400_000,
    condition: @escaping @Sendable (OracleEvent) -> Bool = { _ in true },
    dimensions: [OracleDimension] = [], calendar: OracleCalendar = OracleCalendar(zone: "UTC")
  ) {
    self.name = name
    self.gapMs = gapMs
    self.maxMs = maxMs
    self.condition = condition
    self.dimensions = dimensions
    self.calendar = calendar
  }

  /// One row: the sessions of a day and series.
  public struct Row: Sendable, Equatable {
    /// Number of the day.
    public var day: Int64
    /// Canonical JSON.
    public var dimensions: String
    /// Sessions.
    public var sessions = 0
    /// Users that began one.
    public var users: Set<String> = []
    /// Events in them.
    public var events = 0
    /// Sessions of one event.
    public var bounces = 0
    /// From first to last event, summed.
    public var durationMs: Int64 = 0
    /// Sessions by name of their first event.
    public var entries: [String: Int] = [:]
    /// Sessions by name of their last event.
    public var exits: [String: Int] = [:]
  }

  private struct Series: Hashable {
    var day: Int64
    var dimensions: String
  }

  /// One user's sessions, each a list of events; of the user's events in order.
  func sessions(_ list: [OracleEvent]) -> [[OracleEvent]] {
    // Cut at gaps first.
    let cuts = list.indices.dropFirst().filter { list[$0].timeMs - list[$0 - 1].timeMs >= gapMs }
    let bounds = [0] + cuts + [list.count]
    let pieces = zip(bounds, bounds.dropFirst()).map { Array(list[$0..<$1]) }
    // Then whatever is too long, from its beginning on.
    return pieces.flatMap { piece in
      var sessions: [[OracleEvent]] = []
      var rest = piece[...]
      while let first = rest.first {
        sessions.append(rest.filter { $0.timeMs - first.timeMs < maxMs })
        rest = rest.drop { $0.timeMs - first.timeMs < maxMs }
      }
      return sessions
    }
  }

  /// The rows that these applied events come to, sorted by (day, dimensions).
  public func rows(_ events: [OracleEvent]) -> [Row] {
    var rows: [Series: Row] = [:]
    for (user, list) in OracleEvent.lists(events.filter(condition)) {
      for session in sessions(list) {
        let (first, last) = (session[0], session[session.count - 1])
        let series = Series(
          day: calendar.number(.day, at: first.timeMs),
          dimensions: canonicalDimensions(dimensions, of: first))
        var row = rows[series] ?? Row(day: series.day, dimensions: series.dimensions)
        row.sessions += 1
        row.users.insert(user)
        row.events += session.count
        row.bounces += session.count == 1 ? 1 : 0
        row.durationMs += last.timeMs - first.timeMs
        row.entries[first.name, default: 0] += 1
        row.exits[last.name, default: 0] += 1
        rows[series] = row
      }
    }
    return rows.values.sorted { ($0.day, $0.dimensions) < ($1.day, $1.dimensions) }
  }

  /// Sessions by name as JSON with sorted keys: the 100 names with most sessions, of equals the
  /// lesser ones, and `(other)` for the rest.
  static func json(_ counts: [String: Int]) -> String {
    let ranked = counts.sorted {
      $0.value != $1.value
        ? $0.value > $1.value : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    var kept = Array(ranked.prefix(100))
    let other = ranked.dropFirst(100).reduce(0) { $0 + $1.value }
    if other > 0 { kept.append(("(other)", other)) }
    return canonicalDimensions(kept.map { ($0.key, OracleValue.whole($0.value)) })
  }
}

extension SessionOracle {
  /// Everything in which rows of sessions differ from what they must be, one sentence each; empty
  /// when they are right.
  public func differences(_ events: [OracleEvent], actual: [SessionRow]) -> [String] {
    var comparison = RowComparison()
    for row in actual where row.session == name {
      comparison.found(
        "\(name) \(row.day) \(row.dimensions)",
        [
          "bounds": "[\(row.dayStart.ms), \(row.dayEnd.ms))", "sessions": "\(row.sessions)",
          "users": "\(row.users)", "events": "\(row.events)", "bounces": "\(row.bounces)",
          "duration": "\(row.durationMs)", "entries": row.entryEvents, "exits": row.exitEvents,
          "status": row.status.rawValue,
        ])
    }
    for row in rows(events) {
      let window = calendar.window(.day, row.day)
      comparison.wanted(
        "\(name) \(calendar.dayText(at: window.startMs)) \(row.dimensions)",
        [
          "bounds": .exact("[\(window.startMs), \(window.endMs))"),
          "sessions": .exact("\(row.sessions)"), "users": .exact("\(row.users.count)"),
          "events": .exact("\(row.events)"), "bounces": .exact("\(row.bounces)"),
          "duration": .exact("\(row.durationMs)"), "entries": .exact(Self.json(row.entries)),
          "exits": .exact(Self.json(row.exits)), "status": .exact("final"),
        ])
    }
    return comparison.differences
  }
}
