import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// Sessions of one day, for the dimensions they are split by; as `--json` prints it.
struct SessionLine: Encodable {
  var session: String
  var day: String
  var dayStart: String
  var dayEnd: String
  var dimensions: DimensionValues
  var sessions: Int64
  /// Nil where several series are added up: a user of two of them would count twice.
  var users: Int64?
  var events: Int64
  var bounces: Int64
  var durationMs: Int64
  /// Sessions by the name of their first and of their last event.
  var entryEvents: [String: Int64]
  var exitEvents: [String: Int64]
  var eventsPerSession: Double?
  var bounceShare: Double?
  var meanDurationMs: Double?
  var status: String

  /// Lines of one stage's `rows`: newest day first, in each the series with most sessions first.
  ///
  /// - Parameter names: Dimensions to split by; the others are added up.
  static func lines(_ rows: [SessionRow], by names: [String], zone: Zone) -> [SessionLine] {
    struct Key: Hashable {
      var start: EventTime
      var dimensions: DimensionValues
    }
    var dimensions = Dimensions(by: names)
    let groups = Dictionary(grouping: rows) {
      Key(start: $0.dayStart, dimensions: dimensions.kept($0.dimensions))
    }
    let lines = groups.compactMap { key, rows in
      SessionLine(rows, dimensions: key.dimensions, zone: zone).map { (key.start, $0) }
    }
    return lines.sorted {
      ($1.0, $1.1.sessions, Dimensions.text($0.1.dimensions))
        < ($0.0, $0.1.sessions, Dimensions.text($1.1.dimensions))
    }.map(\.1)
  }

  private init?(_ rows: [SessionRow], dimensions: DimensionValues, zone: Zone) {
    guard let first = rows.first else { return nil }
    session = first.session
    day = first.day
    dayStart = Instants.text(first.dayStart, zone: zone)
    dayEnd = Instants.text(first.dayEnd, zone: zone)
    self.dimensions = dimensions
    users = rows.count == 1 ? first.users : nil
    (sessions, events, bounces, durationMs) = (0, 0, 0, 0)
    (entryEvents, exitEvents) = ([:], [:])
    for row in rows {
      sessions += row.sessions
      events += row.events
      bounces += row.bounces
      durationMs += row.durationMs
      entryEvents.merge(Self.counts(row.entryEvents)) { $0 + $1 }
      exitEvents.merge(Self.counts(row.exitEvents)) { $0 + $1 }
    }
    let isProvisional = rows.contains { $0.status == .provisional }
    status = (isProvisional ? ResultStatus.provisional : .final).rawValue
    guard sessions > 0 else { return }
    eventsPerSession = Double(events) / Double(sessions)
    bounceShare = Double(bounces) / Double(sessions)
    meanDurationMs = Double(durationMs) / Double(sessions)
  }

  private static func counts(_ json: String) -> [String: Int64] {
    (try? JSONDecoder().decode([String: Int64].self, from: Data(json.utf8))) ?? [:]
  }

  /// The most frequent event and its share of `sessions`: `home 62%`. Those that the file counts
  /// together as "(other)" are no event.
  static func top(_ counts: [String: Int64], of sessions: Int64) -> String {
    let named = counts.filter { $0.key != "(other)" }
    guard let best = named.min(by: { ($1.value, $0.key) < ($0.value, $1.key) }), sessions > 0
    else { return "" }
    return "\(best.key) \(Figures.shortPercent(Double(best.value) / Double(sessions)))"
  }

  /// The table of one stage.
  static func table(_ lines: [SessionLine], by names: [String]) -> String {
    var table = TextTable(
      [("day", .left)] + names.map { ($0, .left) } + [
        ("sessions", .right), ("users", .right), ("events each", .right), ("bounced", .right),
        ("mean time", .right), ("most begin with", .left), ("most end with", .left), ("", .left),
      ])
    for line in lines {
      table.add(
        [line.day] + names.map { (line.dimensions[$0] ?? .null).description } + [
          Terminal.grouped(line.sessions), line.users.map(Terminal.grouped) ?? "",
          line.eventsPerSession.map { String(format: "%.1f", $0) } ?? "",
          Figures.percent(line.bounceShare),
          Figures.duration(ms: line.meanDurationMs.map { Int64($0.rounded()) }),
          top(line.entryEvents, of: line.sessions), top(line.exitEvents, of: line.sessions),
          line.status == ResultStatus.final.rawValue ? "" : line.status,
        ])
    }
    return table.text()
  }

  static func csv(_ lines: [SessionLine]) -> String {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return CSVText.text(
      header: [
        "session", "day", "day_start", "day_end", "dimensions", "sessions", "users", "events",
        "bounces", "duration_ms", "events_per_session", "bounce_share", "mean_duration_ms",
        "entry_events", "exit_events", "status",
      ],
      lines.map {
        [
          $0.session, $0.day, $0.dayStart, $0.dayEnd, Dimensions.json($0.dimensions),
          "\($0.sessions)", text($0.users), "\($0.events)", "\($0.bounces)", "\($0.durationMs)",
          text($0.eventsPerSession), text($0.bounceShare), text($0.meanDurationMs),
          json($0.entryEvents), json($0.exitEvents), $0.status,
        ]
      })
  }

  private static func json(_ counts: [String: Int64]) -> String {
    Dimensions.json(counts.mapValues(JSONScalar.int))
  }
}
