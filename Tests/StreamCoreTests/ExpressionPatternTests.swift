import StreamTestKit
import Testing

@testable import StreamCore

/// A pattern as a tree, matched by trying everything.
private indirect enum Pattern {
  case letter(Character)
  case any
  case set([Character], inverted: Bool)
  case sequence([Pattern])
  case either(Pattern, Pattern)
  case times(Pattern, Int, Int)
  case start, end, boundary

  var source: String {
    switch self {
    case .letter(let letter): "\(letter)"
    case .any: "."
    case .set(let letters, let inverted): "[\(inverted ? "^" : "")\(String(letters))]"
    case .sequence(let items): items.map(\.source).joined()
    case .either(let a, let b): "(\(a.source)|\(b.source))"
    case .times(let item, 0, .max): "(?:\(item.source))*"
    case .times(let item, 1, .max): "(?:\(item.source))+"
    case .times(let item, 0, 1): "(\(item.source))?"
    case .times(let item, let least, .max): "(\(item.source)){\(least),}"
    case .times(let item, let least, let most): "(\(item.source)){\(least),\(most)}"
    case .start: "^"
    case .end: "$"
    case .boundary: "\\b"
    }
  }

  /// Every place at which a match that begins at `index` can end.
  func ends(_ text: [Character], from index: Int) -> Set<Int> {
    switch self {
    case .letter(let letter): return step(text, index) { $0 == letter }
    case .any: return step(text, index) { $0 != "\n" }
    case .set(let letters, let inverted):
      return step(text, index) { letters.contains($0) != inverted }
    case .sequence(let items):
      return items.reduce([index]) { places, item in
        Set(places.flatMap { item.ends(text, from: $0) })
      }
    case .either(let a, let b): return a.ends(text, from: index).union(b.ends(text, from: index))
    case .times(let item, let least, let most):
      var places: Set<Int> = [index]
      var all: Set<Int> = least == 0 ? [index] : []
      for round in 1...max(1, min(most, least + text.count + 1)) where most > 0 {
        places = Set(places.flatMap { item.ends(text, from: $0) })
        if round >= least { all.formUnion(places) }
      }
      return all
    case .start: return index == 0 ? [index] : []
    case .end: return index == text.count ? [index] : []
    case .boundary:
      let before = index > 0 && Self.isWord(text[index - 1])
      let after = index < text.count && Self.isWord(text[index])
      return before != after ? [index] : []
    }
  }

  func matches(_ text: [Character]) -> Bool {
    (0...text.count).contains { !ends(text, from: $0).isEmpty }
  }

  private func step(_ text: [Character], _ index: Int, _ test: (Character) -> Bool) -> Set<Int> {
    index < text.count && test(text[index]) ? [index + 1] : []
  }

  private static func isWord(_ letter: Character) -> Bool {
    letter.isASCII && (letter.isLetter || letter.isNumber || letter == "_")
  }
}

@Suite struct ExpressionPatternTests {
  private static let letters: [Character] = ["a", "b", "1", "-", "é", "上", "😀", "\n"]

  private func random(_ random: inout SeededGenerator, depth: Int) -> Pattern {
    if depth == 0 || random.below(4) == 0 {
      switch random.below(9) {
      case 0: return .any
      case 1:
        return .set(
          (0...random.below(3)).map { _ in random.pick(["a", "b", "上", "1"]) }, inverted: false)
      case 2:
        return .set(
          (0...random.below(3)).map { _ in random.pick(["a", "b", "é", "1"]) }, inverted: true)
      default: return .letter(random.pick(Array(Self.letters.dropLast())))
      }
    }
    func next() -> Pattern { self.random(&random, depth: depth - 1) }
    switch random.below(8) {
    case 0: return .either(next(), next())
    case 1: return .times(next(), 0, .max)
    case 2: return .times(next(), 1, .max)
    case 3: return .times(next(), 0, 1)
    case 4:
      let least = random.below(3)
      return .times(next(), least, random.below(2) == 0 ? .max : least + random.below(2))
    case 5:
      return .sequence([random.pick([.start, .end, .boundary]), next()])
    case 6:
      return .sequence([next(), random.pick([.end, .boundary])])
    default: return .sequence((0...random.below(3)).map { _ in next() })
    }
  }

  private func matches(_ expression: RegularExpression, _ text: String) -> Bool {
    Array(text.utf8).withUnsafeBytes { expression.matches($0) }
  }

