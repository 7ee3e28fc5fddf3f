import StreamCore
import Testing

@Suite struct ExpressionTests {
  static let fields = Fields([
    ("event", .string("purchase")), ("context.user_agent", .string("Mozilla/5.0 (bot)")),
    ("context.city", .string("上海")), ("users.orders", .int(0)), ("value", .double(0.25)),
    ("above", .token("0.6")), ("payments", .int(4)), ("payment_errors", .int(1)),
    ("zero", .int(0)), ("nothing", .null), ("yes", .bool(true)), ("total", .token("12.50")),
    ("five", .string("5")), ("blank5", .string(" 5 ")), ("word", .string("abc")),
    ("tags", .array(#"["a", "b\u00e9", 3, 4.0, null, true, [1,2], {"x":[1]}]"#)),
    ("empty", .array(" [ ] ")), ("broken", .array(#"["a", "b"#)),
    ("object", .object(#"{"a":1,"b":[2]}"#)),
    ("huge", .token("9223372036854775807")), ("properties.utm-source", .string("x")),
    ("properties.`a.b`", .int(7)), ("$os", .string("iOS")),
  ])

  @Test(
    "every operator and function gives the documented value",
    arguments: [
      // The examples of the design.
      (#"!context.user_agent.contains("bot")"#, Sample.bool(false)),
      (#"context.city in ["北京", "上海"] ? "1" : "2""#, .string("1")),
      (#"event == "purchase""#, .bool(true)),
      (#"users.orders == 0 ? "new" : "returning""#, .string("new")),
      ("value < 0.5 * above", .bool(true)), ("payment_errors / payments", .double(0.25)),
      // Names.
      ("properties.`utm-source`", .string("x")), ("properties.`a.b`", .int(7)),
      ("$os == 'iOS'", .bool(true)), ("total", .token("12.50")),
      // Null.
      ("nothing == null", .bool(true)), ("event == null", .bool(false)),
      ("null != nothing", .bool(false)), ("event != null", .bool(true)),
      ("nothing == 'a'", .null), ("nothing != 'a'", .null), ("'a' != nothing", .null),
      ("nothing == zero", .null), ("nothing + 1", .null), ("nothing < 1", .null),
      ("-nothing", .null), ("nothing.contains('a')", .null), ("size(nothing)", .null),
      ("nothing in ['a']", .null), ("nothing in tags", .null), ("'a' in nothing", .null),
      ("has(event)", .bool(true)), ("has(nothing)", .bool(false)),
      // Where true or false is wanted.
      ("!nothing", .bool(true)), ("!word", .bool(true)), ("!yes", .bool(false)),
      ("nothing && yes", .bool(false)), ("nothing || yes", .bool(true)),
      ("nothing || nothing", .bool(false)), ("word && yes", .bool(false)),
      ("nothing ? 1 : 2", .int(2)), ("word ? 1 : 2", .int(2)),
      // Wrong types at run time.
      ("word + 1", .null), ("word < 1", .null), ("word == 1", .null), ("yes == word", .null),
      ("yes < word", .null), ("tags == tags", .null), ("zero.startsWith('0')", .null),
      ("word in word", .null), ("size(zero)", .null), ("string(tags)", .null), ("-word", .null),
      // Numbers.
      ("5 < 6", .bool(true)), ("five < 6", .bool(true)), ("blank5 == 5", .bool(true)),
      ("five + 1", .int(6)), ("five * five", .int(25)), ("five + five", .string("55")),
      ("1 + 2 * 3 - 4", .int(3)), ("(1 + 2) * 3", .int(9)), ("7 / 2", .double(3.5)),
      ("7 % 3", .int(1)), ("-7 % 3", .int(-1)), ("7 % zero", .null), ("7 / zero", .null),
      ("7.5 % 2", .null), ("8.0 % 3", .int(2)), ("huge + 1", .double(0x1p63)),
      ("huge + 0", .int(.max)), ("-9223372036854775808 % -1", .int(0)),
      ("-(-9223372036854775808)", .double(0x1p63)), ("1e308 * 10", .null),
      ("total == 12.5", .bool(true)), ("total * 2", .double(25)), ("2 - 2.5", .double(-0.5)),
      ("9007199254740993 == 9007199254740992.0", .bool(false)),
      ("9007199254740993 > 9007199254740992.0", .bool(true)), ("1 - 1 - 1", .int(-1)),
      ("2 >= 2.0 && 2 <= 2.0", .bool(true)), ("- - 1", .int(1)), ("!!yes", .bool(true)),
      // Text.
      ("'a' + word", .string("aabc")), ("word < 'abd'", .bool(true)), ("'ab' < word", .bool(true)),
      ("'10' < '9'", .bool(true)), ("word.startsWith('ab')", .bool(true)),
      ("word.endsWith('bc')", .bool(true)), ("startsWith(word, 'b')", .bool(false)),
      ("word.contains('')", .bool(true)), ("word.contains('abcd')", .bool(false)),
      ("size('上海é')", .int(3)), ("word.size()", .int(3)), (#"'\u4e0a\n\''"#, .string("上\n'")),
      (#"r'\d' + "\\""#, .string(#"\d\"#)), (#"word.matches("^[a-c]+$")"#, .bool(true)),
      // Lists.
      ("'a' in tags", .bool(true)), ("'bé' in tags", .bool(true)), ("3 in tags", .bool(true)),
      ("4 in tags", .bool(true)), ("'3' in tags", .bool(true)), ("2 in tags", .bool(false)),
      ("tags.contains('a')", .bool(true)), ("yes in tags", .bool(true)), ("size(tags)", .int(8)),
      ("1 in empty", .bool(false)), ("size(empty)", .int(0)), ("'a' in broken", .bool(true)),
      ("'z' in broken", .null), ("size(broken)", .null), ("size(object)", .int(2)),
      ("5 in [1, 5.0]", .bool(true)), ("five in ['5', 'x']", .bool(true)),
      ("5 in ['5']", .bool(true)),
      ("word in [word, 'x']", .bool(true)), ("word in []", .bool(false)),
      ("size([1, word])", .int(2)),
      ("['a', 'b'].contains('b')", .bool(true)),
      ("(yes ? ['a'] : ['b']).contains('a')", .bool(true)),
      // Conversions.
      ("int('12')", .int(12)), ("int(2.9)", .int(2)), ("int(-2.9)", .int(-2)), ("int(1e30)", .null),
      ("double(five)", .double(5)), ("double(word)", .null), ("int(yes ? 1 : 0)", .int(1)),
      ("string(total)", .string("12.5")), ("string(1e21)", .string("1000000000000000000000")),
      ("string(yes)", .string("true")), ("string(word)", .string("abc")),
      // Binding.
      ("true || false && false", .bool(true)), ("!yes == false", .bool(true)),
      ("1 + 1 == 2 && 2 * 2 == 4", .bool(true)), ("true ? 1 : false ? 2 : 3", .int(1)),
      ("false ? 1 : false ? 2 : 3", .int(3)), ("3 - 2 in [1]", .bool(true)),
    ])
  func value(text: String, expected: Sample) throws {
    let (value, isTrue) = try Self.fields.evaluate(text)
    #expect(value == expected, "\(text)")
    #expect(isTrue == (expected == .bool(true)), "\(text)")
  }

  @Test func `a long list of texts is found by its sorted order`() throws {
    let words = (0..<300).map { "w\($0 * 7919 % 1000)" }
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    for word in ["w0", "w7", "w999", "w", "x500", "w79190"] + words {
      let fields = Fields([("x", .string(word))])
      #expect(try fields.evaluate("x in [\(list)]").value == .bool(words.contains(word)), "\(word)")
    }
  }

  @Test func `long chains of conditions are legal and evaluated in full`() throws {
    let chain = (0..<3_000).map { "value == \($0)" }.joined(separator: " || ")
    #expect(try Fields([("value", .int(2_999))]).evaluate(chain).isTrue)
    #expect(try !Fields([("value", .int(3_000))]).evaluate(chain).isTrue)
  }

  @Test func `an expression knows its slots and its type`() throws {
    let expression = try Self.fields.compile("payments > 1 && event == 'x' && payments < 9")
    #expect(expression.slots == [0, 6])
    #expect(expression.type == .bool)
    #expect(try Self.fields.compile("payments / 2").type == .number)
    #expect(try Self.fields.compile("payments").type == .unknown)
    #expect(try Self.fields.compile("payments > 1 ? 'a' : null").type == .string)
    #expect(Self.fields.evaluate(.slot(6, text: "payments")).value == .int(4))
  }

  @Test func `paths with dots in a step go there and back`() {
    for steps in [["a"], ["a", "b"], ["a.b", "c"], ["properties", "x y", "a.b.c"]] {
      #expect(PathText.steps(of: PathText.joined(steps)) == steps)
    }
  }
}
