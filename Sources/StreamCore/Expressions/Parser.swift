/// Builds the tree of an expression's text. Goes on after a fault, so that all are reported.
struct Parser {
  /// Nested levels beyond which an expression is refused: evaluation calls itself this deep.
  static let maxDepth = 100

  private let tokens: [Token]
  private let bytes: [UInt8]
  private var index = 0
  private var nesting = 0
  private var lastFaultIndex = -1
  private(set) var nodes: [Syntax] = []
  private(set) var faults: [ExpressionFaults.Fault]
  /// The tree's root.
  private(set) var root = 0
  /// Calls whose arguments are not parsed here, by name.
  private let openCalls: Set<String>

  /// Parses a whole text. The calls named in `openCalls` are left to whoever gives them a slot.
  init(_ text: String, openCalls: Set<String> = []) {
    bytes = Array(text.utf8)
    self.openCalls = openCalls
    let lexer = Lexer(text)
    tokens = lexer.tokens
    faults = lexer.faults
    root = expression()
    while current.kind != .end {
      fault("expected an operator or the end", hint: Self.wordHint(found))
      index += 1
      if current.kind != .end { _ = expression() }
    }
  }

  private var current: Token { tokens[index] }

  private var found: String {
    current.kind == .end ? "the end" : "`\(text(current.range))`"
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  // MARK: Levels of binding

  private mutating func expression() -> Int {
    guard enter() else { return add(.fault, [], from: current.range.lowerBound) }
    defer { nesting -= 1 }
    let start = current.range.lowerBound
    let condition = operators(atLeast: 1)
    guard skip(.question) else { return condition }
    let then = expression()
    expect(.colon, "between the two values of `?`")
    let otherwise = expression()
    return add(.conditional, [condition, then, otherwise], from: start)
  }

  /// Operands joined by operators of at least this precedence: 1 `||`, 2 `&&`, then
  /// `BinaryOperator.precedence`.
  private mutating func operators(atLeast least: Int) -> Int {
    let start = current.range.lowerBound
    var left = unary()
    while true {
      if least <= 2, current.kind == .symbol(.and) {
        // Chains are one node, so that a long one is not deep.
        left = chain(.and, left, operator: .and, precedence: 2, from: start)
      } else if least <= 1, current.kind == .symbol(.or) {
        left = chain(.or, left, operator: .or, precedence: 1, from: start)
      } else if let binary = binaryOperator, binary.precedence >= least {
        index += 1
        let right = operators(atLeast: binary.precedence + 1)
        left = add(.binary(binary), [left, right], from: start)
      } else {
        return left
      }
    }
  }

  private mutating func chain(
    _ kind: Syntax.Kind, _ first: Int, operator symbol: Symbol, precedence: Int, from start: Int
  ) -> Int {
    var operands = [first]
    while skip(symbol) { operands.append(operators(atLeast: precedence + 1)) }
    return add(kind, operands, from: start)
  }

  private var binaryOperator: BinaryOperator? {
    switch current.kind {
    case .symbol(let symbol): BinaryOperator(symbol)
    case .identifier where current.content.elementsEqual("in".utf8): .in
    default: nil
    }
  }

  private mutating func unary() -> Int {
    let start = current.range.lowerBound
    if skip(.not) {
      guard enter() else { return add(.fault, [], from: start) }
      defer { nesting -= 1 }
      return add(.not, [unary()], from: start)
    }
    guard skip(.minus) else { return postfix() }
    switch current.kind {
    case .int(let int):
      index += 1
      return add(.int(-int), [], from: start)
    case .double(let double):
      index += 1
      return add(.double(0 - double), [], from: start)
    case .intMagnitude:
      index += 1
      return add(.int(.min), [], from: start)
    default:
      guard enter() else { return add(.fault, [], from: start) }
      defer { nesting -= 1 }
      return add(.negate, [unary()], from: start)
    }
  }

  /// A value and the methods called on it.
  private mutating func postfix() -> Int {
    let start = current.range.lowerBound
    var value = primary()
    while current.kind == .symbol(.dot) {
      index += 1
      guard case .identifier = current.kind, tokens[index + 1].kind == .symbol(.open) else {
        fault("expected a method with its parentheses after `.`")
        if current.kind == .identifier || current.kind == .quotedIdentifier { index += 1 }
        continue
      }
      value = call(on: value, from: start)
    }
    if current.kind == .symbol(.openBracket) {
      fault(
        "expected an operator or the end",
        hint: "a field with an unusual name is written in backquotes: a.`b-c`")
      index += 1
      _ = arguments(until: .closeBracket)
    }
    return value
  }

  private mutating func primary() -> Int {
    let token = current
    let start = token.range.lowerBound
    switch token.kind {
    case .int(let int):
      index += 1
      return add(.int(int), [], from: start)
    case .double(let double):
      index += 1
      return add(.double(double), [], from: start)
    case .string:
      index += 1
      return add(.string(token.content), [], from: start)
    case .symbol(.open):
      index += 1
      let value = expression()
      expect(.close, "for the `(` at \(start)")
      return value
    case .symbol(.openBracket):
      index += 1
      return add(.list, arguments(until: .closeBracket), from: start)
    case .identifier, .quotedIdentifier:
      return name()
    case .bad:
      index += 1
    case .intMagnitude:
      index += 1
      faults.append(
        .init(
          code: "bad-literal", position: start,
          message: "`9223372036854775808` is no number that can be held",
          hint: "whole numbers are at most 9223372036854775807"))
    case .end, .symbol:
      // Left for the caller, who may know what to do with it.
      fault("expected a value")
    }
    return add(.fault, [], from: start)
  }

  /// A word: `true`, a function with its arguments, or a path.
  private mutating func name() -> Int {
    let start = current.range.lowerBound
    if current.kind == .identifier {
      switch text(current.range) {
      case "true", "false":
        let value = text(current.range) == "true"
        index += 1
        return add(.bool(value), [], from: start)
      case "null":
        index += 1
        return add(.null, [], from: start)
      case "in":
        fault("expected a value", hint: "a field of that name is written `in` in backquotes")
        return add(.fault, [], from: start)
      default:
        if tokens[index + 1].kind == .symbol(.open) {
          return openCalls.contains(text(current.range)) ? openCall() : call(on: nil, from: start)
        }
      }
    }
    var segments = [current.content]
    index += 1
    while current.kind == .symbol(.dot), tokens[index + 1].isName {
      let isMethod =
        tokens[index + 1].kind == .identifier && tokens[index + 2].kind == .symbol(.open)
      if isMethod { break }
      segments.append(tokens[index + 1].content)
      index += 2
    }
    let path = PathText.joined(segments.map { String(decoding: $0, as: UTF8.self) })
    return add(.path(path, slot: nil), [], from: start)
  }

  /// A call whose name is the current token.
  private mutating func call(on receiver: Int?, from start: Int) -> Int {
    let name = text(current.range)
    let position = current.range.lowerBound
    index += 2
    let children = (receiver.map { [$0] } ?? []) + arguments(until: .close)
    guard let builtin = Builtin(rawValue: name) else {
      let names = openCalls.sorted() + Builtin.allCases.map(\.rawValue)
      let nearest = Self.synonyms[name] ?? NearestName.of(name, in: names)
      let known = names.joined(separator: " ")
      faults.append(
        .init(
          code: "unknown-function", position: position,
          message: "unknown function `\(name)`; there are \(known)",
          hint: nearest.map { "did you mean `\($0)`?" }))
      return add(.fault, children, from: start)
    }
    if children.count != builtin.argumentCount {
      faults.append(
        .init(
          code: "wrong-arguments", position: position,
          message: "`\(name)` takes \(builtin.argumentCount), the value before the dot included; "
            + "found \(children.count)",
          hint: "write `\(builtin.usage)`"))
      return add(.fault, children, from: start)
    }
    return add(.call(builtin), children, from: start)
  }

  /// A call whose arguments are somebody else's to read: what is between its parentheses is split
  /// at commas, and what the lexer found wrong there is theirs to say.
  private mutating func openCall() -> Int {
    let start = current.range.lowerBound
    let name = text(current.range)
    let opening = current(after: 1).range
    index += 2
    var depth = 0
    var arguments: [ExpressionCall.Argument] = []
    var from = opening.upperBound
    func isOpening(_ kind: Token.Kind) -> Bool {
      kind == .symbol(.open) || kind == .symbol(.openBracket)
    }
    while current.kind != .end {
      if depth == 0, current.kind == .symbol(.close) || current.kind == .symbol(.comma) {
        let range = from..<current.range.lowerBound
        let argument = ExpressionCall.Argument(text: text(range), position: range.lowerBound)
        let isLast = current.kind == .symbol(.close)
        if !(isLast && arguments.isEmpty && argument.isBlank) { arguments.append(argument) }
        from = current.range.upperBound
        if isLast { break }
      } else if isOpening(current.kind) {
        depth += 1
      } else if current.kind == .symbol(.close) || current.kind == .symbol(.closeBracket) {
        depth -= 1
      }
      index += 1
    }
    expect(.close, "for the `(` at \(opening.lowerBound)")
    let own = opening.lowerBound..<from
    faults.removeAll { own.contains($0.position) && $0.code == "bad-literal" }
    return add(
      .open(ExpressionCall(name: name, position: start, arguments: arguments)), [], from: start)
  }

  private func current(after count: Int) -> Token { tokens[min(index + count, tokens.count - 1)] }

  private mutating func arguments(until end: Symbol) -> [Int] {
    if skip(end) { return [] }
    var values: [Int] = []
    repeat { values.append(expression()) } while skip(.comma)
    expect(end, "after the last value")
    return values
  }

  // MARK: Small steps

  private mutating func enter() -> Bool {
    nesting += 1
    if nesting <= Self.maxDepth { return true }
    nesting -= 1
    tooDeep(at: current.range.lowerBound)
    index = tokens.count - 1
    return false
  }

  private mutating func tooDeep(at position: Int) {
    guard !faults.contains(where: { $0.code == "too-deep" }) else { return }
    lastFaultIndex = tokens.count - 1
    faults.append(
      .init(
        code: "too-deep", position: position,
        message: "nested more than \(Self.maxDepth) levels deep",
        hint: "split it into derived fields"))
  }

  private mutating func skip(_ symbol: Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ symbol: Symbol, _ purpose: String) {
    if skip(symbol) { return }
    fault("expected `\(symbol.rawValue)` \(purpose)", hint: Self.wordHint(found))
  }

  /// Reports the current token, once.
  private mutating func fault(_ expected: String, hint: String? = nil) {
    if lastFaultIndex == index || current.kind == .bad { return }
    lastFaultIndex = index
    faults.append(
      .init(
        code: "syntax", position: current.range.lowerBound, message: "\(expected), found \(found)",
        hint: hint))
  }

  private mutating func add(_ kind: Syntax.Kind, _ children: [Int], from start: Int) -> Int {
    let end = index > 0 ? tokens[index - 1].range.upperBound : start
    let depth = 1 + (children.map { nodes[$0].depth }.max() ?? 0)
    if depth > Self.maxDepth * 2 { tooDeep(at: start) }
    nodes.append(
      Syntax(kind: kind, children: children, range: start..<max(start, end), depth: depth))
    return nodes.count - 1
  }

  private static func wordHint(_ found: String) -> String? {
    ["`and`": "write `&&`", "`or`": "write `||`", "`not`": "write `!`", "`is`": "write `==`"][found]
  }

  private static let synonyms = [
    "len": "size", "length": "size", "count": "size", "includes": "contains", "float": "double",
    "number": "double", "str": "string", "text": "string", "exists": "has", "regex": "matches",
  ]
}

extension Token {
  fileprivate var isName: Bool { kind == .identifier || kind == .quotedIdentifier }
}
