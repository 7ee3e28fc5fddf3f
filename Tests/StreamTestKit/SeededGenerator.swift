import Foundation

/// A random number generator that its seed determines: SplitMix64.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Equal seeds give equal numbers.
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of [0, 1).
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number of [0, `bound`).
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// True with this probability.
  public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  /// One of `choices`, which must not be empty.
  public mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int(next() % UInt64(choices.count))]
  }

  /// A whole number of `range`.
  public mutating func whole(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &self)
  }
}

/// Runs `body` once for each of `seeds`, or for `WEIR_TEST_SEED` alone when that is set, and prints
/// each seed, so that a failure can be had again.
public func withSeeds(
  _ seeds: some Sequence<UInt64>, function: String = #function,
  _ body: (UInt64, inout SeededGenerator) throws -> Void
) rethrows {
  for seed in chosen(Array(seeds)) {
    announce(seed, function)
    var generator = SeededGenerator(seed: seed)
    try body(seed, &generator)
  }
}

/// Runs `body` with a generator of `seed`, or of `WEIR_TEST_SEED` when that is set, and prints the
/// seed.
public func withSeed<R>(
  _ seed: UInt64, function: String = #function,
  _ body: (UInt64, inout SeededGenerator) async throws -> R
) async rethrows -> R {
  let seed = chosen([seed])[0]
  announce(seed, function)
  var generator = SeededGenerator(seed: seed)
  return try await body(seed, &generator)
}

/// Runs `body` once for each of the seeds 1 ... `count`, or of as many as `WEIR_TEST_SEEDS` says,
/// or for `WEIR_TEST_SEED` alone when that is set, until one of them fails, which `body` tells by
/// giving false; that one is printed.
public func withManySeeds(
  _ count: Int, function: String = #function,
  _ body: (UInt64, inout SeededGenerator) throws -> Bool
) rethrows {
  let wanted = ProcessInfo.processInfo.environment["WEIR_TEST_SEEDS"].flatMap { Int($0) } ?? count
  let seeds = chosen((0..<max(1, wanted)).map { UInt64($0 + 1) })
  print("\(function): seeds \(seeds[0]) to \(seeds[seeds.count - 1])")
  // Another generator for each test, so that no two look at the same cases.
  let salt = function.utf8.reduce(UInt64(0)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  for seed in seeds {
    var generator = SeededGenerator(seed: SeededGenerator.mix(salt, seed))
    if try !body(seed, &generator) {
      announce(seed, function)
      return
    }
  }
}

private func chosen(_ seeds: [UInt64]) -> [UInt64] {
  let wanted = ProcessInfo.processInfo.environment["WEIR_TEST_SEED"]
  return wanted.flatMap { UInt64($0) }.map { [$0] } ?? seeds
}

private func announce(_ seed: UInt64, _ function: String) {
  print("\(function): seed \(seed) (again with WEIR_TEST_SEED=\(seed))")
}

/// Numbers 0 ..< count of which low ones are drawn more often.
public struct Zipf: Sendable {
  private let cumulative: [Double]

  /// The k-th number is drawn in proportion to 1 / (k + 1)^exponent; exponent 0 is uniform.
  public init(count: Int, exponent: Double) {
    var sum = 0.0
    cumulative = (0..<count).map { rank in
      sum += pow(Double(rank + 1), -exponent)
      return sum
    }
  }

  /// Draws one. O(log count).
  public func draw(_ generator: inout SeededGenerator) -> Int {
    let wanted = generator.unit() * (cumulative.last ?? 0)
    var low = 0
    var high = max(0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > wanted { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
