import PipelineSpec
import StreamCore

/// A small shop whose alerts are written by hand: hourly `orders`, `paid`, `errors`, `rate` (errors
/// by paid) and `average` of totals, all of them also by channel (`orders_by` …), and hidden ones
/// that explain.
struct AlertShop {
  static let hour: Int64 = 3_600_000
  /// A Monday.
  static let startMs: Int64 = 1_767_571_200_000
  static let window = WindowPlan(unit: .millisecond, every: hour)
  static let names = ["value", "samples", "before", "change", "limit", "lower"]
  static let inputs: [AlertInput] = [
    .value, .samples, .previous(1), .change(2), .threshold(0), .lower,
  ]

  /// A rule that watches a metric.
  static func rule(
    _ watch: String, _ when: String, clear: String? = nil, limit: Double = 1,
    _ change: (inout AlertPlan) -> Void = { _ in }
  ) throws -> AlertPlan {
    let compile = { (text: String) in
      try Expression.compile(text) { path in
        names.firstIndex(of: path).map { .slot($0) } ?? .unknown(known: names)
      }
    }
    var plan = AlertPlan(
      name: "rule", watch: ResultReference(stage: watch), when: try compile(when),
      clear: try clear.map(compile), inputs: inputs,
      thresholds: [ThresholdPlan(name: "limit", standard: limit)], window: window,
      dimensions: watch.hasSuffix("_by") ? ["channel"] : [], owner: "shop")
    change(&plan)
    return plan
  }

  static func plan(
    _ alerts: [AlertPlan], ttlHours: Int64 = 168, maxSeries: Int = 10_000
  ) throws -> PipelinePlan {
    let channel = [
      MetricPlan.Dimension(name: "channel", expression: try StageFields.compile("channel"))
    ]
    var plan = PipelinePlan(
      name: "shop", definition: "", zone: try Zone.named("UTC"), tzdataVersion: "",
      sources: [SourcePlan(name: "events", topic: nil, fields: StageFields.bindings)],
      time: TimePlan(latenessMs: 60_000), fields: StageFields.names)
    for (name, event) in [("errors", "error"), ("orders", "order"), ("paid", "paid")] {
      for (suffix, isHidden) in [("", false), ("_by", false), ("_hidden", true)] {
        var metric = MetricPlan(
          name: name + suffix, aggregate: .count,
          condition: try StageFields.compile("event == \"\(event)\""),
          dimensions: suffix.isEmpty ? [] : channel, window: window,
          seriesTTLMs: ttlHours * hour, maxSeries: maxSeries)
        metric.isInternal = isHidden
        plan.metrics.append(metric)
      }
    }
    plan.metrics.append(
      MetricPlan(
        name: "average", aggregate: .avg, value: try StageFields.compile("properties.total"),
        window: window))
    plan.formulas = [
      FormulaPlan(
        name: "rate",
        expression: try Expression.compile("errors / paid") {
          .slot($0 == "errors" ? 0 : 1)
        }, inputs: ["errors", "paid"], window: window, dimensions: [])
    ]
    plan.alerts = alerts
    return plan
  }

  /// An event so many hours after the start.
  static func event(
    _ hours: Double, _ name: String, _ channel: String = "web", total: Double? = nil
  ) -> String {
    let ms = startMs + Int64(hours * Double(hour))
    let properties = total.map { ",\"properties\":{\"total\":\($0)}" } ?? ""
    return
      "{\"event\":\"\(name)\",\"user_id\":\"u\",\"timestamp\":\(ms),\"channel\":\"\(channel)\""
      + properties + "}"
  }

  /// Runs events in their order, with a snapshot after each.
  static func run(_ plan: PipelinePlan, _ events: [String]) throws -> PipelineDriver {
    let driver = try PipelineDriver(plan)
    for event in events {
      driver.push(event)
      driver.snapshot()
    }
    return driver
  }

  /// What alerts did, in words: the hour at whose end, the series, and the state.
  static func story(_ driver: PipelineDriver, _ status: ResultStatus = .final) -> [String] {
    driver.alertTransitions.filter { $0.status == status }.map { row in
      let name = row.dimensions == "{}" ? "" : row.dimensions + " "
      return "\((row.windowStart.ms - startMs) / hour): \(name)\(row.to)"
    }
  }
}
