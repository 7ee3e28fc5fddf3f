import StreamCore

/// Expressions of pipelines taken apart as far as masking needs.
enum ExpressionPieces {
  /// `text` cut behind each `&&`, `||`, `?` and `:` outside of quotes; joined they are `text`.
  static func comparisons(of text: String) -> [String] {
    var parts: [String] = []
    var part = ""
    var last: Character = " "
    for (character, isQuoted) in quoted(text) {
      part.append(character)
      let ends =
        !isQuoted
        && (character == "?" || character == ":"
          || (character == last && (character == "&" || character == "|")))
      if ends {
        parts.append(part)
        part = ""
      }
      last = ends || isQuoted ? " " : character
    }
    return parts + [part]
  }

  /// `text` with its literals masked: what is in quotes, and numbers of five digits or more.
  static func masking(_ text: String) -> String {
    var out = ""
    var literal = ""
    var word = ""
    func endWord() {
      let isNumber = word.count > 4 && word.allSatisfy { $0.isNumber || $0 == "." }
      out += isNumber ? Masking.masked(word) : word
      word = ""
    }
    for (character, isQuoted) in quoted(text) + [(" ", false)] {
      if isQuoted {
        endWord()
        literal.append(character)
        continue
      }
      if let quote = literal.first {
        out.append(quote)
        if literal.count > 1 { out += Masking.masked(String(literal.dropFirst())) }
        literal = ""
      }
      if PersonalDimensions.isPart(character) {
        word.append(character)
      } else {
        endWord()
        out.append(character)
      }
    }
    out.removeLast()
    return out
  }

  /// Each character, and whether it is in quotes: the quote that begins a text is, the one that
  /// ends it is not.
  private static func quoted(_ text: String) -> [(Character, Bool)] {
    var quotes = QuoteState()
    return text.map { character in
      quotes.take(character)
      return (character, quotes.isOpen)
    }
  }
}
