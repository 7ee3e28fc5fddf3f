import StreamCore
import StreamTestKit
import Testing

/// An expression as a tree of its own, evaluated the plain way.
private indirect enum Oracle {
  case literal(Sample)
  case field(String)
  case not(Oracle), negate(Oracle)
  case binary(String, Oracle, Oracle)
  case among(Oracle, [Oracle])
  case choose(Oracle, Oracle, Oracle)
  case text(String, Oracle, Oracle)
  case has(String)

  /// Fully parenthesised text, or as few parentheses as the left-to-right chains allow.
  var source: String {
    switch self {
    case .literal(let sample): Self.source(sample)
    case .field(let name): name
    case .not(let a): "!(\(a.source))"
    case .negate(let a): "-(\(a.source))"
    case .binary(let name, let a, let b): "(\(a.source) \(name) \(b.source))"
    case .among(let a, let list):
      "(\(a.source) in [\(list.map(\.source).joined(separator: ", "))])"
    case .choose(let a, let b, let c): "(\(a.source) ? \(b.source) : \(c.source))"
    case .text(let name, let a, let b): "(\(a.source)).\(name)(\(b.source))"
    case .has(let name): "has(\(name))"
    }
  }

  private static func source(_ sample: Sample) -> String {
    switch sample {
    case .bool(let bool): "\(bool)"
    case .int(let int): "\(int)"
    case .double(let double): "\(double)"
    case .string(let text): "'\(text)'"
    default: "null"
    }
  }

  func value(_ fields: [String: Sample]) -> Sample {
    switch self {
    case .literal(let sample): return sample
    case .field(let name): return fields[name] ?? .null
    case .has(let name): return .bool((fields[name] ?? .null) != .null)
    case .not(let a): return .bool(a.value(fields) != .bool(true))
    case .negate(let a):
      guard let x = Self.number(a.value(fields)) else { return .null }
      return .double(-x)
    case .choose(let a, let b, let c):
      return a.value(fields) == .bool(true) ? b.value(fields) : c.value(fields)
    case .among(let a, let list):
      let wanted = a.value(fields)
      if wanted == .null { return .null }
      return .bool(list.contains { Self.equal(wanted, $0.value(fields)) == true })
    case .text(let name, let a, let b):
      guard case .string(let text) = a.value(fields), case .string(let part) = b.value(fields)
      else { return .null }
      switch name {
      case "startsWith": return .bool(text.hasPrefix(part))
      case "endsWith": return .bool(text.hasSuffix(part))
      default:
        let (t, p) = (Array(text.utf8), Array(part.utf8))
        return .bool(
          p.count <= t.count
            && (0...(t.count - p.count)).contains { Array(t[$0..<($0 + p.count)]) == p })
      }
    case .binary(let name, let a, let b):
      return Self.binary(name, a, b, fields)
    }
  }

  private static func binary(
    _ name: String, _ a: Oracle, _ b: Oracle, _ fields: [String: Sample]
  ) -> Sample {
    let (x, y) = (a.value(fields), b.value(fields))
    switch name {
    case "&&": return .bool(x == .bool(true) && y == .bool(true))
    case "||": return .bool(x == .bool(true) || y == .bool(true))
    case "==", "!=":
      if case .literal(.null) = b { return .bool((x == .null) == (name == "==")) }
      if case .literal(.null) = a { return .bool((y == .null) == (name == "==")) }
      return equal(x, y).map { .bool($0 == (name == "==")) } ?? .null
    default: break
    }
    if case .string(let s) = x, case .string(let t) = y {
      let (p, q) = (Array(s.utf8), Array(t.utf8))
      switch name {
      case "<": return .bool(p.lexicographicallyPrecedes(q))
      case ">": return .bool(q.lexicographicallyPrecedes(p))
      case "<=": return .bool(!q.lexicographicallyPrecedes(p))
      case ">=": return .bool(!p.lexicographicallyPrecedes(q))
      case "+": return .string(s + t)
      default: break
      }
    }
    guard let p = number(x), let q = number(y) else { return .null }
    switch name {
    case "<": return .bool(p < q)
    case ">": return .bool(p > q)
    case "<=": return .bool(p <= q)
    case ">=": return .bool(p >= q)
    case "+": return .double(p + q)
    case "-": return .double(p - q)
    case "*": return .double(p * q)
    case "/": return q == 0 ? .null : .double(p / q)
    default:
      if q == 0 || p.rounded() != p || q.rounded() != q { return .null }
      return .double(p.truncatingRemainder(dividingBy: q))
    }
  }

  private static func equal(_ a: Sample, _ b: Sample) -> Bool? {
    switch (a, b) {
    case (.string(let x), .string(let y)): return x == y
    case (.bool(let x), .bool(let y)): return x == y
    default:
      guard let x = number(a), let y = number(b) else { return nil }
      return x == y
    }
  }

  static func number(_ sample: Sample) -> Double? {
    switch sample {
    case .int(let int): Double(int)
    case .double(let double): double
    case .token(let text), .string(let text):
      Double(text.split(separator: " ", omittingEmptySubsequences: true).joined())
    default: nil
    }
  }
}

