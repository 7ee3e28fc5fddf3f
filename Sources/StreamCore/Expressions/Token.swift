/// One word of an expression's text.
struct Token {
  /// What it is.
  enum Kind: Equatable {
    case end
    case identifier
    /// A name in backquotes; `content` is the name.
    case quotedIdentifier
    case int(Int64)
    /// 2^63: legal only after a minus.
    case intMagnitude
    case double(Double)
    /// `content` is the text with escapes resolved.
    case string
    case symbol(Symbol)
    /// Something that the lexer has already reported.
    case bad
  }

  var kind: Kind
  /// Bytes of the text.
  var range: Range<Int>
  var content: [UInt8] = []
}

/// Operators and punctuation.
enum Symbol: String, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case lessOrEqual = "<="
  case greaterOrEqual = ">="
  case and = "&&"
  case or = "||"
  case less = "<"
  case greater = ">"
  case not = "!"
  case plus = "+"
  case minus = "-"
  case times = "*"
  case divide = "/"
  case remainder = "%"
  case question = "?"
  case colon = ":"
  case comma = ","
  case dot = "."
  case open = "("
  case close = ")"
  case openBracket = "["
  case closeBracket = "]"

  /// Those of two characters come first, so that the first match is the longest.
  static let bySize: [(bytes: [UInt8], symbol: Symbol)] = allCases.map {
    (Array($0.rawValue.utf8), $0)
  }
}
