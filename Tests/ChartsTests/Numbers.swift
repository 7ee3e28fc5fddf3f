/// Numbers from a seed.
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// In 0 ..< 1.
  mutating func share() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  static func powerOfTen(_ exponent: Int) -> Double {
    (0..<exponent.magnitude).reduce(1.0) { power, _ in exponent < 0 ? power / 10 : power * 10 }
  }
}