@Suite struct ExpressionOracleTests {
  private static let samples: [Sample] = [
    .null, .bool(true), .bool(false), .int(0), .int(1), .int(-3), .int(7), .double(0.5), .double(7),
    .double(-2.25), .token("1"), .token("2.50"), .token("1e1"), .string("1"), .string(" 7 "),
    .string("a"), .string("ab"), .string("b"), .string(""), .string("上海"),
    .array(#"["a"]"#), .object("{}"),
  ]
  private static let names = ["a", "b", "c.d", "e"]

  private func random(_ random: inout SeededGenerator, depth: Int) -> Oracle {
    if depth == 0 || random.below(5) == 0 {
      if random.below(2) == 0 { return .field(random.pick(Self.names)) }
      return .literal(Self.samples[random.below(10) + (random.below(2) == 0 ? 0 : 9)].asLiteral)
    }
    func next() -> Oracle { self.random(&random, depth: depth - 1) }
    switch random.below(12) {
    case 0: return .not(next())
    case 1: return .negate(next())
    case 2: return .choose(next(), next(), next())
    case 3: return .among(next(), (0..<random.below(4)).map { _ in next() })
    case 4: return .text(random.pick(["startsWith", "endsWith", "contains"]), next(), next())
    case 5: return .has(random.pick(Self.names))
    default:
      let names = ["==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/", "%"]
      return .binary(random.pick(names), next(), next())
    }
  }

  @Test func `random expressions have the value that plain evaluation gives`() {
    withSeeds([0x5EED_0002]) { _, random in
      var compared = 0
      for _ in 0..<6_000 {
        let tree = self.random(&random, depth: 1 + random.below(4))
        let members = Self.names.map { ($0, random.pick(Self.samples)) }
        let fields = Fields(members)
        // Trees whose types cannot fit are refused, which other tests look at.
        guard let expression = try? fields.compile(tree.source) else { continue }
        compared += 1
        let expected = tree.value(Dictionary(uniqueKeysWithValues: members))
        let (value, isTrue) = fields.evaluate(expression)
        #expect(same(value, expected), "\(tree.source) over \(members)")
        #expect(isTrue == (expected == .bool(true)), "\(tree.source) over \(members)")
      }
      #expect(compared > 2_000)
    }
  }

  /// Equal, where whole numbers and doubles of one value are the same.
  private func same(_ a: Sample, _ b: Sample) -> Bool {
    if a == b { return true }
    if case .string = a { return false }
    if case .string = b { return false }
    guard let x = Oracle.number(a), let y = Oracle.number(b) else { return false }
    return x == y
  }
}

extension Sample {
  /// The nearest thing that can be written in an expression.
  fileprivate var asLiteral: Sample {
    switch self {
    case .token, .array, .object: .null
    default: self
    }
  }
}
