import StreamCore

/// What a time that may be missing has to be.
public enum ExpectedTime: Sendable, Equatable {
  /// Anything.
  case any
  /// This instant.
  case at(EventTime)
  /// There is none.
  case none

  func holds(_ time: EventTime?) -> Bool {
    switch self {
    case .any: true
    case .at(let instant): time == instant
    case .none: time == nil
    }
  }

  /// With the column's name, after a comma; empty where anything may be.
  func text(_ column: String) -> String {
    switch self {
    case .any: ""
    case .none: ", \(column) none"
    case .at(let time): ", \(column) \(Instants.text(time))"
    }
  }
}

/// A row that is expected in the table `alerts`. What it leaves out may be anything.
public struct ExpectedAlert: Sendable, Equatable {
  /// The rule.
  public var rule: String
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String] = [:]
  /// Start of the first window in which the condition held.
  public var windowStart: EventTime?
  /// What it does in the end.
  public var state: AlertState?
  /// Whether no such alert may have fired.
  public var isAbsent = false
  /// When it fired.
  public var opened = ExpectedTime.any
  /// When it ended.
  public var resolved = ExpectedTime.any
  /// The value that was judged last.
  public var value = ExpectedNumber.any
  /// How far the value may be off.
  public var tolerance = 1e-9
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some alert of `rule`.
  public init(rule: String) { self.rule = rule }
}

extension ExpectedAlert: ExpectedRow {
  static let keyWords = "window or dimensions"
  var stage: String { rule }
  var expectsNone: Bool { isAbsent }
  var acceptsNone: Bool { false }

  static func stage(of row: AlertRow) -> String { row.rule }

  func hasKey(_ row: AlertRow) -> Bool {
    (windowStart == nil || row.windowStart == windowStart) && (!isAbsent || row.hasFired)
      && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: AlertRow) -> Bool {
    (state == nil || row.state == state) && (status == nil || row.status == status)
      && opened.holds(row.opened) && resolved.holds(row.resolved)
      && value.holds(row.value, tolerance: tolerance)
  }

  var description: String {
    var text = rule + ExpectedDimensions.text(of: dimensions)
    if let windowStart { text += " of \(Instants.text(windowStart))" }
    if let state { text += ", \(state.rawValue)" }
    text += opened.text("opened") + resolved.text("resolved") + value.text("value")
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}

/// A row that is expected in the table `alert_transitions`, or all of one series. What it leaves
/// out may be anything.
public struct ExpectedTransition: Sendable, Equatable {
  /// The rule.
  public var rule: String
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String] = [:]
  /// Start of the window that was judged.
  public var windowStart: EventTime?
  /// The state before.
  public var from: AlertState?
  /// The state after.
  public var to: AlertState?
  /// The states after all transitions, in their order; nil: nothing is expected of them.
  public var all: [AlertState]?
  /// The value in that window.
  public var value = ExpectedNumber.any
  /// How far the value may be off.
  public var tolerance = 1e-9
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some transition of `rule`.
  public init(rule: String) { self.rule = rule }
}

extension ExpectedTransition: ExpectedRow {
  static let keyWords = "window or dimensions"
  var stage: String { rule }
  var expectsNone: Bool { false }
  var acceptsNone: Bool { all != nil }

  static func stage(of row: AlertTransition) -> String { row.rule }

  func hasKey(_ row: AlertTransition) -> Bool {
    (windowStart == nil || row.windowStart == windowStart)
      && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: AlertTransition) -> Bool {
    (from == nil || row.from == from) && (to == nil || row.to == to)
      && (status == nil || row.status == status) && value.holds(row.value, tolerance: tolerance)
  }

  func listMismatch(in rows: [AlertTransition]) -> String? {
    guard let all else { return nil }
    let own = rows.filter {
      $0.rule == rule && hasKey($0) && (status == nil || $0.status == status)
    }
    if own.map(\.to) == all { return nil }
    let found = own.map { "\($0.to.rawValue) at \(Instants.text($0.windowStart))" }
    return "expected \(description), found "
      + (found.isEmpty ? "none" : found.joined(separator: ", "))
  }

  var description: String {
    var text = rule + ExpectedDimensions.text(of: dimensions)
    if let windowStart { text += " at \(Instants.text(windowStart))" }
    if let from { text += " from \(from.rawValue)" }
    if let to { text += " to \(to.rawValue)" }
    if let all { text += " to [\(all.map(\.rawValue).joined(separator: ", "))]" }
    text += value.text("value")
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}