  @Test func `random patterns match what trying everything matches`() throws {
    try withSeeds([0x5EED_0003]) { _, random in
      var matched = 0
      for _ in 0..<500 {
        let pattern = self.random(&random, depth: 3)
        let expression = try RegularExpression(Array(pattern.source.utf8))
        for _ in 0..<8 {
          let text = (0..<random.below(7)).map { _ in random.pick(Self.letters) }
          let expected = pattern.matches(text)
          matched += expected ? 1 : 0
          #expect(matches(expression, String(text)) == expected, "\(pattern.source) in \(text)")
        }
      }
      #expect(matched > 500 && matched < 3_700)
    }
  }

  @Test(
    "patterns mean what they usually mean",
    arguments: [
      ("bot|crawl|spider", "Googlebot/2.1", true), ("bot|crawl|spider", "Mozilla/5.0", false),
      ("(?i)GOOGLE[b-c]ot", "xgoogleBOT", true), ("(?i)[^a]", "A", false),
      (#"^\d{3}-\d{4}$"#, "555-1234", true),
      (#"^\d{3}-\d{4}$"#, "555-12345", false), (#"^\d{1,3}(\.\d{1,3}){3}$"#, "192.168.0.1", true),
      (#"\bcat\b"#, "the cat.", true), (#"\bcat\b"#, "concat", false), (#"\Bcat"#, "concat", true),
      (#"^[\w.+-]+@[\w-]+\.[a-z]{2,}$"#, "a.b+c@shop-x.cn", true), (#"[^\s]"#, " \t", false),
      (#"a\.b"#, "a.b", true), (#"a\.b"#, "axb", false), (#"[\]\-a]"#, "]", true),
      ("[a-]", "-", true),
      (#"\x41"#, "A", true), ("^$", "", true), ("^$", "a", false), ("", "x", true),
      ("^.$", "上", true),
      ("^..$", "上", false), ("[一-龥]+", "ab海", true), ("a*?b", "aab", true), ("()", "", true),
      ("x{0}y", "y", true),
      ("(a|)+b", "b", true), ("^(a*)*$", "aaaa", true), ("\\Aab\\z", "ab", true),
      ("a|^b|c$", "xc", true),
    ])
  func meaning(pattern: String, text: String, expected: Bool) throws {
    #expect(matches(try RegularExpression(Array(pattern.utf8)), text) == expected)
  }

  @Test(
    "a pattern that is not known is refused at its place",
    arguments: [
      ("(a", 1), ("a)", 2), ("[a", 1), ("[]", 1), ("*a", 1), ("a**", 4), ("a{2", 2), ("a{3,2}", 2),
      ("a{2000}", 2),
      (#"\q"#, 1), (#"(a)\1"#, 4), ("(?=a)", 1), ("(?<n>a)", 1), ("[[:alpha:]]", 2), ("[b-a]", 1),
      (#"[\d-z]"#, 1),
      ("a\\", 2), ("^*", 1), (#"\p{L}"#, 1), ("a(?i)b", 2), ("{2}", 1),
    ])
  func refused(pattern: String, position: Int) {
    do throws(RegularExpression.Fault) {
      _ = try RegularExpression(Array(pattern.utf8))
      Issue.record("\(pattern) is legal")
    } catch {
      #expect(error.position == position, "\(pattern): \(error.message)")
    }
  }

  @Test(
    "a pattern that would need too much is refused",
    arguments: [
      String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
      "(((a{100}){100}){100})",
      "a.{12}b", "(x+x+)+[^a]{900}",
    ])
  func tooLarge(pattern: String) {
    #expect(throws: RegularExpression.Fault.self) { try RegularExpression(Array(pattern.utf8)) }
  }

  @Test func `bytes that are no UTF-8 match nothing and break nothing`() throws {
    let any = try RegularExpression(Array("^.$".utf8))
    for bytes: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xB8],
    ] {
      #expect(!bytes.withUnsafeBytes { any.matches($0) })
    }
  }

  @Test func `a text made to be slow is not`() throws {
    let expression = try RegularExpression(Array("^(a+)+$".utf8))
    #expect(expression.stateCount < 10)
    #expect(!matches(expression, String(repeating: "a", count: 100_000) + "b"))
  }

  @Test func `no pattern crashes`() {
    withSeeds([0x5EED_0004]) { _, random in
      let parts = [
        "a", "(", ")", "[", "]", "^", "$", "|", "*", "+", "?", "{", "}", "2", ",", "\\", "-", ".",
        "d", "上", "(?:", "(?i)",
      ]
      for _ in 0..<2_000 {
        let pattern = (0..<random.below(10)).map { _ in random.pick(parts) }.joined()
        if let expression = try? RegularExpression(Array(pattern.utf8)) {
          _ = matches(expression, "a2上d")
        }
      }
    }
  }
}
