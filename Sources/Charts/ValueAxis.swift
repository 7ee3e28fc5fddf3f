import Glibc

/// A scale of values with round ticks.
struct ValueAxis {
  /// A line of the scale.
  struct Tick: Equatable {
    var value: Double
    var label: String
  }

  /// The least and the greatest value shown: both are ticks.
  let least: Double
  let greatest: Double
  let ticks: [Tick]

  /// Values beyond are not told apart: sums of them would not be finite.
  static let limit = 1e200

  /// A scale that holds `low ... high`, with at most about `count` steps.
  init(
    low: Double, high: Double, unit: ValueUnit, count: Int, words: ChartWords = .english
  ) {
    var low = max(low, -Self.limit)
    var high = min(high, Self.limit)
    if low == high {
      if low > 0 { low = 0 } else if low < 0 { high = 0 } else { high = 1 }
    }
    // Steps that the doubles near the values still tell apart.
    let finest = max(low.magnitude, high.magnitude) * 1e-12
    let wanted = max((high - low) / Double(max(count, 1)), finest)
    let step = Self.step(atLeast: wanted, unit: unit)
    let first = (low / step.size).rounded(.down)
    let last = (high / step.size).rounded(.up)
    let values = stride(from: first, through: last, by: 1).map { step.times($0) }
    least = values.first ?? low
    greatest = values.last ?? high
    let most = max(least.magnitude, greatest.magnitude)
    ticks = values.map { value in
      let label =
        switch unit {
        case .count, .number:
          ShortNumber.tick(
            value, step: step.size, greatest: most, ShortNumber.scales(words))
        case .share: ShortNumber.tick(value * 100, step: step.size * 100) + "%"
        case .durationMs: ShortNumber.duration(ms: value, words)
        }
      return Tick(value: value, label: label)
    }
  }

  /// A step as a whole number by a power of ten, so that ticks are the doubles nearest to the
  /// decimals that people read.
  struct Step {
    var factor: Double
    var exponent: Int

    var size: Double { times(1) }

    func times(_ count: Double) -> Double {
      exponent >= 0
        ? count * factor * pow(10, Double(exponent)) : count * factor / pow(10, Double(-exponent))
    }
  }

  private static let durations: [Double] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
    86_400_000,
  ]

  private static func step(atLeast wanted: Double, unit: ValueUnit) -> Step {
    var wanted = wanted
    var base = 0
    switch unit {
    case .count: wanted = max(wanted, 1)
    case .durationMs:
      if let found = durations.first(where: { $0 >= wanted }) {
        return Step(factor: found, exponent: 0)
      }
      wanted /= 86_400_000
    case .number, .share: break
    }
    base = Int(log10(wanted).rounded(.down))
    let scale = unit == .durationMs ? 86_400_000.0 : 1
    for exponent in base...(base + 1) {
      for factor in [1.0, 2, 5] {
        let step = Step(factor: factor, exponent: exponent)
        // A little less is enough: logarithms are not exact.
        if step.size >= wanted * (1 - 1e-9) {
          return Step(factor: factor * scale, exponent: exponent)
        }
      }
    }
    return Step(factor: scale, exponent: base + 2)
  }

  /// How far up a value lies: 0 at the least, 1 at the greatest.
  func position(_ value: Double) -> Double {
    min(max((value - least) / (greatest - least), 0), 1)
  }
}
