import StreamCore

/// What others may read of a pipeline file's texts: where a variable may stand for a secret, its
/// name in place of its value.
///
/// Names and numbers that an expression is made of are no secrets, and who reads it has to see what
/// it reads: of variables outside of quotes those alone are kept back that stand for more.
public struct ShownTexts: Sendable {
  /// By what a text stands for; as it is, and with blanks as canonical texts have them.
  private var shown: [String: String] = [:]

  /// Takes a text and what of it may be read.
  mutating func add(_ text: String, _ parts: [Part]) {
    let name = parts.map(\.forPeople).joined()
    for (text, name) in [
      (text, name), (Definition.normalised(text), Definition.normalised(name)),
    ] where shown[text] == nil && text != name && !text.isEmpty {
      shown[text] = name
    }
  }

  /// A text of the pipeline as others may read it.
  public func text(_ text: String) -> String { shown[text] ?? text }

  /// The canonical text of a pipeline as others may read it: each of its lines ends with the text
  /// of the file that it is about. O(lines · texts with variables).
  public func definition(_ text: String) -> String {
    guard !shown.isEmpty else { return text }
    let ends = shown.flatMap { text, name in
      [(" " + text, " " + name), (" " + JSONText.quoted(text), " " + JSONText.quoted(name))]
    }.sorted { ($1.0.utf8.count, $0.0) < ($0.0.utf8.count, $1.0) }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let end = ends.first { line.hasSuffix($0.0) }
      return end.map { line.dropLast($0.0.count) + $0.1 } ?? String(line)
    }.joined(separator: "\n")
  }

  /// A part of a text with variables.
  enum Part: Equatable {
    /// As it stands.
    case plain(String)
    /// A variable whose value is kept back: what is between the braces.
    case variable(String)

    /// With the variable's name.
    var forPeople: String {
      switch self {
      case .plain(let text): text
      case .variable(let inside): "${\(inside)}"
      }
    }

    /// To be read again as a scalar of a pipeline file.
    var forFile: String {
      switch self {
      case .plain(let text): text.replacing("${", with: "$${")
      case .variable(let inside): "${\(inside)}"
      }
    }
  }
}

extension Variables {
  /// `text` with those variables replaced whose values others may read. What the file itself gives
  /// for a variable without a value is no secret.
  func shownParts(of text: String) -> [ShownTexts.Part] {
    var parts: [ShownTexts.Part] = []
    var quotes = QuoteState()
    func add(_ text: some StringProtocol) {
      for character in text { quotes.take(character) }
      if case .plain(let before) = parts.last {
        parts[parts.count - 1] = .plain(before + text)
      } else {
        parts.append(.plain(String(text)))
      }
    }
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      add(rest[..<dollar])
      rest = rest[dollar...]
      guard rest.hasPrefix("${"), let close = rest.firstIndex(of: "}") else {
        let isEscaped = rest.hasPrefix("$${")
        add(isEscaped ? "${" : "$")
        rest = rest.dropFirst(isEscaped ? 3 : 1)
        continue
      }
      let inside = String(rest.dropFirst(2)[..<close])
      rest = rest[rest.index(after: close)...]
      let isFallback = uses(in: "${\(inside)}").allSatisfy { $0.source == .fallback }
      if case .text(let value) = replace(in: "${\(inside)}"),
        isFallback || (!quotes.isOpen && Self.isCode(value))
      {
        add(value)
      } else {
        parts.append(.variable(inside))
      }
    }
    add(rest)
    return parts
  }

  /// Whether `value` is a name, a path or a short number.
  private static func isCode(_ value: String) -> Bool {
    value.isEmpty || ExpressionCompiler.isPath(value)
      || (value.utf8.count < 5 && Double(value) != nil)
  }
}
