import Charts

/// Finished markup. Made by string interpolation: literals are markup, text that is put in is
/// escaped, markup that is put in is not escaped twice.
struct HTML: Sendable, ExpressibleByStringInterpolation {
  /// The markup.
  private(set) var text: String

  /// Markup as it is; only for what charts and tables made.
  init(markup: String) { text = markup }

  init(stringLiteral value: String) { text = value }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Nothing.
  static let empty = HTML(markup: "")

  static func + (a: HTML, b: HTML) -> HTML { HTML(markup: a.text + b.text) }

  static func += (a: inout HTML, b: HTML) { a.text += b.text }

  /// Joins literals and values.
  struct StringInterpolation: StringInterpolationProtocol {
    var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 16)
    }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }
    mutating func appendInterpolation(_ value: Substring) { text += Markup.escaped(String(value)) }
    mutating func appendInterpolation(_ value: HTML) { text += value.text }
    mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }
    mutating func appendInterpolation(_ values: [HTML]) {
      for value in values { text += value.text }
    }
    mutating func appendInterpolation(_ value: some BinaryInteger) { text += String(value) }
  }
}

extension Sequence {
  /// One piece of markup for each element, after one another.
  func html(_ piece: (Element) throws -> HTML) rethrows -> HTML {
    var all = HTML.empty
    for element in self { all += try piece(element) }
    return all
  }
}
