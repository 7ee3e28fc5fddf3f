/// Finds the place in the file of a byte of a scalar's text.
///
/// Exact for plain, quoted and literal scalars in which no variable was replaced. In folded scalars
/// the line is exact as long as no blank lines come before; where variables were replaced, the
/// place is the scalar's own.
struct ScalarLocator {
  private let lines: [[Unicode.Scalar]]

  init(source: String) {
    var lines: [[Unicode.Scalar]] = [[]]
    for scalar in source.unicodeScalars {
      if scalar == "\n" { lines.append([]) } else { lines[lines.count - 1].append(scalar) }
    }
    self.lines = lines
  }

  /// The place of byte `offset` of the text of `node`.
  func position(ofByte offset: Int, in node: ConfigNode) -> Position {
    guard let scalar = node.scalar, scalar.text == scalar.written,
      offset > 0 || isQuoted(scalar)
        || isBlock(scalar), node.position.line <= lines.count
    else { return node.position }
    let start = Position(line: node.position.line - 1, column: node.position.column - 1)
    if isBlock(scalar) { return blockPosition(offset, start) ?? node.position }
    return flowPosition(offset, start, scalar.style) ?? node.position
  }

  private func isQuoted(_ scalar: ConfigNode.Scalar) -> Bool {
    scalar.style == .singleQuoted || scalar.style == .doubleQuoted
  }

  private func isBlock(_ scalar: ConfigNode.Scalar) -> Bool {
    scalar.style == .literal || scalar.style == .folded
  }

  /// Lines after the indicator, less their common indentation; a line's end is one byte.
  private func blockPosition(_ offset: Int, _ start: Position) -> Position? {
    var line = start.line + 1
    guard let first = lines[min(line, lines.count)...].first(where: { $0.contains { $0 != " " } })
    else { return nil }
    let indentation = first.prefix { $0 == " " }.count
    var left = offset
    while line < lines.count {
      let content = lines[line].dropFirst(min(indentation, lines[line].count))
      let bytes = content.reduce(0) { $0 + UTF8.width($1) }
      if left <= bytes {
        return Position(line: line + 1, column: indentation + 1 + Self.scalars(content, left))
      }
      left -= bytes + 1
      line += 1
    }
    return nil
  }

  /// Plain and quoted scalars: escapes stand for what they decode to, and a line's end with the
  /// blanks around it for one byte.
  private func flowPosition(
    _ offset: Int, _ start: Position, _ style: ConfigNode.Scalar.Style
  ) -> Position? {
    var (line, column) = (start.line, start.column + (style == .plain ? 0 : 1))
    var left = offset
    while left > 0 {
      guard line < lines.count else { return nil }
      let text = lines[line]
      let rest = text[min(column, text.count)...]
      guard let scalar = rest.first, rest.contains(where: { $0 != " " && $0 != "\r" }) else {
        // One line's end is a blank; of more, the first is dropped and the others stay.
        let first = line
        repeat { line += 1 } while line < lines.count && lines[line].allSatisfy { $0 == " " }
        guard line < lines.count else { return nil }
        left -= max(1, line - first - 1)
        column = lines[line].prefix { $0 == " " || $0 == "\t" }.count
        continue
      }
      if style == .doubleQuoted, scalar == "\\" {
        let (length, bytes) = Self.escape(Array(rest.prefix(10)))
        column += length
        left -= bytes
      } else if style == .singleQuoted, scalar == "'" {
        column += 2
        left -= 1
      } else {
        column += 1
        left -= UTF8.width(scalar)
      }
    }
    return Position(line: line + 1, column: column + 1)
  }

  /// Scalars that an escape takes in the file, and bytes that it stands for.
  private static func escape(_ text: [Unicode.Scalar]) -> (length: Int, bytes: Int) {
    guard text.count > 1 else { return (1, 1) }
    let digits: Int
    switch text[1] {
    case "x": digits = 2
    case "u": digits = 4
    case "U": digits = 8
    default: return (2, 1)
    }
    let hex = String(String.UnicodeScalarView(text.dropFirst(2).prefix(digits)))
    let scalar = UInt32(hex, radix: 16).flatMap(Unicode.Scalar.init)
    return (2 + digits, scalar.map(UTF8.width) ?? 1)
  }

  /// How many scalars the first `bytes` bytes of `text` are.
  private static func scalars(_ text: ArraySlice<Unicode.Scalar>, _ bytes: Int) -> Int {
    var left = bytes
    var count = 0
    for scalar in text where left > 0 {
      left -= UTF8.width(scalar)
      count += 1
    }
    return count
  }
}
