import HTTPTypes
import StreamCore

/// Why a request is not answered as wished, by RFC 9457.
struct Problem: Error, Sendable, CustomStringConvertible {
  var status: HTTPResponse.Status
  /// What is wrong, in one sentence without a dot.
  var what: String
  /// What to do about it.
  var whatToDo: String
  /// What it is about, for pages: they tell it in their reader's language.
  var kind: ProblemKind
  /// Further header fields.
  var headers: HTTPFields = [:]

  init(
    _ status: HTTPResponse.Status, _ what: String, whatToDo: String, kind: ProblemKind = .other,
    headers: HTTPFields = [:]
  ) {
    self.status = status
    self.what = what
    self.whatToDo = whatToDo
    self.kind = kind
    self.headers = headers
  }

  var description: String { "\(what). \(whatToDo)." }

  /// There is no such thing.
  static func notFound(
    _ what: String, whatToDo: String = "Look at the list of those there are",
    kind: ProblemKind = .other
  ) -> Problem {
    Problem(.notFound, what, whatToDo: whatToDo, kind: kind)
  }

  /// Nothing has this name.
  static func nothingNamed(_ name: String) -> Problem {
    .notFound("nothing is called \(name.prefix(128)) here", kind: .nothingNamed(name))
  }

  /// The request says something that cannot be.
  static func badRequest(
    _ what: String, whatToDo: String = "Correct it and ask again", kind: ProblemKind = .other
  ) -> Problem {
    Problem(.badRequest, what, whatToDo: whatToDo, kind: kind)
  }

  /// The document for programs.
  var json: JSON {
    .object([
      ("type", .string("about:blank")), ("title", .string(status.reasonPhrase)),
      ("status", .integer(Int64(status.code))), ("detail", .string(what)),
      ("what_to_do", .string(whatToDo)),
    ])
  }

  /// The answer for programs.
  var answer: Answer {
    var answer = Answer.json(json, status: status)
    answer.contentType = "application/problem+json"
    answer.headers = headers
    return answer
  }
}

/// What problems that a page can meet are about; programs are told `what` and `whatToDo` alone.
enum ProblemKind: Sendable {
  /// None of these: told as programs are.
  case other
  /// What people asked for was not done.
  case refusal(Refusal)
  case parameters([NamedFault])
  /// An address or a form that is not encoded as it has to be.
  case encoding
  case noAddress
  case noMethod(String)
  /// Nothing is called so.
  case nothingNamed(String)
  case noThresholds(rule: String)
  case notNumber(String)
  /// A value to try, the threshold, and its bounds in words.
  case outOfBounds(String, of: String, bounds: String)
  /// Rows by what names people.
  case namesPeople
  case tokenNeeded
  case tokenUnknown
  case tooManyTokens
  case mayNotWrite
  case foreignForm
  case foreignSite
  case foreignName
  case tooLong(bytes: Int)
  case tooSlow(seconds: Int)
  case busy
  case notUnderstood
  /// The file's trouble.
  case file(String)
  /// A fault of the console's own.
  case own
}

/// What is wrong with one parameter.
struct NamedFault: Sendable, Equatable {
  var name: String
  var fault: ParameterFault

  init(_ name: String, _ fault: ParameterFault) { (self.name, self.fault) = (name, fault) }
}
