/// What became of the events that reached a group of metrics.
public struct StageCounts: Sendable, Equatable {
  /// Events that met the condition.
  public var matched: Int64 = 0
  /// Events that were too late for this stage though not for others.
  public var late: Int64 = 0
  /// By input: values among the matched that were missing or no usable number.
  var unusableByInput: [Int64] = []

  /// Makes counts, all zero.
  public init() {}

  /// Adds another task's counts.
  public static func += (a: inout StageCounts, b: StageCounts) {
    a.matched += b.matched
    a.late += b.late
    while a.unusableByInput.count < b.unusableByInput.count { a.unusableByInput.append(0) }
    for (index, count) in b.unusableByInput.enumerated() { a.unusableByInput[index] += count }
  }
}

/// What became of the events that reached one metric or stage.
public struct MetricCounts: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// Events that met its condition, or one of them.
  public var matched: Int64
  /// Values among them that were missing or no usable number.
  public var unusable: Int64
  /// Events that it would have taken, had they had the user or key that it goes by.
  public var withoutKey: Int64 = 0
  /// Events that were too late for it though not for others.
  public var late: Int64
}

extension StagePlan {
  /// Counts of every metric, by name, from those of every group, by index; without those that only
  /// explain alerts.
  public func metricCounts(_ totals: [StageCounts]) -> [MetricCounts] {
    let feeds = KPIFeeds(pipeline)
    let hidden = Set(
      pipeline.metrics.filter(\.isInternal).map(\.name) + feeds.metrics.map(\.name)
        + feeds.firsts.map(\.name))
    return groups.flatMap { group in
      let counts = totals[group.index]
      if group.stage != nil {
        let unusable = counts.unusableByInput
        return group.names.map {
          MetricCounts(
            name: $0, matched: counts.matched, unusable: unusable.count > 1 ? unusable[1] : 0,
            withoutKey: unusable.first ?? 0, late: counts.late)
        }
      }
      return group.metrics.map { metric in
        let unusable = metric.input.map {
          counts.unusableByInput.indices.contains($0) ? counts.unusableByInput[$0] : 0
        }
        return MetricCounts(
          name: metric.name, matched: counts.matched, unusable: unusable ?? 0, late: counts.late)
      }
    }.filter { !hidden.contains($0.name) }.sorted { $0.name < $1.name }
  }
}
