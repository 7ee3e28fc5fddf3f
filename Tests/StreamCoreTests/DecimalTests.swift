import StreamCore
import StreamTestKit
import Testing

/// Whole numbers of any size, as decimal digits, least first: slow and plain.
private struct Digits: Equatable {
  var digits: [Int]
  var negative: Bool

  /// The text of a decimal number without exponent, times 10^9, rounded half to even.
  init(billionthsOf text: String) {
    negative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1].map { $0.wholeNumberValue ?? 0 } : []
    let kept = fraction.prefix(9) + Array(repeating: 0, count: max(0, 9 - fraction.count))
    digits = ((parts[0].map { $0.wholeNumberValue ?? 0 }) + kept).reversed()
    let rest = fraction.dropFirst(9)
    if let next = rest.first {
      let more = rest.dropFirst().contains { $0 != 0 }
      if next > 5 || (next == 5 && (more || digits[0] % 2 == 1)) { increment() }
    }
    normalise()
  }

  private mutating func increment() {
    var index = 0
    while index < digits.count, digits[index] == 9 {
      digits[index] = 0
      index += 1
    }
    if index < digits.count { digits[index] += 1 } else { digits.append(1) }
  }

  private mutating func normalise() {
    while digits.last == 0 { digits.removeLast() }
    if digits.isEmpty { negative = false }
  }

  static func + (a: Digits, b: Digits) -> Digits {
    var sum = a
    let size = max(a.digits.count, b.digits.count) + 1
    var total = [Int](repeating: 0, count: size)
    for (digits, negative) in [(a.digits, a.negative), (b.digits, b.negative)] {
      for (index, digit) in digits.enumerated() { total[index] += negative ? -digit : digit }
    }
    sum.negative = (total.last { $0 != 0 } ?? 0) < 0
    // Signs may be mixed within: borrow from the place above.
    if sum.negative { total = total.map { -$0 } }
    for index in 0..<(size - 1) {
      while total[index] < 0 {
        total[index] += 10
        total[index + 1] -= 1
      }
      total[index + 1] += total[index] / 10
      total[index] %= 10
    }
    if total.contains(where: { $0 < 0 }) {
      var other = b + a.negated
      other.negative.toggle()
      return other
    }
    sum.digits = total
    sum.normalise()
    return sum
  }

  var negated: Digits {
    var other = self
    other.negative = !negative && !digits.isEmpty
    return other
  }

  /// Shortest text of the value divided by 10^9.
  var text: String {
    var padded = digits
    while padded.count < 10 { padded.append(0) }
    let whole = padded[9...].reversed().map(String.init).joined()
    var fraction = padded[..<9].reversed().map(String.init).joined()
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return (negative ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
  }
}

@Suite struct DecimalTests {
  private func decimal(_ text: String) -> ExactDecimal? { withBytes(text) { ExactDecimal($0) } }

  private func randomText(_ random: inout SeededGenerator, whole: Int) -> String {
    var text = random.below(2) == 0 ? "-" : ""
    let first = random.below(10)
    text += "\(first)"
    if first > 0 { text += (0..<random.below(whole)).map { _ in "\(random.below(10))" }.joined() }
    guard random.below(4) > 0 else { return text }
    text += "." + (0...random.below(8)).map { _ in "\(random.below(10))" }.joined()
    // Ties, and what is just beside them.
    if random.below(3) == 0 {
      let places = text.split(separator: ".")[1].count
      text +=
        String(repeating: "0", count: 9 - places)
        + random.pick(["5", "50", "500000000000000000001", "49999", "51"])
    }
    return text
  }

  @Test func `random decimals are read, added and written exactly`() {
    withSeeds([0x5EED_0021]) { _, random in
      for _ in 0..<3_000 {
        let (a, b) = (randomText(&random, whole: 26), randomText(&random, whole: 26))
        let (x, y) = (Digits(billionthsOf: a), Digits(billionthsOf: b))
        guard let p = decimal(a), let q = decimal(b) else {
          Issue.record("\(a) or \(b) is not read")
          continue
        }
        #expect(p.description == x.text, "\(a)")
        let (sum, overflow) = p.addingReportingOverflow(q)
        #expect(!overflow)
        #expect(sum.description == (x + y).text, "\(a) + \(b)")
        #expect((p < q) == ((x + y.negated).negative), "\(a) < \(b)")
        #expect(p.negated.description == x.negated.text)
        #expect(decimal(p.description) == p)
        #expect(p.doubleValue == Double(p.description), "\(a)")
      }
    }
  }

  @Test func `an exponent moves the point`() {
    withSeeds([0x5EED_0022]) { _, random in
      for _ in 0..<2_000 {
        let digits = (0..<(1 + random.below(30))).map { _ in "\(random.below(10))" }.joined()
        let exponent = random.below(40) - 35
        let point = random.below(digits.count) + 1
        let whole = String(digits.prefix(point))
        let trimmed = whole.drop { $0 == "0" }
        let fraction = digits.dropFirst(point)
        let text =
          (trimmed.isEmpty ? "0" : trimmed) + (fraction.isEmpty ? "" : ".\(fraction)")
          + "e\(exponent)"
        // The same number without an exponent.
        let place = point + exponent
        let padded: String
        if place <= 0 {
          padded = "0." + String(repeating: "0", count: -place) + digits
        } else if place >= digits.count {
          padded = digits + String(repeating: "0", count: place - digits.count)
        } else {
          padded = digits.prefix(place) + "." + digits.dropFirst(place)
        }
        let expected = Digits(billionthsOf: padded)
        if let value = decimal(text) {
          #expect(value.description == expected.text, "\(text)")
        } else {
          #expect(expected.digits.count > 38, "\(text)")
        }
      }
    }
  }

