/// A table for the terminal: columns as wide as their widest cell, two blanks apart.
struct TextTable {
  /// On which side of its column a cell stands.
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]]
  /// Codes of a cell's style, by row and column.
  private var styles: [Int: [String?]] = [:]

  /// A table with these columns; numbers belong to the right.
  init(_ columns: [(name: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.name)]
  }

  /// A table whose columns all stand to the left.
  init(_ columns: [String]) { self.init(columns.map { ($0, .left) }) }

  /// Adds a row. Cells that are missing are empty; control characters show as `�`.
  mutating func add(_ cells: [String]) {
    rows.append(
      alignments.indices.map { $0 < cells.count ? Self.printable(cells[$0]) : "" })
  }

  /// Adds a row whose cells are shown in `styles`: parameters of the terminal's SGR sequence.
  mutating func add(_ cells: [String], styles: [String?]) {
    add(cells)
    self.styles[rows.count - 1] = styles
  }

  /// Whether nothing was added.
  var isEmpty: Bool { rows.count == 1 }

  /// Its lines, the names of the columns first, each ended by a newline. O(cells).
  func text(indent: Int = 0) -> String {
    let widths = alignments.indices.map { column in
      rows.reduce(0) { max($0, Self.width($1[column])) }
    }
    let margin = String(repeating: " ", count: indent)
    var text = ""
    for (index, row) in rows.enumerated() {
      var line = margin
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - Self.width(cell))
        let padded = alignments[column] == .left ? cell + padding : padding + cell
        let style = styles[index].flatMap { column < $0.count ? $0[column] : nil }
        line += style.map { "\u{1B}[\($0)m\(padded)\u{1B}[0m" } ?? padded
        line += "  "
      }
      while line.hasSuffix(" ") { line.removeLast() }
      text += line + "\n"
    }
    return text
  }

  /// Columns that `text` takes: two for a character of East Asian scripts or an emoji, none for
  /// one that cannot be seen.
  static func width(_ text: String) -> Int {
    text.reduce(0) { width, character in
      guard let scalar = character.unicodeScalars.first else { return width }
      if isInvisible(scalar) { return width }
      let isEmoji = character.unicodeScalars.contains { $0.value == 0xFE0F }
      return width + (isEmoji || isWide(scalar) ? 2 : 1)
    }
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x1100: false
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      true
    default: scalar.properties.isEmojiPresentation
    }
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value > 0x2FF else { return false }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return true
    default: return false
    }
  }

  /// `text` without what would move the cursor: results come from events, events from anywhere.
  static func printable(_ text: String) -> String {
    let isControl = { (scalar: Unicode.Scalar) in
      scalar.properties.generalCategory == .control
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { cleaned.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
    return String(cleaned)
  }
}
