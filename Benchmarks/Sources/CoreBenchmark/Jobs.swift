import PipelineSpec
import StreamCore

/// The jobs that are measured: the stages of `pipelines/bench-full.yaml` one after the other.
enum Jobs {
  private static let head = """
    name: bench
    zone: UTC
    source:
      kafka: {brokers: localhost, topic: bench}
      format: segment
      fields: {channel: properties.channel}

    """
  private static let metrics = """
    events:  {count: true, every: 1m, by: [event, channel]}
      revenue: {sum: properties.total, every: 1m, by: [event, channel]}
      users:   {distinct: user, every: 1m, by: [event, channel]}
    """
  private static let funnel = """
    funnels:
      checkout:
        steps: [product_view, add_to_cart, payment_details, purchase]
        within: 1d
        by: [channel]

    """
  private static let retention = """
    retention:
      daily: {unit: day, periods: 30}

    """
  private static let risks = """
    risks:
      failing_payments:
        entity: user
        where: event == "payment_error"
        within: 10m
        when: count() >= failures
        thresholds: {failures: 5}
      refunds:
        entity: user
        where: event == "refund"
        within: 1h
        when: sum(properties.total) > amount
        thresholds: {amount: 5000}

    """

  /// A job of the layers up to one.
  struct Layer {
    let name: String
    let text: String
  }

  /// From one metric without dimensions to everything.
  static let layers: [Layer] = {
    let windows = head + "metrics:\n  " + metrics + "\n"
    return [
      Layer(name: "fates and dedup", text: head + "metrics:\n  all: {count: true, every: 1h}\n"),
      Layer(name: "keyed state and windows", text: windows),
      Layer(name: "funnel", text: windows + funnel),
      Layer(name: "retention", text: windows + funnel + retention),
      Layer(name: "risk", text: windows + funnel + retention + risks),
    ]
  }()

  /// Everything.
  static var full: String { layers[layers.count - 1].text }

  /// Everything, and so many metrics and rules of events that never come.
  static func full(untouched count: Int) -> String {
    let more = (0..<count).map {
      "\n  never_\($0): {sum: properties.total, where: event == \"never_\($0)\", every: 1m, "
        + "by: [channel]}"
    }
    let rules = (0..<count).map {
      "  never_\($0)_again: {entity: user, where: event == \"never_\($0)\", within: 10m, "
        + "when: count() >= 2}\n"
    }
    return head + "metrics:\n  " + metrics + more.joined() + "\n" + funnel + retention + risks
      + rules.joined()
  }

  /// The plan of a text.
  static func plan(_ text: String) throws -> PipelinePlan {
    try Pipeline.parse(text: text, file: "bench.yaml").plan
  }
}
