import StreamCore

/// A row that is expected in the table `sessions`. What it leaves out may be anything.
public struct ExpectedSession: Sendable, Equatable {
  /// Name of the kind of session.
  public var session: String
  /// The local day, `YYYY-MM-DD`.
  public var day: String?
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String] = [:]
  /// Sessions that began. 0 holds where there is no row, too.
  public var sessions: Int64?
  /// Whether no such row may be there.
  public var isAbsent = false
  /// Users that began one.
  public var users: Int64?
  /// Events in them.
  public var events: Int64?
  /// Sessions of a single event.
  public var bounces: Int64?
  /// Sum of the times from first to last event, in milliseconds.
  public var durationMs: Int64?
  /// Sessions by the name of their first event, all of them.
  public var entryEvents: [String: Int64]?
  /// Sessions by the name of their last event, all of them.
  public var exitEvents: [String: Int64]?
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some row of `session`.
  public init(session: String) { self.session = session }
}

extension ExpectedSession: ExpectedRow {
  static let keyWords = "day or dimensions"
  var stage: String { session }
  var expectsNone: Bool { isAbsent }
  var acceptsNone: Bool { sessions == 0 }

  static func stage(of row: SessionRow) -> String { row.session }

  func hasKey(_ row: SessionRow) -> Bool {
    (day == nil || row.day == day) && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: SessionRow) -> Bool {
    (sessions == nil || row.sessions == sessions) && (users == nil || row.users == users)
      && (events == nil || row.events == events) && (bounces == nil || row.bounces == bounces)
      && (durationMs == nil || row.durationMs == durationMs)
      && (status == nil || row.status == status) && Self.hold(entryEvents, in: row.entryEvents)
      && Self.hold(exitEvents, in: row.exitEvents)
  }

  private static func hold(_ expected: [String: Int64]?, in found: String) -> Bool {
    guard let expected else { return true }
    return JSONObject.members(of: found) == expected.mapValues { "\($0)" }
  }

  var description: String {
    var text = session
    if let day { text += " \(day)" }
    text += ExpectedDimensions.text(of: dimensions)
    let counts = [
      ("sessions", sessions), ("users", users), ("events", events), ("bounces", bounces),
      ("duration_ms", durationMs),
    ]
    for (column, count) in counts {
      if let count { text += ", \(column) \(count)" }
    }
    text += Self.text("entry_events", entryEvents) + Self.text("exit_events", exitEvents)
    if let status { text += " (\(status.rawValue))" }
    return text
  }

  private static func text(_ column: String, _ counts: [String: Int64]?) -> String {
    guard let counts else { return "" }
    let members = counts.sorted { $0.key < $1.key }
      .map { "\(JSONText.quoted($0.key)):\($0.value)" }
    return ", \(column) {\(members.joined(separator: ","))}"
  }
}
