/// A decimal number with 9 places in 128 bits: money, exactly, in any order of addition.
///
/// Range ±170,141,183,460,469,231,731,687,303,715.884105727. What has more than 9 places is
/// rounded half to even when it comes in; nothing is rounded after that. Nothing here allocates
/// but `description`.
@frozen
public struct ExactDecimal: Sendable, Hashable, Comparable {
  /// The value times 10^9.
  public var units: Int128

  /// Zero.
  public static let zero = ExactDecimal(units: 0)

  /// Bytes of the encoded form.
  public static let encodedSize = 16

  static let unitsPerOne: UInt128 = 1_000_000_000

  /// Makes the value of `units` billionths.
  @inlinable
  public init(units: Int128) {
    self.units = units
  }

  /// Makes a whole number; every `Int64` fits.
  @inlinable
  public init(_ int: Int64) {
    units = Int128(int) * 1_000_000_000
  }

  /// Rounds the exact value of `double` half to even at 9 places; nil when it is not finite or out
  /// of range.
  public init?(_ double: Double) {
    guard double.isFinite else { return nil }
    if double == 0 {
      self.init(units: 0)
      return
    }
    // double = significand × 2^shift, the significand a whole number of at most 53 bits; times
    // 10^9 it has at most 83.
    let exponent = double.isNormal ? Int(double.exponentBitPattern) - 1023 : -1022
    let implicit: UInt64 = double.isNormal ? 1 << 52 : 0
    let scaled = UInt128(double.significandBitPattern | implicit) * Self.unitsPerOne
    let shift = exponent - 52
    var magnitude: UInt128
    if shift >= 0 {
      guard shift < scaled.leadingZeroBitCount else { return nil }
      magnitude = scaled << UInt128(shift)
    } else if shift < -100 {
      magnitude = 0
    } else {
      magnitude = scaled >> UInt128(-shift)
      let rest = scaled & ((1 << UInt128(-shift)) - 1)
      let half: UInt128 = 1 << UInt128(-shift - 1)
      if rest > half || (rest == half && magnitude & 1 == 1) { magnitude += 1 }
    }
    self.init(magnitude: magnitude, negative: double < 0)
  }

  /// Makes ±`magnitude` billionths; nil when out of range.
  init?(magnitude: UInt128, negative: Bool) {
    guard magnitude <= UInt128(Int128.max) else { return nil }
    units = negative ? -Int128(magnitude) : Int128(magnitude)
  }

  /// The sum, wrapped around where `overflow` is true.
  @inlinable
  public func addingReportingOverflow(
    _ other: ExactDecimal
  ) -> (partialValue: ExactDecimal, overflow: Bool) {
    let (sum, overflow) = units.addingReportingOverflow(other.units)
    return (ExactDecimal(units: sum), overflow)
  }

  /// The value with the other sign. The least value, which no text gives, stays as it is.
  @inlinable
  public var negated: ExactDecimal { ExactDecimal(units: 0 &- units) }

  @inlinable
  public static func < (a: ExactDecimal, b: ExactDecimal) -> Bool { a.units < b.units }

  /// The nearest double, ties to even.
  public var doubleValue: Double {
    let magnitude = units.magnitude
    let double: Double
    if magnitude <= 1 << 53 {
      double = Double(UInt64(magnitude)) / 1e9
    } else {
      double = roundedRatio(magnitude, Self.unitsPerOne)
    }
    return units < 0 ? -double : double
  }

  /// The double nearest to the quotient: an average of `count` values that sum to this. `count` is
  /// positive; otherwise the outcome is nil.
  public func divided(by count: Int64) -> Double? {
    guard count > 0 else { return nil }
    let double = roundedRatio(units.magnitude, Self.unitsPerOne * UInt128(count))
    return units < 0 ? -double : double
  }

  /// Writes the 16 bytes of `units`, little-endian, to `pointer`, which needs no alignment.
  @inlinable
  public func encode(to pointer: UnsafeMutableRawPointer) {
    pointer.storeBytes(of: UInt64(truncatingIfNeeded: units).littleEndian, as: UInt64.self)
    pointer.storeBytes(
      of: UInt64(truncatingIfNeeded: units >> 64).littleEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// Reads what `encode(to:)` wrote. Every 16 bytes are a value.
  @inlinable
  public init(decoding pointer: UnsafeRawPointer) {
    let low = UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    let high = UInt64(littleEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    units = Int128(truncatingIfNeeded: high) << 64 | Int128(low)
  }
}

extension ExactDecimal: CustomStringConvertible {
  /// The shortest decimal text: `12.3`, `-0.5`, `0`; never an exponent or trailing zeros.
  public var description: String {
    let (whole, rest) = units.magnitude.quotientAndRemainder(dividingBy: Self.unitsPerOne)
    var text = units < 0 ? "-" : ""
    text += String(whole)
    if rest != 0 {
      let digits = String(rest)
      text += "." + String(repeating: "0", count: 9 - digits.count) + digits
      while text.hasSuffix("0") { text.removeLast() }
    }
    return text
  }
}
