import StreamCore

/// A row that is expected in a table of results. What it leaves out may be anything.
protocol ExpectedRow {
  associatedtype Row: ShownRow

  /// What tells the rows of one stage apart, in words.
  static var keyWords: String { get }
  /// Name of the stage.
  var stage: String { get }
  /// Whether no row with this key may be there.
  var expectsNone: Bool { get }
  /// Whether it holds where no row with this key is there.
  var acceptsNone: Bool { get }
  /// What is expected, for people.
  var description: String { get }

  /// Name of the stage of `row`.
  static func stage(of row: Row) -> String
  /// Whether `row`, of this stage, has the key.
  func hasKey(_ row: Row) -> Bool
  /// Whether `row`, with this key, is as expected.
  func hasContent(_ row: Row) -> Bool
  /// What does not hold of all rows together, where something is expected of them.
  func listMismatch(in rows: [Row]) -> String?
}

extension ExpectedRow {
  func listMismatch(in rows: [Row]) -> String? { nil }

  /// What does not hold, or nil when it does: what was expected, and the nearest that is there.
  func mismatch(in rows: [Row]) -> String? {
    let own = rows.filter { Self.stage(of: $0) == stage }
    let candidates = own.filter { hasKey($0) }
    if expectsNone {
      return candidates.isEmpty
        ? nil : "expected no row \(description), found \(Self.text(of: candidates))"
    }
    if candidates.contains(where: { hasContent($0) }) { return nil }
    if !candidates.isEmpty {
      return "expected \(description), found \(Self.text(of: candidates))"
    }
    if acceptsNone { return nil }
    if own.isEmpty { return "expected \(description), found no row of \(stage)" }
    return "expected \(description), found no such \(Self.keyWords); there is "
      + Self.text(of: own)
  }

  /// The first few of `rows`.
  private static func text(of rows: [Row]) -> String {
    let shown = 6
    let more = rows.count > shown ? " (and \(rows.count - shown) more)" : ""
    return rows.prefix(shown).map(\.text).joined(separator: "; ") + more
  }
}

/// Dimensions that an expected row names: JSON text by name. Those not named may have any value.
enum ExpectedDimensions {
  static func hold(_ expected: [String: String], in dimensions: String) -> Bool {
    if expected.isEmpty { return true }
    guard let found = JSONObject.members(of: dimensions) else { return false }
    return expected.allSatisfy { name, text in found[name] == JSONObject.canonical(text) }
  }

  /// As a row shows them, after a blank; empty where none are expected.
  static func text(of expected: [String: String]) -> String {
    if expected.isEmpty { return "" }
    let members = expected.sorted { $0.key < $1.key }
      .map { "\(JSONText.quoted($0.key)):\($0.value)" }
    return " {\(members.joined(separator: ","))}"
  }
}

/// What a column that may be null has to be.
public enum ExpectedNumber: Sendable, Equatable {
  /// Anything.
  case any
  /// This number, within a tolerance.
  case number(Double)
  /// Null.
  case none

  /// Whether `value` is at most `tolerance` off, as a share of the number; of numbers below 1, as
  /// an amount.
  func holds(_ value: Double?, tolerance: Double) -> Bool {
    switch self {
    case .any: true
    case .none: value == nil
    case .number(let number):
      value.map { abs($0 - number) <= tolerance * max(1, abs(number)) } ?? false
    }
  }

  /// Whether a time in whole milliseconds is within the error of a quantile, 1%.
  func holds(quantileMs value: Int64?) -> Bool {
    switch self {
    case .any: true
    case .none: value == nil
    case .number(let number):
      value.map { abs(Double($0) - number) <= 0.01 * abs(number) + 0.5 } ?? false
    }
  }

  /// With the column's name, after a comma; empty where anything may be.
  func text(_ column: String) -> String {
    switch self {
    case .any: ""
    case .none: ", \(column) none"
    case .number(let number): ", \(column) \(number)"
    }
  }
}
