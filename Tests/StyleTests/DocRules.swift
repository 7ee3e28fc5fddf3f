/// Finds public declarations without a docstring.
enum DocRules {
  /// Names that say all by fulfilling a protocol of the standard library.
  private static let exempt: Set = [
    "description", "debugDescription", "errorDescription", "hash", "encode", "CodingKeys",
    "RawValue", "Element", "makeIterator", "next", "startIndex", "endIndex", "index",
  ]

  private static let keywords: Set = [
    "func", "struct", "class", "enum", "protocol", "init", "var", "let", "actor", "typealias",
    "subscript", "macro",
  ]

  static func check(_ file: SourceFile) -> [Violation] {
    guard file.isSwift, file.path.hasPrefix("Sources/") else { return [] }
    let code = SwiftScanner(file.text).lines(keeping: [.code])
    let raw = file.lines
    var violations: [Violation] = []
    for (index, line) in code.enumerated() {
      guard let name = publicDeclaration(String(decoding: line, as: UTF8.self)) else { continue }
      if exempt.contains(name) || isDocumented(index, raw) { continue }
      violations.append(
        Violation(
          file: file.path, line: index + 1, what: "`\(name)` is public without a docstring",
          why: "people build on it",
          instead: "/// what for, units, ranges, errors thrown, complexity; or no `public`"))
    }
    return violations
  }

  /// The name that a line declares in public; nil for operators, overrides and everything else.
  static func publicDeclaration(_ line: String) -> String? {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard let access = words.firstIndex(where: { $0 == "public" || $0 == "open" }) else {
      return nil
    }
    // Only attributes may stand before it: not an import or an expression.
    guard words[..<access].allSatisfy({ isModifier($0) || $0.hasPrefix("@") }) else { return nil }
    var index = access + 1
    while index < words.count, isModifier(words[index]) {
      if words[index] == "override" { return nil }
      index += 1
    }
    guard index < words.count, keywords.contains(identifier(words[index])) else { return nil }
    // `class func` and `class var` are members of a class.
    let next = index + 1 < words.count ? identifier(words[index + 1]) : ""
    if words[index] == "class", keywords.contains(next) {
      index += 1
    }
    let keyword = identifier(words[index])
    if ["init", "subscript"].contains(keyword) { return keyword }
    guard index + 1 < words.count else { return nil }
    let name = identifier(words[index + 1])
    return name.isEmpty ? nil : name
  }

  private static func identifier(_ word: Substring) -> String {
    String(decoding: word.utf8.prefix { isIdentifier($0) || $0 == 0x60 }, as: UTF8.self)
  }

  private static func isModifier(_ word: Substring) -> Bool {
    let modifiers: Set = [
      "static", "final", "mutating", "nonmutating", "lazy", "weak", "indirect", "override",
      "nonisolated", "nonisolated(unsafe)", "required", "convenience", "consuming", "borrowing",
      "private(set)", "internal(set)", "fileprivate(set)", "package(set)", "prefix", "postfix",
    ]
    return modifiers.contains(String(word))
  }

  /// Whether the nearest line above that is no attribute is a docstring.
  private static func isDocumented(_ index: Int, _ lines: [Substring]) -> Bool {
    var above = index - 1
    while above >= 0 {
      let text = lines[above].drop { $0 == " " || $0 == "\t" }
      if text.hasPrefix("///") || text.hasSuffix("*/") { return true }
      guard text.hasPrefix("@") || text.hasPrefix("#") else { return false }
      above -= 1
    }
    return false
  }
}
