/// The tree of a pattern.
indirect enum PatternTree {
  case sequence([PatternTree])
  case alternatives([PatternTree])
  /// One character of a set.
  case characters(CodePointSet)
  /// `most` nil: without end.
  case repeated(PatternTree, least: Int, most: Int?)
  case textStart, textEnd
  case wordBoundary(Bool)
}

/// Parses the usual syntax of regular expressions, without what needs memory of what was matched
/// (references, look-around).
struct PatternParser {
  /// The largest number of a counted repetition.
  static let maxRepeat = 1_000
  /// Groups nested beyond this are refused.
  static let maxDepth = 50

  private let letters: [Unicode.Scalar]
  private var index = 0
  private var depth = 0
  private var ignoresCase = false

  /// Begins at the start of a pattern.
  init(_ pattern: [UInt8]) {
    letters = Array(String(decoding: pattern, as: UTF8.self).unicodeScalars)
  }

  /// Parses the whole pattern.
  mutating func parse() throws(RegularExpression.Fault) -> PatternTree {
    if letters.starts(with: "(?i)".unicodeScalars) {
      ignoresCase = true
      index = 4
    }
    let tree = try alternatives()
    if index < letters.count {
      throw fault("`)` without its `(`", hint: "write `\\)` for the character")
    }
    return tree
  }

  private var letter: Unicode.Scalar? { index < letters.count ? letters[index] : nil }

  private mutating func skip(_ wanted: Unicode.Scalar) -> Bool {
    guard letter == wanted else { return false }
    index += 1
    return true
  }

  private mutating func alternatives() throws(RegularExpression.Fault) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maxDepth { throw fault("groups nested more than \(Self.maxDepth) deep") }
    var branches = [try sequence()]
    while skip("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(RegularExpression.Fault) -> PatternTree {
    var items: [PatternTree] = []
    while let letter, letter != "|", letter != ")" {
      let start = index
      var item = try atom()
      var times = 0
      while let (least, most) = try quantifier() {
        times += 1
        if times > 1 { throw fault("a repetition of a repetition", hint: "put the first in ( )") }
        if item.isAssertion {
          index = start
          throw fault("a repetition of a place that has no characters")
        }
        item = .repeated(item, least: least, most: most)
        // Shortest first or longest first: whether it matches is the same.
        _ = skip("?")
      }
      items.append(item)
    }
    return .sequence(items)
  }

  private mutating func quantifier() throws(RegularExpression.Fault) -> (Int, Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    guard letter == "{" else { return nil }
    let start = index
    index += 1
    let least = number()
    let ranged = skip(",")
    let most = ranged ? number() : least
    guard let least, skip("}"), most ?? least >= least else {
      index = start
      throw fault(
        "`{` begins no repetition like {2}, {2,} or {2,5}", hint: "write `\\{` for the character")
    }
    guard max(least, most ?? 0) <= Self.maxRepeat else {
      index = start
      throw fault("a repetition of more than \(Self.maxRepeat) times")
    }
    return (least, ranged ? most : least)
  }

  private mutating func number() -> Int? {
    let start = index
    var value = 0
    while let letter, ("0"..."9").contains(letter) {
      value = min(value * 10 + Int(letter.value - 0x30), Self.maxRepeat + 1)
      index += 1
    }
    return index > start ? value : nil
  }

  private mutating func atom() throws(RegularExpression.Fault) -> PatternTree {
    guard let letter else { throw fault("the pattern ends too early") }
    switch letter {
    case "(":
      return try group()
    case "[":
      return .characters(try bracket())
    case ".":
      index += 1
      return .characters(CodePointSet.newline.inverted)
    case "^":
      index += 1
      return .textStart
    case "$":
      index += 1
      return .textEnd
    case "\\":
      return try escape()
    case "*", "+", "?":
      throw fault(
        "`\(letter)` has nothing before it to repeat", hint: "write `\\\(letter)` for the character"
      )
    case "{":
      throw fault("`{` has nothing before it to repeat", hint: "write `\\{` for the character")
    default:
      index += 1
      return .characters(folded(CodePointSet(letter.value)))
    }
  }

