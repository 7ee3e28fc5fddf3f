import StreamCore

/// A row that is expected in the table `findings`. What it leaves out may be anything.
public struct ExpectedFinding: Sendable, Equatable {
  /// The rule.
  public var rule: String
  /// The entity.
  public var entity: String?
  /// When the pattern was complete; `none`: there is no such finding.
  public var opened = ExpectedTime.any
  /// When it was no more.
  public var closed = ExpectedTime.any
  /// Status of the row.
  public var status: FindingStatus?

  /// Expects some finding of `rule`.
  public init(rule: String) { self.rule = rule }
}

extension ExpectedFinding: ExpectedRow {
  static let keyWords = "entity or opening"
  var stage: String { rule }
  var expectsNone: Bool { opened == .none }
  var acceptsNone: Bool { false }

  static func stage(of row: FindingRow) -> String { row.rule }

  func hasKey(_ row: FindingRow) -> Bool {
    (entity == nil || row.entity == entity)
      && (expectsNone ? row.isFound : opened.holds(row.opened))
  }

  func hasContent(_ row: FindingRow) -> Bool {
    (status == nil ? row.isFound : row.status == status) && closed.holds(row.closed)
  }

  var description: String {
    var text = rule
    if let entity { text += " \(entity)" }
    text += opened.text("opened") + closed.text("closed")
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}
