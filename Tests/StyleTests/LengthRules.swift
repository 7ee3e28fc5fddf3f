/// Ratchets on the length of files, functions and lines.
enum LengthRules {
  static let fileLinesMax = 400
  static let functionLinesMax = 70
  static let lineColumnsMax = 100

  static func checkFile(_ file: SourceFile, max: Int = fileLinesMax) -> [Violation] {
    let count = file.lines.count
    guard file.isCode, count > max else { return [] }
    return [
      Violation(
        file: file.path, line: max + 1, what: "\(count) lines in a file",
        why: "at most \(max), so that a file is one idea",
        instead: "a file per facet, Type+Facet.swift")
    ]
  }

  /// Lines wider than `max`, but for the inside of multiline strings and for addresses.
  static func checkWidth(_ file: SourceFile, max: Int = lineColumnsMax) -> [Violation] {
    guard file.isSwift else { return [] }
    let suspects = file.lines.enumerated().filter { $1.utf8.count > max && $1.count > max }
    if suspects.isEmpty { return [] }
    let kept = SwiftScanner(file.text).lines(keeping: [.code, .comment, .string])
    return suspects.compactMap { index, line in
      let isData = kept[index].allSatisfy { $0 == 0x20 }
      if isData || line.contains("https://") { return nil }
      return Violation(
        file: file.path, line: index + 1, what: "\(line.count) columns in a line",
        why: "at most \(max), so that two files fit side by side",
        instead: "swift format -i, and comments broken by hand")
    }
  }

  static func checkFunctions(_ file: SourceFile, max: Int = functionLinesMax) -> [Violation] {
    guard file.isSwift else { return [] }
    return functions(in: file.text).filter { $0.lines > max }.map {
      Violation(
        file: file.path, line: $0.line, what: "\($0.lines) lines in \($0.name)",
        why: "at most \(max), so that a function is seen at once",
        instead: "move whole ideas into functions of their own")
    }
  }

  /// A function with its body, or a computed property.
  struct Function: Equatable {
    /// Keyword and name, as `func process`.
    var name: String
    /// Line of its keyword, from 1.
    var line: Int
    /// Lines from the keyword to the closing brace, both included.
    var lines: Int
  }

  /// Every function of a Swift text, in the order in which their bodies end.
  static func functions(in text: String) -> [Function] {
    var scan = FunctionScan()
    let lines = SwiftScanner(text).lines(keeping: [.code])
    for (index, line) in lines.enumerated() {
      for token in tokens(line) { scan.take(token, line: index + 1) }
      scan.endLine()
    }
    return scan.found
  }

  /// Words and single punctuation bytes of a line of code.
  private static func tokens(_ line: [UInt8]) -> [String] {
    var tokens: [String] = []
    var word: [UInt8] = []
    for byte in line + [0x20] {
      if isIdentifier(byte) {
        word.append(byte)
        continue
      }
      if !word.isEmpty { tokens.append(String(decoding: word, as: UTF8.self)) }
      word = []
      if byte != 0x20 && byte != 0x09 { tokens.append(String(UnicodeScalar(byte))) }
    }
    return tokens
  }
}

/// Finds function bodies by their braces.
private struct FunctionScan {
  var found: [LengthRules.Function] = []
  /// Open braces, each with the declaration whose body it opens.
  private var braces: [Declaration?] = []
  /// A declaration whose body has not begun.
  private var pending: Declaration?
  private var previous = ""

  private struct Declaration {
    var name: String
    var line: Int
    /// Open parentheses and brackets since its keyword: a brace inside them is an argument's.
    var nesting = 0
    var isVariable: Bool
  }

  mutating func take(_ token: String, line: Int) {
    defer { previous = token }
    switch token {
    case "func", "init", "deinit", "subscript":
      // `self.init(…)` and `.init(…)` are calls.
      if previous == "." { return }
      pending = Declaration(name: token, line: line, isVariable: false)
    case "var":
      pending = Declaration(name: token, line: line, isVariable: true)
    case "{":
      let opens = pending?.nesting == 0
      braces.append(opens ? pending : nil)
      if opens { pending = nil }
    case "}":
      // The end of a protocol: its last requirement has no body.
      if pending?.nesting == 0 { pending = nil }
      guard let declaration = braces.popLast() ?? nil else { return }
      found.append(
        .init(
          name: declaration.name, line: declaration.line, lines: line - declaration.line + 1))
    case "(", "[": pending?.nesting += 1
    case ")", "]":
      pending?.nesting -= 1
      if let nesting = pending?.nesting, nesting < 0 { pending = nil }
    case "=":
      // What follows is a value: its braces are a closure's. `==` in an operator's name is not.
      if pending?.isVariable == true { pending = nil }
    default:
      if ["func", "var"].contains(previous) { pending?.name += " " + token }
    }
  }

  /// A stored property ends with its line.
  mutating func endLine() {
    if pending?.isVariable == true, pending?.nesting == 0 { pending = nil }
  }
}

/// Whether a byte is part of an identifier. Everything beyond ASCII is.
func isIdentifier(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...0xFF: true
  default: false
  }
}
