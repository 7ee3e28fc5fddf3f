/// The chances of the simulated shop: SplitMix64. Equal seeds give equal numbers on every machine.
struct ShopRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number that looks random and is the same for the same `number`.
  @inline(__always)
  static func mixed(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of [0, 1).
  @inline(__always)
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  @inline(__always)
  mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  /// A whole number of 0 ..< count; count must be positive.
  @inline(__always)
  mutating func below(_ count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// A whole number of [low, high].
  @inline(__always)
  mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
    low + Int64(below(Int(high - low) + 1))
  }

  /// An exponentially distributed number of mean 1, by comparisons alone (von Neumann's method):
  /// a logarithm's last bit is not the same in every libm.
  mutating func exponential() -> Double {
    var whole = 0.0
    while true {
      let first = unit()
      var last = first
      var run = 1
      while true {
        let following = unit()
        if following >= last { break }
        last = following
        run += 1
      }
      if run % 2 == 1 { return whole + first }
      whole += 1
    }
  }
}
