/// Reads epoch times, whole or decimal, in the unit that their magnitude tells.
///
/// By the digits before the point: up to 11 are seconds, up to 14 milliseconds, up to 17
/// microseconds, up to 19 nanoseconds. So seconds reach the year 5138, and milliseconds begin in
/// March 1973. Fractions of a millisecond are cut off towards the past.
enum EpochNumber {
  /// Milliseconds since the epoch; nil for text that is no number, or one too large.
  static func ms(of text: UnsafeRawBufferPointer) -> Int64? {
    var at = 0
    let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
    if isNegative { at = 1 }
    var number = Scan()
    guard number.digits(text, at: &at, afterPoint: false) else { return nil }
    if at < text.count, text[at] == UInt8(ascii: ".") {
      at += 1
      guard number.digits(text, at: &at, afterPoint: true) else { return nil }
    }
    if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      guard number.exponent(text, at: &at) else { return nil }
    }
    return at == text.count ? number.ms(isNegative: isNegative) : nil
  }

  /// Milliseconds since the epoch of a binary number.
  static func ms(of number: Double) -> Int64? {
    let size = number.magnitude
    guard size < 1e18 else { return nil }
    let ms =
      size < 1e11
      ? number * 1_000 : size < 1e14 ? number : size < 1e17 ? number / 1e3 : number / 1e6
    let whole = Int64(ms)
    return Double(whole) > ms ? whole - 1 : whole
  }

  /// The decimal number `mantissa × 10^exponent`, with `cut` when nonzero digits were left out.
  private struct Scan {
    var mantissa: UInt64 = 0
    var significant = 0
    var exponent = 0
    var cut = false

    private static let mostSignificant = 18

    mutating func digits(_ text: UnsafeRawBufferPointer, at: inout Int, afterPoint: Bool) -> Bool {
      let start = at
      while at < text.count, let digit = Digits.one(text[at]) {
        at += 1
        if significant == Self.mostSignificant {
          if digit != 0 { cut = true }
          if !afterPoint { exponent += 1 }
          continue
        }
        mantissa = mantissa * 10 + UInt64(digit)
        if mantissa != 0 { significant += 1 }
        if afterPoint { exponent -= 1 }
      }
      return at > start
    }

    mutating func exponent(_ text: UnsafeRawBufferPointer, at: inout Int) -> Bool {
      var sign = 1
      if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
        sign = text[at] == UInt8(ascii: "-") ? -1 : 1
        at += 1
      }
      let start = at
      var power = 0
      while at < text.count, let digit = Digits.one(text[at]) {
        power = min(power * 10 + digit, 1_000_000)
        at += 1
      }
      exponent += sign * power
      return at > start
    }

    func ms(isNegative: Bool) -> Int64? {
      if mantissa == 0 { return 0 }
      let shift: Int
      switch significant + exponent {
      case ...11: shift = exponent + 3
      case ...14: shift = exponent
      case ...17: shift = exponent - 3
      case ...19: shift = exponent - 6
      default: return nil
      }
      var whole = mantissa
      var cut = cut
      if shift >= 0 {
        guard shift < 19 else { return nil }
        for _ in 0..<shift { whole *= 10 }
      } else {
        for _ in 0..<min(-shift, 20) {
          if whole % 10 != 0 { cut = true }
          whole /= 10
        }
      }
      let ms = Int64(whole)
      return isNegative ? (cut ? -ms - 1 : -ms) : ms
    }
  }
}
