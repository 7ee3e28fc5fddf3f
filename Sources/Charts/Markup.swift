/// Text for HTML and SVG.
public enum Markup {
  /// `text` so that it is text wherever it stands: in an element or in a quoted attribute.
  /// Characters that no document may hold, and those that turn the direction of what follows,
  /// become U+FFFD.
  ///
  /// O(length).
  public static func escaped(_ text: String) -> String {
    if text.utf8.allSatisfy(isPlain) { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      default: result.append(isAllowed(scalar) ? scalar : "\u{FFFD}")
      }
    }
    return String(result)
  }

  /// Bytes that stand for themselves everywhere.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x26, 0x3C, 0x3E, 0x22, 0x27, 0x7F: false
    case 0x0A, 0x09: true
    default: byte >= 0x20 && byte < 0x80
    }
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: true
    case ..<0x20, 0x7F...0x9F: false
    case 0x202A...0x202E, 0x2066...0x2069: false
    case 0xFFFE, 0xFFFF: false
    default: true
    }
  }

  /// `text` as an id: letters, digits, `-` and `_`, beginning with a letter.
  static func identifier(_ text: String) -> String {
    let kept = String(
      text.unicodeScalars.map { scalar -> Character in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": Character(scalar)
        default: "-"
        }
      })
    guard let first = kept.first, first.isLetter else { return "c" + kept }
    return kept
  }
}

/// Writes elements of SVG.
struct SVGWriter {
  /// What was written.
  private(set) var text = ""

  /// Adds finished markup.
  mutating func raw(_ markup: String) { text += markup }

  /// Begins an element; `attributes` are escaped.
  mutating func open(_ name: String, _ attributes: KeyValuePairs<String, String> = [:]) {
    text += "<" + name + Self.list(attributes) + ">"
  }

  /// Ends an element.
  mutating func close(_ name: String) { text += "</\(name)>\n" }

  /// An element with text in it, or, with a `title`, one that shows it when pointed at.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String>, text inner: String? = nil,
    title: String? = nil
  ) {
    text += "<" + name + Self.list(attributes)
    if inner == nil, title == nil {
      text += "/>\n"
      return
    }
    text += ">"
    if let title { text += "<title>\(Markup.escaped(title))</title>" }
    if let inner { text += Markup.escaped(inner) }
    text += "</\(name)>\n"
  }

  /// Text at a place; with a `title` that it is a part of, the whole shows when it is pointed at.
  mutating func label(
    _ string: String, x: Double, y: Double, _ classes: String, title: String? = nil
  ) {
    element(
      "text", ["class": classes, "x": Self.number(x), "y": Self.number(y)], text: string,
      title: title == string ? nil : title)
  }

  /// A straight line.
  mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, _ classes: String) {
    element(
      "line",
      [
        "class": classes, "x1": Self.number(x1), "y1": Self.number(y1), "x2": Self.number(x2),
        "y2": Self.number(y2),
      ])
  }

  /// A rectangle, with text that shows when it is pointed at.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ classes: String, fill: String? = nil,
    radius: Double = 0, title: String? = nil
  ) {
    text += "<rect class=\"\(Markup.escaped(classes))\" x=\"\(Self.number(x))\""
    text += " y=\"\(Self.number(y))\" width=\"\(Self.number(max(width, 0)))\""
    text += " height=\"\(Self.number(max(height, 0)))\""
    if radius > 0 { text += " rx=\"\(Self.number(radius))\"" }
    if let fill { text += " fill=\"\(Markup.escaped(fill))\"" }
    guard let title else {
      text += "/>\n"
      return
    }
    text += "><title>\(Markup.escaped(title))</title></rect>\n"
  }

  /// A path; nothing where there is none.
  mutating func path(_ data: String, _ classes: String) {
    if data.isEmpty { return }
    element("path", ["class": classes, "d": data])
  }

  private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0)=\"\(Markup.escaped($1))\"" }.joined()
  }

  /// A coordinate with one decimal at most.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "0" }
    let tenths = Int64((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
    return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
  }
}