  @Test(
    "the ends of the range are exact",
    arguments: [
      ("170141183460469231731687303715.884105727", "170141183460469231731687303715.884105727"),
      ("-170141183460469231731687303715.884105727", "-170141183460469231731687303715.884105727"),
      ("170141183460469231731687303715.8841057274", "170141183460469231731687303715.884105727"),
      ("170141183460469231731687303715.884105728", nil),
      ("170141183460469231731687303715.8841057275", nil),
      ("1e30", nil), ("1e999999999999", nil), ("1e-999999999999", "0"),
      ("1e29", "100000000000000000000000000000"),
      ("0.0000000005", "0"), ("0.0000000015", "0.000000002"), ("-0.00000000051", "-0.000000001"),
      ("-0", "0"),
      ("0.00000000005e1", "0"), ("0.000000000500000000000000000000000001", "0.000000001"),
      ("12.30", "12.3"), ("100", "100"),
    ])
  func range(text: String, expected: String?) {
    #expect(decimal(text)?.description == expected)
  }

  @Test func `doubles are rounded from their exact value`() {
    withSeeds([0x5EED_0023]) { _, random in
      #expect(ExactDecimal(0.1)?.description == "0.1")
      #expect(ExactDecimal(0.1 + 0.2)?.description == "0.3")
      #expect(ExactDecimal(-2.5)?.description == "-2.5")
      // 2^-10 has ten places, the last a 5: ties go to even.
      #expect(ExactDecimal(0x1p-10)?.description == "0.000976562")
      #expect(ExactDecimal(0x3p-10)?.description == "0.002929688")
      #expect(ExactDecimal(Double.leastNonzeroMagnitude) == .zero)
      for bad in [Double.nan, .infinity, -.infinity, 1e30, -1e300, 0x1p100] {
        #expect(ExactDecimal(bad) == nil)
      }
      for _ in 0..<2_000 {
        let double =
          Double.random(in: -1e15...1e15, using: &random) * (random.below(2) == 0 ? 1 : 1e-12)
        // Halves of halves are finite decimals: the exact value, digit by digit.
        var text = ""
        var rest = double.magnitude
        let whole = rest.rounded(.down)
        rest -= whole
        for _ in 0..<120 where rest != 0 {
          let tenfold = ExactFraction(rest).timesTen()
          text += "\(tenfold.digit)"
          rest = tenfold.rest
        }
        let expected = Digits(billionthsOf: (double < 0 ? "-" : "") + "\(UInt64(whole)).\(text)0")
        #expect(ExactDecimal(double)?.description == expected.text, "\(double)")
      }
    }
  }

  @Test func `averages and encodings`() {
    withSeeds([0x5EED_0024]) { _, random in
      #expect(ExactDecimal(10).divided(by: 4) == 2.5)
      #expect(ExactDecimal(1).divided(by: 3) == 1.0 / 3.0)
      #expect(ExactDecimal(-2).divided(by: 3) == -2.0 / 3.0)
      #expect(ExactDecimal(1).divided(by: 0) == nil)
      #expect(ExactDecimal.zero.divided(by: 7) == 0)
      #expect(ExactDecimal(units: .max).divided(by: .max) == 18446744073.709551)
      for _ in 0..<2_000 {
        let (a, b) = (
          Int64.random(in: -(1 << 52)...(1 << 52), using: &random),
          Int64.random(in: 1...(1 << 52), using: &random)
        )
        #expect(ExactDecimal(a).divided(by: b) == Double(a) / Double(b))
        let high = Int128(Int64(truncatingIfNeeded: random.next())) << 64
        let value = ExactDecimal(units: high | Int128(random.next()))
        withUnsafeTemporaryAllocation(byteCount: 17, alignment: 1) { bytes in
          guard let base = bytes.baseAddress else { return }
          value.encode(to: base + 1)
          #expect(ExactDecimal(decoding: base + 1) == value)
        }
      }
      withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { bytes in
        guard let base = bytes.baseAddress else { return }
        ExactDecimal(units: 0x0102).encode(to: base)
        #expect(Array(bytes.prefix(3)) == [2, 1, 0])
      }
      let (_, overflow) = ExactDecimal(units: .max).addingReportingOverflow(ExactDecimal(units: 1))
      #expect(overflow)
    }
  }
}

/// A double's fraction as the exact whole number of 2^-k that it is, for k up to 119.
private struct ExactFraction {
  var units: UInt128
  let shift: UInt128

  init(_ fraction: Double) {
    shift = UInt128(52 - Int(fraction.exponent))
    units = UInt128(fraction.significandBitPattern | 1 << 52)
  }

  func timesTen() -> (digit: Int, rest: Double) {
    let tenfold = units * 10
    let digit = tenfold >> shift
    let rest = tenfold & (((1 as UInt128) << shift) - 1)
    return (Int(digit), Double(rest) * Double(sign: .plus, exponent: -Int(shift), significand: 1))
  }
}
