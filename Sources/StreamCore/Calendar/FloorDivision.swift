/// Division that rounds down, also below zero: what alignment to a grid needs.
enum FloorDivision {
  /// The greatest whole number not above `dividend / divisor`; `divisor` is positive.
  @inline(__always)
  static func quotient(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// What is left, in `0 ..< divisor`; `divisor` is positive.
  @inline(__always)
  static func remainder(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let remainder = dividend % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
