/// Why what a person asked for was not done. Nothing was changed.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, in a sentence without a full stop.
  public let what: String
  /// What to do about it, in a sentence without a full stop.
  public let whatToDo: String

  /// Makes a refusal of its parts.
  public init(_ what: String, whatToDo: String) {
    self.what = what
    self.whatToDo = whatToDo
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
