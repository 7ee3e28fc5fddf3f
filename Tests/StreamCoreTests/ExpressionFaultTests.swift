import StreamCore
import StreamTestKit
import Testing

@Suite struct ExpressionFaultTests {
  static let fields: Fields = {
    var fields = Fields([
      ("context.city", .null), ("event", .null), ("count", .null), ("is_new", .null),
    ])
    fields.types = ["count": .number, "is_new": .bool]
    return fields
  }()

  func faults(_ text: String) -> [ExpressionFaults.Fault] {
    do throws(ExpressionFaults) {
      _ = try Self.fields.compile(text)
      return []
    } catch {
      return error.faults
    }
  }

  @Test(
    "a fault says what and where",
    arguments: [
      ("", ["syntax@0"]), ("event ==", ["syntax@8"]), ("event == == 1", ["syntax@9"]),
      ("event = 'a'", ["syntax@6"]), ("event & event", ["syntax@6"]), ("(event", ["syntax@6"]),
      ("event)", ["syntax@5"]), ("event event", ["syntax@6"]), ("event and event", ["syntax@6"]),
      ("'abc", ["syntax@0"]), ("`abc", ["syntax@0"]), ("event[0]", ["syntax@5"]),
      ("event in", ["syntax@8"]), ("in", ["syntax@0", "syntax@2"]), ("event ? 1", ["syntax@9"]),
      ("event.", ["syntax@6"]), ("(event).x", ["syntax@8"]), ("[1, 2", ["syntax@5"]),
      ("#", ["syntax@0"]),
      ("12abc", ["bad-literal@0"]), ("1e", ["bad-literal@0"]),
      ("9223372036854775808", ["bad-literal@0"]),
      ("1e999", ["bad-literal@0"]), (#"'\q'"#, ["bad-literal@1"]),
      (#"'\uD800'"#, ["bad-literal@1"]),
      ("evnt == 'a'", ["unknown-name@0"]), ("a && b", ["unknown-name@0", "unknown-name@5"]),
      ("event.len()", ["unknown-function@6"]), ("foo(event)", ["unknown-function@0"]),
      ("size()", ["wrong-arguments@0"]), ("event.contains('a', 'b')", ["wrong-arguments@6"]),
      ("count && true", ["wrong-type@0"]), ("!'a'", ["wrong-type@1"]),
      ("1 ? 2 : 3", ["wrong-type@0"]),
      ("is_new + 1", ["wrong-type@0"]), ("'a' - 1", ["wrong-type@0"]),
      ("'a' + 1", ["wrong-type@0"]),
      ("'a' < 1", ["wrong-type@0"]), ("1 == 'a'", ["wrong-type@5"]),
      ("is_new == 'a'", ["wrong-type@0"]),
      ("is_new < event", ["wrong-type@0"]), ("event < null", ["wrong-type@8"]),
      ("event == [1]", ["wrong-type@9"]), ("event in 'a'", ["wrong-type@9"]),
      ("count.startsWith('1')", ["wrong-type@0"]), ("size(count)", ["wrong-type@5"]),
      ("has(1)", ["wrong-type@4"]), ("event.matches(event)", ["wrong-type@14"]),
      ("[event]", ["wrong-type@0"]), ("event in [[1]]", ["wrong-type@10"]),
      ("-is_new", ["wrong-type@1"]),
      ("event.matches('(a')", ["bad-pattern@14"]),
      // Everything at once, in order of position.
      (
        "evnt == 1 && count.size() > 'x' && (1 +",
        ["unknown-name@0", "wrong-type@13", "wrong-type@28", "syntax@39"]
      ),
      ("a == && event ==", ["unknown-name@0", "syntax@5", "syntax@16"]),
    ])
  func fault(text: String, expected: [String]) {
    #expect(faults(text).map { "\($0.code)@\($0.position)" } == expected, "\(text)")
  }

  @Test(
    "a hint names what was probably meant",
    arguments: [
      ("contxt.city == 'a'", "did you mean `context.city`?"),
      ("city == 'a'", "did you mean `context.city`?"),
      ("evnet == 'a'", "did you mean `event`?"),
      ("event.startswith('a')", "did you mean `startsWith`?"),
      ("len(event)", "did you mean `size`?"), ("event = 'a'", "write `==`"),
      ("event and event", "write `&&`"), ("is_new + 1", "write `x ? 1 : 0`"),
      ("count.contains('1')", "write `string(x)`"),
    ])
  func hint(text: String, expected: String) {
    #expect(faults(text).first?.hint == expected, "\(text)")
  }

  @Test func `an unlikely name has no hint`() {
    #expect(faults("zzzzzz").first?.hint == nil)
    #expect(NearestName.of("event", in: []) == nil)
    #expect(NearestName.of("abcd", in: ["abce", "abcf"]) == "abce")
    #expect(NearestName.of("vlaue", in: ["other", "value"]) == "value")
  }

  @Test func `a type that is not wanted is a fault, an unknown one is not`() throws {
    let resolve = { (name: String) in NameResolution.slot(0) }
    #expect(throws: ExpressionFaults.self) {
      try Expression.compile("1 + 1", wanted: .bool, resolve: resolve)
    }
    #expect(try Expression.compile("x", wanted: .bool, resolve: resolve).type == .unknown)
    #expect(try Expression.compile("x > 1", wanted: .bool, resolve: resolve).type == .bool)
  }

  @Test(
    "nesting too deep is a fault, not an overflow",
    arguments: [
      ("(", 20_000, ""), ("!", 20_000, "event"), ("- ", 20_000, "1"), ("[", 20_000, ""),
      ("event ? ", 8_000, ""), ("size(", 10_000, ""), ("(", 101, "1"), ("1 + ", 15_000, "1"),
      ("true || (true && (", 3_000, "1"),
    ])
  func depth(part: String, count: Int, end: String) {
    let text = String(repeating: part, count: count) + end
    #expect(faults(text).map(\.code).contains("too-deep"))
  }

  @Test func `a chain of methods too long is a fault`() {
    let text = "event" + String(repeating: ".string()", count: 7_000)
    #expect(faults(text).map(\.code) == ["too-deep"])
  }

  @Test func `nesting below the limit is legal`() {
    let text = String(repeating: "(", count: 99) + "event" + String(repeating: ")", count: 99)
    #expect(faults(text).isEmpty)
    #expect(faults(String(repeating: "1", count: 70_000)).map(\.code) == ["too-long"])
    #expect(faults(String(repeating: "zz + ", count: 150) + "1").count == Expression.maxFaults)
  }

  @Test func `no text crashes the compiler, and what compiles evaluates`() {
    withSeeds([0x5EED_0001]) { _, random in
      let words = [
        "event", "count", "is_new", "context.city", "x", "1", "0.5", "'a'", "\"b\"", "true", "null",
        "==", "!=", "<", "<=", ">", "&&", "||", "!", "+", "-", "*", "/", "%", "in", "?", ":", "(",
        ")",
        "[", "]", ",", ".", ".size()", "size(", ".contains(", ".matches('a*')", "has(", "`q`", "\\",
        "\u{0}", "上", "é", "'", "\"", "`", "=", "&", "r'", "1e", "\n",
      ]
      var compiled = 0
      for _ in 0..<5_000 {
        let text = (0..<random.below(14)).map { _ in random.pick(words) }
          .joined(separator: random.pick(["", " "]))
        guard let expression = try? Self.fields.compile(text) else { continue }
        compiled += 1
        let (value, isTrue) = Self.fields.evaluate(expression)
        #expect(isTrue == (value == .bool(true)), "\(text)")
      }
      #expect(compiled > 50)
    }
  }
}
