import StreamCore

/// Which values of a threshold are worth trying.
public enum SuggestedValues {
  /// Where values come from, for people.
  public enum Origin: Sendable, Equatable {
    /// From `min` to `max` by `step`, as the file says, every `each`th of them.
    case steps(each: Int)
    /// Values that were observed.
    case observed
    /// Multiples of the value that holds now.
    case multiples
  }

  /// Most values of one threshold that are tried.
  public static let valuesMax = 200
  /// Quantiles of observed values that are tried.
  static let quantiles = 60

  /// Whether values are taken from what is observed, which needs a pass over the events.
  public static func needObserved(_ threshold: ThresholdPlan, of rule: BacktestRule) -> Bool {
    steps(threshold) == nil && isCompared(rule)
  }

  /// Values to try of a threshold, ascending, within its bounds.
  ///
  /// - Parameter observed: Values of what an alert watches, in any order.
  /// - Complexity: O(observed · log observed).
  public static func of(
    _ threshold: ThresholdPlan, rule: BacktestRule, observed: [Double]
  ) -> (values: [Double], origin: Origin) {
    if let (values, each) = steps(threshold) { return (values, .steps(each: each)) }
    let low = threshold.min ?? -.infinity
    let high = threshold.max ?? .infinity
    var values: Set<Double> = []
    let isObserved = isCompared(rule) && !observed.isEmpty
    if isObserved {
      let sorted = observed.sorted()
      for index in 0...quantiles {
        let value = sorted[(sorted.count - 1) * index / quantiles]
        values.insert(DecimalText.rounded(value, digits: 3))
      }
    } else {
      // From a quarter to four times of it; of whole numbers, whole ones.
      let now = threshold.standard == 0 ? 1 : threshold.standard
      let isWhole = now == now.rounded()
      for step in 1...32 {
        let value = now * Double(step) / 8
        values.insert(isWhole ? value.rounded() : DecimalText.rounded(value, digits: 3))
      }
    }
    return (
      values.filter { $0 >= low && $0 <= high }.sorted(), isObserved ? .observed : .multiples
    )
  }

  /// From `min` to `max` by `step`, not too many of them.
  private static func steps(_ threshold: ThresholdPlan) -> (values: [Double], each: Int)? {
    guard let low = threshold.min, let high = threshold.max, let step = threshold.step, step > 0,
      low < high, (high - low) / step < 1e6
    else { return nil }
    let all = DecimalText.steps(from: low, through: high, by: step)
    let each = (all.count + valuesMax - 1) / valuesMax
    return (stride(from: 0, to: all.count, by: max(1, each)).map { all[$0] }, max(1, each))
  }

  /// Whether the thresholds of a rule are compared with the watched values themselves.
  public static func isCompared(_ rule: BacktestRule) -> Bool {
    guard case .alert(let alert) = rule.plan else { return false }
    return alert.inputs.allSatisfy { input in
      switch input {
      case .value, .lower, .upper, .threshold: true
      case .samples, .previous, .change, .mean, .stddev, .other: false
      }
    }
  }
}
