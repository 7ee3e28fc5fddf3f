/// The value of one metric in one window and series.
struct MetricResult: Sendable, Equatable {
  var value: Double
  /// The value as exact text, where it has one.
  var exact: String?
  var samples: Int64
  var isApproximate: Bool

  /// A value without events behind it.
  static let zero = MetricResult(value: 0, exact: "0", samples: 0, isApproximate: false)
}

extension Aggregate {
  /// Whether a closed window without events has the value zero, not no value.
  var isZeroWithoutEvents: Bool {
    switch self {
    case .count, .sum, .distinct, .distinctUsers: true
    case .avg, .min, .max, .last, .quantile: false
    }
  }
}

extension GroupPlan.GroupMetric {
  /// Whether a closed window without events has the value zero, not no value.
  var isZeroWithoutEvents: Bool { aggregate.isZeroWithoutEvents }

  /// The metric's value of a cell; nil where it has none, or a zero that no event stands for.
  func result(_ cell: CellValue, _ inputs: [GroupPlan.ValueInput]) -> MetricResult? {
    let input = input.map { inputs[$0] }
    switch aggregate {
    case .count:
      return whole(cell.events, samples: cell.events)
    case .distinctUsers:
      return cell.users > 0 ? whole(cell.users, samples: cell.events) : nil
    case .distinct:
      guard let at = input?.distinct else { return nil }
      let sketch = cell.distincts[at]
      guard sketch.estimate > 0 else { return nil }
      return MetricResult(
        value: Double(sketch.estimate),
        exact: sketch.isApproximate ? nil : String(sketch.estimate), samples: cell.events,
        isApproximate: sketch.isApproximate)
    case .sum, .avg, .min, .max:
      guard let at = input?.numbers, cell.numbers[at].count > 0 else { return nil }
      return result(cell.numbers[at])
    case .quantile(let hundredths):
      guard let at = input?.quantiles, cell.quantiles[at].count > 0 else { return nil }
      return MetricResult(
        value: cell.quantiles[at].quantile(hundredths: hundredths), exact: nil,
        samples: Int64(cell.quantiles[at].count), isApproximate: true)
    case .last:
      guard let at = input?.last, cell.lasts[at].samples > 0 else { return nil }
      return decimal(cell.lasts[at].value, samples: cell.lasts[at].samples)
    }
  }

  private func result(_ totals: NumberTotals) -> MetricResult {
    switch aggregate {
    case .min: decimal(totals.least, samples: totals.count)
    case .max: decimal(totals.greatest, samples: totals.count)
    case .avg:
      MetricResult(
        value: ExactDecimal(units: totals.sum).divided(by: totals.count) ?? 0, exact: nil,
        samples: totals.count, isApproximate: false)
    default: decimal(totals.sum, samples: totals.count)
    }
  }

  private func whole(_ count: Int64, samples: Int64) -> MetricResult {
    MetricResult(value: Double(count), exact: String(count), samples: samples, isApproximate: false)
  }

  private func decimal(_ units: Int128, samples: Int64) -> MetricResult {
    let exact = ExactDecimal(units: units)
    return MetricResult(
      value: exact.doubleValue, exact: exact.description, samples: samples, isApproximate: false)
  }
}
