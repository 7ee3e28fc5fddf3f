/// Numbers written as text, in JSON's grammar: `-12`, `0.5`, `1e3`.
///
/// Blanks around the number are allowed (values of CSV columns have them); anything else that JSON
/// does not allow is no number: `+1`, `.5`, `1.`, `007`, `0x1F`, `inf`, `nan`.
public enum NumberText {
  /// The whole number that `bytes` say, or nil when they are no number, have a fraction, or lie
  /// outside of `Int64`. `1.0` and `1e3` are whole. O(n), no allocation.
  public static func int64(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard let scanned = ScannedNumber(bytes) else { return nil }
    return scanned.int64
  }

  /// The double nearest to the number that `bytes` say, correctly rounded; nil when they are no
  /// number or it is too large. Never negative zero. O(n); allocates only for numbers of more than
  /// 19 significant digits or with exponents beyond ±19.
  public static func double(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard let scanned = ScannedNumber(bytes) else { return nil }
    return scanned.double(bytes)
  }

  /// Whether the number has a canonical form: all do but those too large for a double that are not
  /// written as plain digits.
  static func hasForm(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let scanned = ScannedNumber(bytes) else { return false }
    return scanned.isPlain || scanned.double(bytes) != nil
  }

  /// Whole where it is whole and fits, else the nearest double.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Number {
    guard let scanned = ScannedNumber(bytes) else { return .none }
    if let int = scanned.int64 { return .int(int) }
    if let double = scanned.double(bytes) { return .double(double) }
    return .none
  }
}

/// A number as expressions see it.
enum Number {
  case none
  case int(Int64)
  /// Finite, never negative zero.
  case double(Double)

  /// The nearest double.
  @inline(__always) var double: Double? {
    switch self {
    case .none: nil
    case .int(let int): Double(int)
    case .double(let double): double
    }
  }

  /// A double as a number: none when it is not finite.
  @inline(__always) static func of(_ double: Double) -> Number {
    double.isFinite ? .double(double + 0) : .none
  }
}

/// `double` as an `Int64`, when it is whole and fits.
@inline(__always)
func wholeNumber(_ double: Double) -> Int64? {
  guard double.magnitude < 0x1p63 else { return nil }
  let int = Int64(double)
  return Double(int) == double ? int : nil
}

/// The parts of a number's text: `±mantissa × 10^exponent`.
struct ScannedNumber {
  var negative = false
  /// The first 19 significant digits.
  var mantissa: UInt64 = 0
  var exponent = 0
  /// Whether digits other than zero were left out of `mantissa`.
  var truncated = false
  /// Whether there is neither a fraction nor an exponent.
  var isPlain = true
  /// The range of the digits and the point, without sign and exponent.
  var digits = 0..<0
  /// What the text's exponent says.
  var writtenExponent = 0

  /// Reads a whole text; nil when it is no number.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    var end = bytes.count
    while index < end, Self.isBlank(bytes[index]) { index += 1 }
    while end > index, Self.isBlank(bytes[end - 1]) { end -= 1 }
    if index < end, bytes[index] == UInt8(ascii: "-") {
      negative = true
      index += 1
    }
    let first = index
    var significant = 0
    while index < end, let digit = Self.digit(bytes[index]) {
      index += 1
      if significant < 19 {
        mantissa = mantissa &* 10 &+ digit
        significant += mantissa == 0 ? 0 : 1
      } else {
        exponent += 1
        truncated = truncated || digit != 0
      }
    }
    if index == first || (bytes[first] == UInt8(ascii: "0") && index > first + 1) { return nil }
    if index == end {
      digits = first..<end
      return
    }
    if !scanRest(bytes, &index, end, first: first, significant: significant) { return nil }
  }

  /// Reads what follows the digits before the point.
  private mutating func scanRest(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int, first: Int, significant: Int
  ) -> Bool {
    isPlain = false
    var significant = significant
    if bytes[index] == UInt8(ascii: ".") {
      index += 1
      let start = index
      while index < end, let digit = Self.digit(bytes[index]) {
        index += 1
        if significant < 19 {
          mantissa = mantissa &* 10 &+ digit
          significant += mantissa == 0 ? 0 : 1
          exponent -= 1
        } else {
          truncated = truncated || digit != 0
        }
      }
      if index == start { return false }
    }
    digits = first..<index
    guard index < end else { return true }
    guard bytes[index] | 0x20 == UInt8(ascii: "e") else { return false }
    index += 1
    guard index < end else { return false }
    let down = bytes[index] == UInt8(ascii: "-")
    if down || bytes[index] == UInt8(ascii: "+") { index += 1 }
    let start = index
    while index < end, let digit = Self.digit(bytes[index]) {
      index += 1
      // Exponents of any length are legal; beyond this one it makes no difference.
      if writtenExponent < 100_000 { writtenExponent = writtenExponent * 10 + Int(digit) }
    }
    if down { writtenExponent = -writtenExponent }
    exponent += writtenExponent
    return index == end && index > start
  }

  /// The number as a whole one, if it is and fits.
  @inline(__always) var int64: Int64? {
    if exponent == 0 && !truncated { return Self.signed(mantissa, negative) }
    return scaledInt64
  }

  private var scaledInt64: Int64? {
    if mantissa == 0 { return 0 }
    if truncated { return nil }
    var magnitude = mantissa
    var rest = exponent
    while rest < 0 {
      let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
      if remainder != 0 { return nil }
      magnitude = quotient
      rest += 1
    }
    if rest > 18 { return nil }
    while rest > 0 {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      magnitude = product
      rest -= 1
    }
    return Self.signed(magnitude, negative)
  }

  /// The nearest double; `bytes` are what the number was scanned from.
  func double(_ bytes: UnsafeRawBufferPointer) -> Double? {
    if mantissa == 0 { return 0 }
    var magnitude: Double
    if truncated || exponent < -27 || exponent > 19 {
      // Rare: many digits or a large exponent.
      let text = String(decoding: bytes[digits], as: UTF8.self)
      guard let parsed = Double("\(text)e\(writtenExponent)") else { return nil }
      magnitude = parsed
    } else if mantissa <= 1 << 53, exponent >= -22 {
      // Both operands are exact doubles, so that one operation rounds once.
      magnitude = Double(mantissa)
      if exponent < 0 {
        magnitude /= PowersOfTen.double(-exponent)
      } else if exponent > 0 {
        magnitude *= PowersOfTen.double(exponent)
      }
    } else if exponent < 0 {
      magnitude = roundedRatio(UInt128(mantissa), PowersOfTen.wide(-exponent))
    } else {
      magnitude = roundedRatio(UInt128(mantissa) * PowersOfTen.wide(exponent), 1)
    }
    if !magnitude.isFinite { return nil }
    return negative ? 0 - magnitude : magnitude
  }

  @inline(__always)
  private static func signed(_ magnitude: UInt64, _ negative: Bool) -> Int64? {
    if magnitude <= UInt64(Int64.max) {
      return negative ? -Int64(magnitude) : Int64(magnitude)
    }
    return negative && magnitude == Int64.min.magnitude ? Int64.min : nil
  }

  @inline(__always)
  private static func digit(_ byte: UInt8) -> UInt64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? UInt64(value) : nil
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
  }
}
