import Foundation
import StreamCore

/// The pipeline of the year's file: its text, and what a worker would have stored of its rules.
enum YearRules {
  static let pipeline = """
    name: year
    zone: UTC
    source:
      kafka: {brokers: "127.0.0.1:9092", topic: shop.events}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    keep: {1m: 7d, 1h: 400d}
    metrics:
      events:       {count: true, every: 1h, by: [channel]}
      views:        {count: true, where: 'event == "view"', every: 1h, by: [channel]}
      active_users: {distinct: user, every: 1h, by: [channel]}
      daily_users:  {distinct: user, every: 1d, by: [channel]}
      buyers:       {distinct: user, where: 'event == "buy"', every: 1d, by: [channel]}
      orders:       {count: true, where: 'event == "buy"', every: 1h, by: [channel]}
      revenue:      {sum: total, where: 'event == "buy"', every: 1h, by: [channel]}
      order_value:  {avg: total, where: 'event == "buy"', every: 1h, by: [channel]}
      payments:     {count: true, where: 'event == "pay"', every: 1h, by: [channel]}
      refunds:      {count: true, where: 'event == "refund"', every: 1h, by: [channel]}
      attempts:     {count: true, where: 'event == "pay"', every: 1m, by: [channel]}
      errors:       {count: true, where: 'event == "pay_error"', every: 1m, by: [channel]}
      error_rate:   {formula: errors / attempts}
    funnels:
      checkout:
        steps: [product_view, add_to_cart, payment_details, purchase]
        within: 1d
        by: [channel]
    retention:
      weekly: {unit: week, periods: 12, by: [channel], value: total}
    sessions:
      visits: {gap: 30m, by: [channel]}
    alerts:
      payment_trouble:
        watch: error_rate
        when: value > above
        thresholds: {above: {default: 0.2, min: 0, max: 1, step: 0.01}}
        severity: critical
        owner: payments
    risks:
      card_testing:
        entity: context.ip
        within: 10m
        when: count(event == "pay_error") >= failures
        thresholds: {failures: 5}
        severity: critical
    """

  static let rows = [
    RuleRow(
      rule: "card_testing", kind: .risk, severity: "critical", owner: "payments",
      dimensions: ["context.ip"],
      definition: #"{"entity":"context.ip","when":"count(…) >= failures","within_ms":"600000"}"#,
      thresholds: [ThresholdPlan(name: "failures", standard: 5)]),
    RuleRow(
      rule: "payment_trouble", kind: .alert, severity: "critical", owner: "payments",
      dimensions: ["channel"], definition: #"{"watch":"error_rate","when":"value > above"}"#,
      thresholds: [ThresholdPlan(name: "above", standard: 0.2, min: 0, max: 1, step: 0.01)]),
  ]

  /// Three layers, of one root each with children.
  static let kpis: [KPINode] = {
    let names =
      [
        ("revenue", nil), ("orders", "revenue"), ("order_value", "revenue"), ("buyers", "orders"),
        ("conversion", "orders"), ("visitors", "buyers"), ("sessions", "visitors"),
        ("refunds", "revenue"),
      ] as [(String, String?)]
    return names.enumerated().map { index, name in
      KPINode(
        kpi: name.0, parent: name.1, position: index, title: nil,
        layer: index < 3 ? .business : index < 6 ? .operational : .process, period: "1d",
        formula: name.0, unit: index == 0 ? "CNY" : nil, owner: "growth", target: 12_000,
        direction: name.0 == "refunds" ? .down : .up)
    }
  }()

  /// The day of `ms` in UTC.
  static func day(_ ms: Int64) -> String {
    CivilDate(dayNumber: ms / YearFile.day).description
  }
}
