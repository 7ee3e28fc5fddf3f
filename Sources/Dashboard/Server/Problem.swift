import HTTPTypes

/// Why a request is not answered as wished, by RFC 9457.
struct Problem: Error, Sendable, CustomStringConvertible {
  var status: HTTPResponse.Status
  /// What is wrong, in one sentence without a dot.
  var what: String
  /// What to do about it.
  var whatToDo: String
  /// Further header fields.
  var headers: HTTPFields = [:]

  init(
    _ status: HTTPResponse.Status, _ what: String, whatToDo: String, headers: HTTPFields = [:]
  ) {
    self.status = status
    self.what = what
    self.whatToDo = whatToDo
    self.headers = headers
  }

  var description: String { "\(what). \(whatToDo)." }

  /// There is no such thing.
  static func notFound(_ what: String, whatToDo: String = "Look at the list of those there are")
    -> Problem
  {
    Problem(.notFound, what, whatToDo: whatToDo)
  }

  /// The request says something that cannot be.
  static func badRequest(_ what: String, whatToDo: String = "Correct it and ask again") -> Problem {
    Problem(.badRequest, what, whatToDo: whatToDo)
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
