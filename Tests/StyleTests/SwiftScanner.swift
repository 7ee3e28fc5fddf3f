/// Tells code, comments and string literals of Swift apart, byte by byte.
///
/// Knows nested block comments, raw and multiline strings, and interpolations, whose inside is
/// code. Regex literals are taken for code. Does not check the syntax of anything.
struct SwiftScanner {
  /// What a byte belongs to.
  enum Kind: UInt8 { case code, comment, string, multilineString }

  private enum Context {
    /// Parentheses open since the interpolation that this code is inside of.
    case code(depth: Int)
    case string(hashes: Int, multiline: Bool)
  }

  let bytes: [UInt8]
  /// As many as `bytes`.
  private(set) var kinds: [Kind]
  private var position = 0
  private var contexts: [Context] = [.code(depth: 0)]

  init(_ text: String) {
    bytes = Array(text.utf8)
    kinds = Array(repeating: .code, count: bytes.count)
    while position < bytes.count { step() }
  }

  /// Lines with everything blanked that is not of one of `kept`. Bytes stay in their columns.
  func lines(keeping kept: Set<Kind>) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    for (byte, kind) in zip(bytes, kinds) {
      if byte == 0x0A {
        lines.append([])
      } else {
        lines[lines.count - 1].append(kept.contains(kind) ? byte : 0x20)
      }
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  private mutating func step() {
    switch contexts[contexts.count - 1] {
    case .code(let depth): stepInCode(depth)
    case .string(let hashes, let multiline): stepInString(hashes, multiline)
    }
  }

  private mutating func stepInCode(_ depth: Int) {
    if matches("//") {
      while position < bytes.count, bytes[position] != 0x0A { take(1, .comment) }
    } else if matches("/*") {
      takeBlockComment()
    } else if bytes[position] == 0x28 {
      contexts[contexts.count - 1] = .code(depth: depth + 1)
      position += 1
    } else if bytes[position] == 0x29 {
      position += 1
      if contexts.count > 1 && depth == 1 {
        contexts.removeLast()
      } else {
        contexts[contexts.count - 1] = .code(depth: max(0, depth - 1))
      }
    } else if let hashes = hashesBeforeQuote() {
      take(hashes, .string)
      let multiline = matches("\"\"\"")
      take(multiline ? 3 : 1, multiline ? .multilineString : .string)
      contexts.append(.string(hashes: hashes, multiline: multiline))
    } else {
      position += 1
    }
  }

  private mutating func stepInString(_ hashes: Int, _ multiline: Bool) {
    let kind: Kind = multiline ? .multilineString : .string
    let marks = Array(repeating: UInt8(0x23), count: hashes)
    let escape = [0x5C] + marks
    if matches(escape + [0x28]) {
      take(escape.count, kind)
      contexts.append(.code(depth: 0))
    } else if matches(escape) {
      take(escape.count + 1, kind)
    } else if matches(Array(repeating: 0x22, count: multiline ? 3 : 1) + marks) {
      take((multiline ? 3 : 1) + hashes, kind)
      contexts.removeLast()
    } else if bytes[position] == 0x0A && !multiline {
      contexts.removeLast()
    } else {
      take(1, kind)
    }
  }

  private mutating func takeBlockComment() {
    var depth = 0
    repeat {
      if matches("/*") {
        depth += 1
        take(2, .comment)
      } else if matches("*/") {
        depth -= 1
        take(2, .comment)
      } else {
        take(1, .comment)
      }
    } while depth > 0 && position < bytes.count
  }

  /// How many `#` stand before the quote that begins a literal here; nil when none begins.
  private func hashesBeforeQuote() -> Int? {
    var ahead = position
    while ahead < bytes.count, bytes[ahead] == 0x23 { ahead += 1 }
    return ahead < bytes.count && bytes[ahead] == 0x22 ? ahead - position : nil
  }

  private func matches(_ text: StaticString) -> Bool {
    matches(text.withUTF8Buffer { Array($0) })
  }

  private func matches(_ expected: [UInt8]) -> Bool {
    guard bytes[position] == expected[0], position + expected.count <= bytes.count else {
      return false
    }
    return bytes[position..<(position + expected.count)].elementsEqual(expected)
  }

  private mutating func take(_ count: Int, _ kind: Kind) {
    for _ in 0..<count where position < bytes.count {
      kinds[position] = kind
      position += 1
    }
  }
}