  private mutating func group() throws(RegularExpression.Fault) -> PatternTree {
    let start = index
    index += 1
    if skip("?"), !skip(":") {
      index = start
      throw fault(
        "only ( ) and (?: ) are known, and (?i) at the very start",
        hint: "look-ahead, look-behind and named groups do not exist here")
    }
    let tree = try alternatives()
    guard skip(")") else {
      index = start
      throw fault("`(` without its `)`", hint: "write `\\(` for the character")
    }
    return tree
  }

  /// An escape outside of brackets.
  private mutating func escape() throws(RegularExpression.Fault) -> PatternTree {
    if index + 1 < letters.count {
      switch letters[index + 1] {
      case "b", "B":
        index += 2
        return .wordBoundary(letters[index - 1] == "b")
      case "A":
        index += 2
        return .textStart
      case "z":
        index += 2
        return .textEnd
      default: break
      }
    }
    return .characters(folded(try escapedSet()))
  }

  /// An escape that stands for characters, in brackets or outside.
  private mutating func escapedSet() throws(RegularExpression.Fault) -> CodePointSet {
    let start = index
    index += 1
    guard let letter else {
      index = start
      throw fault("`\\` at the end", hint: "write `\\\\` for the character")
    }
    index += 1
    switch letter {
    case "d": return .digits
    case "D": return CodePointSet.digits.inverted
    case "w": return .wordCharacters
    case "W": return CodePointSet.wordCharacters.inverted
    case "s": return .blanks
    case "S": return CodePointSet.blanks.inverted
    case "n": return CodePointSet(0x0A)
    case "r": return CodePointSet(0x0D)
    case "t": return CodePointSet(0x09)
    case "f": return CodePointSet(0x0C)
    case "x":
      let digits = letters[index...].prefix(2).compactMap { UInt8(exactly: $0.value) }
        .compactMap(JSONText.hexDigit)
      guard digits.count == 2 else { break }
      index += 2
      return CodePointSet(digits[0] << 4 | digits[1])
    default:
      let isWordCharacter = CodePointSet.wordCharacters.contains(letter.value)
      if letter.isASCII && !isWordCharacter { return CodePointSet(letter.value) }
    }
    index = start
    throw fault(
      "`\\\(letter)` is not known; there are "
        + "\\d \\w \\s \\D \\W \\S \\b \\B \\A \\z \\n \\r \\t \\f \\xHH",
      hint: ("0"..."9").contains(letter) ? "references to groups do not exist here" : nil)
  }

  private mutating func bracket() throws(RegularExpression.Fault) -> CodePointSet {
    let start = index
    index += 1
    let inverts = skip("^")
    var set = CodePointSet()
    var isFirst = true
    while let letter, letter != "]" || isFirst {
      if letter == "]" { break }
      isFirst = false
      if letter == "[", index + 1 < letters.count, letters[index + 1] == ":" {
        throw fault("classes like [:alpha:] are not known", hint: "write a-zA-Z")
      }
      let low = try bracketItem()
      guard self.letter == "-", index + 1 < letters.count, letters[index + 1] != "]" else {
        set.formUnion(low)
        continue
      }
      index += 1
      let high = try bracketItem()
      guard let first = low.only, let last = high.only, first <= last else {
        index = start
        throw fault("a range in [ ] whose ends are not two characters in order")
      }
      set.formUnion(CodePointSet(first...last))
    }
    guard skip("]") else {
      index = start
      throw fault("`[` without its `]`", hint: "write `\\[` for the character")
    }
    if set.ranges.isEmpty {
      index = start
      throw fault("[ ] with nothing in it", hint: "write `\\]` for the character")
    }
    let all = folded(set)
    return inverts ? all.inverted : all
  }

  private mutating func bracketItem() throws(RegularExpression.Fault) -> CodePointSet {
    if letter == "\\" { return try escapedSet() }
    guard let letter else { throw fault("the pattern ends too early") }
    index += 1
    return CodePointSet(letter.value)
  }

  private func folded(_ set: CodePointSet) -> CodePointSet {
    ignoresCase ? set.withBothCases : set
  }

  private func fault(_ message: String, hint: String? = nil) -> RegularExpression.Fault {
    .init(position: index + 1, message: message, hint: hint)
  }
}

extension PatternTree {
  fileprivate var isAssertion: Bool {
    switch self {
    case .textStart, .textEnd, .wordBoundary: true
    default: false
    }
  }
}
