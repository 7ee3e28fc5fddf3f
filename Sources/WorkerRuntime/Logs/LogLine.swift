import StreamCore

/// One thing that a worker says while it runs.
///
/// Never holds a payload or a secret: what happened, to what, and what to do.
public struct LogLine: Sendable, Equatable {
  /// How bad it is, the least first.
  public enum Level: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    case debug, info, warning, error

    /// The level of that name.
    public init?(name: String) {
      guard let level = Self.allCases.first(where: { $0.description == name }) else { return nil }
      self = level
    }

    public var description: String {
      switch self {
      case .debug: "debug"
      case .info: "info"
      case .warning: "warning"
      case .error: "error"
      }
    }

    public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
  }

  /// A fact beside the message.
  public struct Field: Sendable, Equatable {
    /// Lower case, with `_` between words.
    public var name: String
    /// What it is.
    public var value: String

    /// Names a fact.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// How bad it is.
  public var level: Level
  /// Which part of the program says it: `kafka`, `console`, `notify`, `worker`, `store`.
  public var site: String
  /// What it is about, such as a broker: lines of one site and subject are repeats of each other.
  public var subject: String
  /// What happened, in one sentence without a full stop.
  public var message: String
  /// Facts beside it.
  public var fields: [Field]

  /// Makes a line. Without a subject, its message tells it from others of its site.
  public init(
    _ level: Level, site: String, subject: String? = nil, _ message: String, fields: [Field] = []
  ) {
    self.level = level
    self.site = site
    self.subject = subject ?? message
    self.message = message
    self.fields = fields
  }
}

/// How lines are written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For people: time in UTC, level, message, `key=value`.
  case text
  /// An object a line, for programs.
  case json

  /// `line` as of `time`, without its end. Exactly one line, whatever is in it.
  public func text(_ line: LogLine, at time: WallTime) -> String {
    var pairs = [("site", line.site)]
    pairs += line.fields.map { ($0.name, $0.value) }
    switch self {
    case .text:
      let level = line.level.description
      let padding = String(repeating: " ", count: max(0, 7 - level.count))
      let facts = pairs.map { "\($0)=\(Self.quoted($1))" }.joined(separator: " ")
      return "\(Self.text(time)) \(level)\(padding) \(Self.printable(line.message))  \(facts)"
    case .json:
      pairs =
        [
          ("time", Self.text(time)), ("level", line.level.description), ("message", line.message),
        ] + pairs
      return "{"
        + pairs.map { "\(Self.json($0)):\(Self.json($1))" }.joined(separator: ",") + "}"
    }
  }

  /// RFC 3339 in UTC, always with milliseconds.
  static func text(_ time: WallTime) -> String {
    let day = Int64((Double(time.ms) / 86_400_000).rounded(.down))
    let rest = time.ms - day * 86_400_000
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(CivilDate(dayNumber: day))T\(padded(rest / 3_600_000, 2)):"
      + "\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2))."
      + "\(padded(rest % 1_000, 3))Z"
  }

  /// `text` in one line, without what would do something to a terminal.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map {
          $0 == "\n" ? " " : $0.properties.generalCategory == .control ? "\u{FFFD}" : $0
        }))
  }

  private static func quoted(_ value: String) -> String {
    let text = printable(value)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else {
      return text
    }
    return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
