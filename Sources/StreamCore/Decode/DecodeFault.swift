internal import CSimdJSON

/// What was wrong with a message, in a form that costs nothing until someone asks for its text.
struct DecodeFault {
  enum Kind {
    case none
    case noPayload
    case onlyBlanks
    case json(Int32)
    case csv(CSVFault)
    case keyNotUTF8
    case headerNotUTF8(Int)
  }

  var kind: Kind = .none
  /// Byte of the payload where it was found, counted from 0.
  var offset = 0
  /// Bytes of the payload.
  var count = 0

  /// For people. Coordinates and sizes only, nothing of the payload.
  func describe(headers: [String]) -> String {
    switch kind {
    case .none: ""
    case .noPayload: "no payload"
    case .onlyBlanks: "payload of \(count) bytes holds only blanks"
    case .json(let code): Self.describe(json: code) + place(of: code)
    case .csv(let fault): fault.text + (fault.hasPlace ? " at byte \(offset) of \(count)" : "")
    case .keyNotUTF8: "the record's key is not UTF-8"
    case .headerNotUTF8(let index):
      "the record's header \(index < headers.count ? headers[index] : "\(index)") is not UTF-8"
    }
  }

  private func place(of code: Int32) -> String {
    switch code {
    case weirCode(WEIR_JSON_UTF8), weirCode(WEIR_JSON_CONTROL), weirCode(WEIR_JSON_MEMORY):
      " in \(count) bytes"
    default:
      offset == 0 && count > 0 && code == weirCode(WEIR_JSON_STRING)
        ? " in \(count) bytes" : " at byte \(offset) of \(count)"
    }
  }

  private static func describe(json code: Int32) -> String {
    switch code {
    case weirCode(WEIR_JSON_NOT_AN_OBJECT): "JSON of another type than object"
    case weirCode(WEIR_JSON_TRAILING): "text after the end of the JSON"
    case weirCode(WEIR_JSON_STRING): "JSON string that is not closed or has a bad escape"
    case weirCode(WEIR_JSON_CONTROL): "control character in a JSON string"
    case weirCode(WEIR_JSON_UTF8): "not UTF-8"
    case weirCode(WEIR_JSON_NUMBER): "neither a JSON number nor true, false or null"
    case weirCode(WEIR_JSON_LITERAL): "neither true, false nor null"
    case weirCode(WEIR_JSON_DEPTH): "JSON nested deeper than \(WEIR_JSON_MAX_DEPTH) levels"
    case weirCode(WEIR_JSON_MEMORY): "no memory to decode JSON"
    default: "JSON broken or cut off"
    }
  }
}

/// A C enumerator as the type that the decoder returns.
@inline(__always)
func weirCode(_ code: weir_json_code) -> Int32 { Int32(bitPattern: code.rawValue) }

/// What can be wrong with a CSV row.
enum CSVFault {
  case noHeader
  case delimiterNotASCII
  case notUTF8
  case unterminatedQuote
  case textAfterQuote
  case secondRow

  var text: String {
    switch self {
    case .noHeader:
      "CSV row before any header: name the columns in csv.header or begin with a header row"
    case .delimiterNotASCII: "the CSV delimiter is not an ASCII character"
    case .notUTF8: "CSV row is not UTF-8"
    case .unterminatedQuote: "CSV quote that is not closed"
    case .textAfterQuote: "text after the closing quote of a CSV cell"
    case .secondRow: "more than one CSV row in one message"
    }
  }

  var hasPlace: Bool {
    switch self {
    case .unterminatedQuote, .textAfterQuote, .secondRow: true
    case .noHeader, .delimiterNotASCII, .notUTF8: false
    }
  }
}
