/// How a piece of a line looks.
enum DemoStyle: Sendable {
  case plain, strong, faint, good, bad, warning

  /// The ANSI sequence that turns it on; empty for plain text.
  var code: String {
    switch self {
    case .plain: ""
    case .strong: "\u{1B}[1m"
    case .faint: "\u{1B}[2m"
    case .good: "\u{1B}[32m"
    case .bad: "\u{1B}[1;31m"
    case .warning: "\u{1B}[33m"
    }
  }
}

/// A line of styled text that knows how many columns of a terminal it takes.
struct DemoLine: Sendable, Equatable {
  private(set) var spans: [Span] = []
  private(set) var width = 0

  struct Span: Sendable, Equatable {
    var text: String
    var style: DemoStyle
  }

  init(_ text: String = "", _ style: DemoStyle = .plain) { add(text, style) }

  /// Appends text. What could steer a terminal is shown as `?`: texts come from events.
  mutating func add(_ text: String, _ style: DemoStyle = .plain) {
    let shown = String(text.unicodeScalars.map { Self.steers($0) ? "?" : Character($0) })
    guard !shown.isEmpty else { return }
    if let last = spans.last, last.style == style {
      spans[spans.count - 1].text += shown
    } else {
      spans.append(Span(text: shown, style: style))
    }
    width += TextTable.width(shown)
  }

  /// Appends text at the left of a field of `columns`, cut where it is longer.
  mutating func add(left text: String, _ columns: Int, _ style: DemoStyle = .plain) {
    let cut = TextTable.prefix(text, columns: columns)
    add(cut, style)
    add(String(repeating: " ", count: max(0, columns - TextTable.width(cut))))
  }

  /// Appends text at the right of a field of `columns`, cut where it is longer.
  mutating func add(right text: String, _ columns: Int, _ style: DemoStyle = .plain) {
    let cut = TextTable.prefix(text, columns: columns)
    add(String(repeating: " ", count: max(0, columns - TextTable.width(cut))))
    add(cut, style)
  }

  /// Fills up with blanks to a column.
  mutating func fill(to column: Int) {
    add(String(repeating: " ", count: max(0, column - width)))
  }

  /// The line in at most `columns`, with or without ANSI sequences, without blanks at its end.
  func rendered(columns: Int, styled: Bool) -> String {
    var left = columns
    var text = ""
    for span in spans {
      let piece = TextTable.prefix(span.text, columns: left)
      left -= TextTable.width(piece)
      let code = styled ? span.style.code : ""
      text += code.isEmpty || piece.isEmpty ? piece : code + piece + "\u{1B}[0m"
      if piece.count < span.text.count { break }
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}

extension TextTable {
  /// The longest beginning of `text` that fits in `columns` of a terminal.
  static func prefix(_ text: String, columns: Int) -> String {
    var left = columns
    return String(
      text.prefix {
        left -= width(String($0))
        return left >= 0
      })
  }
}

/// Numbers, times and small pictures of series, as people read them.
enum DemoFormat {
  private static let levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// The nearest whole number, grouped; one that is too large for it as `∞`.
  static func grouped(_ number: Double) -> String {
    Int64(exactly: number.rounded()).map(Terminal.grouped) ?? "∞"
  }

  /// `0.0417` as `4.2 %`; a share that there is not as `–`.
  static func percent(_ share: Double?) -> String {
    guard let share, let tenths = Int64(exactly: (share * 1_000).rounded()) else { return "–" }
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// The level of `value` between nothing and `top`.
  static func level(_ value: Double, top: Double) -> Character {
    guard value > 0, top > 0 else { return levels[0] }
    return levels[Int(min(7, value / top * 8))]
  }

  /// Milliseconds as `0.4 s`, `37 s`, `4 min`.
  static func span(_ ms: Int64) -> String {
    if ms < 10_000 { return "\(max(0, ms) / 1_000).\(max(0, ms) / 100 % 10) s" }
    return ms < 180_000 ? "\(ms / 1_000) s" : "\(ms / 60_000) min"
  }
}
