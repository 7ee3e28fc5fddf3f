import StreamCore

/// One thing that an endpoint takes.
struct Parameter: Sendable {
  /// Where it stands.
  enum Place: String, Sendable {
    case path
    case query
    /// A field of a form, or of a JSON object.
    case body
  }

  /// What it may be.
  enum Kind: Sendable {
    /// Text of at most so many bytes.
    case text(max: Int)
    case integer(ClosedRange<Int64>)
    case number
    case choice([String])
    case flag
    /// An instant of RFC 3339, a local time or a date of the pipeline's zone.
    case time
  }

  var name: String
  var place: Place
  var kind: Kind
  /// One line for the document.
  var text: String
  var isRequired: Bool
  /// A value that shows how it is written.
  var example: String?

  /// A segment of the path.
  static func path(_ name: String, _ text: String, example: String) -> Parameter {
    Parameter(
      name: name, place: .path, kind: .text(max: 1_024), text: text, isRequired: true,
      example: example)
  }

  /// A part of the query, which may be left out.
  static func query(
    _ name: String, _ kind: Kind, _ text: String, example: String? = nil
  ) -> Parameter {
    Parameter(
      name: name, place: .query, kind: kind, text: text, isRequired: false, example: example)
  }

  /// A field of what is sent.
  static func field(
    _ name: String, _ kind: Kind, _ text: String, isRequired: Bool = true, example: String? = nil
  ) -> Parameter {
    Parameter(
      name: name, place: .body, kind: kind, text: text, isRequired: isRequired, example: example)
  }

  /// How many rows a list has.
  static func limit(_ usual: Int64, max: Int64 = 1_000) -> Parameter {
    query(
      "limit", .integer(1...max), "At most so many rows; \(usual) without it.", example: "\(usual)")
  }
  /// Where a list goes on: `next` of the page before.
  static let cursor = query("cursor", .text(max: 2_048), "Where to go on: `next` of a page.")
  /// JSON or CSV.
  static let format = query(
    "format", .choice(["json", "csv"]), "How the rows are written; JSON without it.")
  /// The beginning of a range of event time.
  static let from = query(
    "from", .time, "Windows that start at or after this.", example: "2026-01-01T00:00:00Z")
  /// The end of a range of event time.
  static let to = query(
    "to", .time, "Windows that start before this.", example: "2026-02-01T00:00:00Z")

  /// What is wrong with `value`; nil when nothing is.
  func fault(_ value: String, zone: Zone) -> ParameterFault? {
    let fault: ParameterFault?
    switch kind {
    case .text(let max): fault = value.utf8.count <= max ? nil : .tooLong(bytes: max)
    case .integer(let range):
      fault = Int64(value).map(range.contains) == true ? nil : .notWhole(range)
    case .number: fault = Double(value).map(\.isFinite) == true ? nil : .notNumber
    case .choice(let choices): fault = choices.contains(value) ? nil : .noChoice(choices)
    case .flag: fault = ["true", "false", "on"].contains(value) ? nil : .notFlag
    case .time: fault = ZoneTimes.parse(value, zone: zone) != nil ? nil : .notTime
    }
    return fault
  }
}

/// What is wrong with a parameter.
enum ParameterFault: Sendable, Equatable {
  case missing
  case unknown
  case tooLong(bytes: Int)
  case notWhole(ClosedRange<Int64>)
  case notNumber
  case noChoice([String])
  case notFlag
  case notTime

  /// For programs, of the parameter `name`.
  func text(_ name: String) -> String {
    switch self {
    case .missing: "\(name) is missing"
    case .unknown: "there is no parameter \(name)"
    case .tooLong(let bytes): "\(name) has more than \(bytes) bytes"
    case .notWhole(let range):
      "\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .notNumber: "\(name) is not a number"
    case .noChoice(let choices): "\(name) is none of \(choices.joined(separator: ", "))"
    case .notFlag: "\(name) is neither true nor false"
    case .notTime: "\(name) is no time: write 2026-01-31, or 2026-01-31T08:00:00+08:00"
    }
  }
}
