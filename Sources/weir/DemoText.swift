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
    spans.append(Span(text: shown, style: style))
    width += TextWidth.columns(shown)
  }

  /// Appends text at the left of a field of `columns`, cut where it is longer.
  mutating func add(left text: String, _ columns: Int, _ style: DemoStyle = .plain) {
    let cut = TextWidth.prefix(text, columns: columns)
    add(cut, style)
    add(String(repeating: " ", count: max(0, columns - TextWidth.columns(cut))))
  }

  /// Appends text at the right of a field of `columns`, cut where it is longer.
  mutating func add(right text: String, _ columns: Int, _ style: DemoStyle = .plain) {
    let cut = TextWidth.prefix(text, columns: columns)
    add(String(repeating: " ", count: max(0, columns - TextWidth.columns(cut))))
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
      let piece = TextWidth.prefix(span.text, columns: left)
      left -= TextWidth.columns(piece)
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

/// Columns that text takes in a terminal: two for East Asian wide characters and pictures, none
/// for marks that combine with what is before them.
enum TextWidth {
  static func columns(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + columns($1) }
  }

  /// The longest beginning of `text` that fits.
  static func prefix(_ text: String, columns limit: Int) -> String {
    var left = limit
    var end = text.startIndex
    for index in text.indices {
      left -= columns(String(text[index]))
      if left < 0 { break }
      end = text.index(after: index)
    }
    return String(text[..<end])
  }

  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
  ]
}

/// Numbers, times and small pictures of series, as people read them.
enum DemoFormat {
  private static let levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// `1234567` as `1,234,567`.
  static func grouped(_ number: Int64) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// The nearest whole number, grouped; one that is too large for it as `∞`.
  static func grouped(_ number: Double) -> String {
    Int64(exactly: number.rounded()).map(grouped) ?? "∞"
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
