/// Why what a person asked for was not done. Nothing was changed.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// What it is about, for those who tell it in another language.
  public enum Kind: Sendable, Equatable {
    /// Nothing of these.
    case other
    case unknownRule(String, known: [String])
    case unknownThreshold(String, rule: String, known: [String])
    /// No JSON object of scalars.
    case notDimensions
    case unknownDimension(String, rule: String, known: [String])
    /// A value for some entities of a risk alone.
    case sameForEveryEntity(rule: String)
    /// Nobody has set `RULE.NAME`.
    case notSet(String)
    case notFinite(String)
    /// Less than the least that `RULE.NAME` may be.
    case tooSmall(Double, of: String, least: Double)
    case tooLarge(Double, of: String, greatest: Double)
    case judgedAlready(EventTime, clock: EventTime)
    case neverBegins
    case missing(Text)
    case tooLong(Text, bytes: Int)
    case silenceOver
    case unknownSilence(Int64)
    case silenceEnded(Int64)
    case unknownMessage(String)
    case unknownSubject(String)
    /// The beginning of several ids.
    case severalSubjects(String)
  }

  /// What people say with a change.
  public enum Text: Sendable, Equatable {
    case name
    case reason
    case note
  }

  /// What is wrong, in a sentence without a full stop.
  public let what: String
  /// What to do about it, in a sentence without a full stop.
  public let whatToDo: String
  /// What it is about.
  public let kind: Kind

  /// Makes a refusal of its parts.
  public init(_ what: String, whatToDo: String, kind: Kind = .other) {
    self.what = what
    self.whatToDo = whatToDo
    self.kind = kind
  }

  /// Reads back what a request was answered: `description` of a refusal.
  public init(answer: String) {
    let tail = "; nothing was changed."
    let text = answer.hasSuffix(tail) ? answer.dropLast(tail.count) : answer[...]
    let ends = [". ", "? "].compactMap { text.firstRange(of: $0) }
    if let end = ends.min(by: { $0.lowerBound < $1.lowerBound }) {
      what = String(text[..<end.lowerBound]) + (text[end].hasPrefix("?") ? "?" : "")
      whatToDo = String(text[end.upperBound...])
    } else {
      (what, whatToDo) = (String(text), "Ask again")
    }
    kind = .other
  }

  public var description: String {
    "\(what)\(what.hasSuffix("?") ? "" : ".") \(whatToDo); nothing was changed."
  }

  /// `; did you mean 'X'?`, where one of `names` is like `name`; else nothing. O(names · length²).
  public static func hint(_ name: String, _ names: [String]) -> String {
    NearestName.of(name, in: names).map { "; did you mean '\($0)'?" } ?? ""
  }
}

extension EventTime {
  /// For people: `2026-01-31T23:59:59Z`, with milliseconds where there are any; far ends of time as
  /// words.
  public var text: String {
    if self <= .distantPast { return "the beginning" }
    if self >= .distantFuture { return "the end" }
    let dayMs: Int64 = 86_400_000
    let rest = FloorDivision.remainder(ms, dayMs)
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let fraction = rest % 1000 == 0 ? "" : "." + padded(rest % 1000, 3)
    return "\(CivilDate(dayNumber: FloorDivision.quotient(ms, dayMs)))T"
      + [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { padded($0, 2) }
      .joined(separator: ":") + fraction + "Z"
  }
}
