/// The double nearest to `numerator / denominator`, ties to even. `denominator` is positive and
/// below 2^96; the outcome must not be subnormal, which these sizes do not reach.
func roundedRatio(_ numerator: UInt128, _ denominator: UInt128) -> Double {
  if numerator == 0 { return 0 }
  let shift = numerator.leadingZeroBitCount
  var (quotient, remainder) = (numerator << UInt128(shift))
    .quotientAndRemainder(dividingBy: denominator)
  var exponent = -shift
  // A double needs 53 bits and one to round by; the rest is only "exactly" or "and a bit more".
  while quotient >> 56 == 0 {
    let (next, rest) = (remainder << 32).quotientAndRemainder(dividingBy: denominator)
    quotient = quotient << 32 | next
    remainder = rest
    exponent -= 32
  }
  let excess = max(0, 64 - quotient.leadingZeroBitCount)
  var top = UInt64(truncatingIfNeeded: quotient >> UInt128(excess))
  if remainder != 0 || quotient & ((1 << UInt128(excess)) - 1) != 0 { top |= 1 }
  return Double(sign: .plus, exponent: exponent + excess, significand: Double(top))
}

/// Powers of ten that fit their type exactly.
enum PowersOfTen {
  /// 10^`exponent` for 0 ... 22.
  @inline(__always) static func double(_ exponent: Int) -> Double {
    doubles[exponent]
  }

  /// 10^`exponent` for 0 ... 38.
  @inline(__always) static func wide(_ exponent: Int) -> UInt128 {
    exponent < 10 ? UInt128(small(exponent)) : wides[exponent]
  }

  /// 10^`exponent` for 0 ... 9, the powers that money needs, from a table in the code.
  @inline(__always) static func small(_ exponent: Int) -> UInt64 {
    switch exponent {
    case 1: 10
    case 2: 100
    case 3: 1_000
    case 4: 10_000
    case 5: 100_000
    case 6: 1_000_000
    case 7: 10_000_000
    case 8: 100_000_000
    case 9: 1_000_000_000
    default: 1
    }
  }

  private static let doubles: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  private static let wides: [UInt128] = {
    var powers: [UInt128] = [1]
    for _ in 0..<38 { powers.append(powers[powers.count - 1] * 10) }
    return powers
  }()
}
