/// Where the text of an expression is within quotes, for those who cut or tidy it without reading
/// it. The lexer's rules: a quote of either kind opens, the same one closes, and a backslash within
/// takes the next character with it.
public struct QuoteState: Sendable {
  private var quote: Character?
  private var isEscaped = false

  /// Outside of quotes.
  public init() {}

  /// Whether the text so far ends within quotes: behind the one that opens, before the one that
  /// closes.
  public var isOpen: Bool { quote != nil }

  /// Takes the next character. O(1).
  public mutating func take(_ character: Character) {
    guard let open = quote else {
      if character == "\"" || character == "'" { quote = character }
      return
    }
    if isEscaped {
      isEscaped = false
    } else if character == "\\" {
      isEscaped = true
    } else if character == open {
      quote = nil
    }
  }
}
