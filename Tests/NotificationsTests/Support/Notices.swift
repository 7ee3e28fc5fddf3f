@testable import Notifications

/// Notices that tests begin with.
enum Notices {
  /// An alert with everything that a notice can have.
  static func full(_ event: Notice.Event = .firing) -> Notice {
    var notice = Notice(
      messageID: "m-0001", event: event, kind: .alert, id: "0123456789abcdef0123456789abcdef",
      pipeline: "shop", rule: "payment_trouble", severity: "critical",
      dimensions: #"{"city":"北京","platform":"mobile","size":null}"#, value: 0.3123456,
      thresholds: #"{"above":0.2}"#, windowStartMs: 1_767_196_800_000,
      windowEndMs: 1_767_283_200_000, decidedWallMs: 1_767_283_265_432)
    notice.owner = "payments"
    notice.runbook = "https://example.com/runbooks/payments?a=1&b=(2)"
    notice.summary = "Payments fail <often> *now* & [here](x)"
    notice.labels = ["team": "pay", "tier.name": "1"]
    notice.explanation = ["platform mobile: 80% of the change", "# city 北京: 15% of the change"]
    return notice
  }

  /// A finding with the least that a notice has.
  static func finding() -> Notice {
    var notice = Notice(
      messageID: "m-0002", event: .firing, kind: .risk, id: "fedcba9876543210fedcba9876543210",
      pipeline: "risk", rule: "card_testing", severity: "warning",
      dimensions: #"{"ip":"10.0.0.1"}"#,
      value: nil, thresholds: "{}", windowStartMs: 1_767_225_601_500,
      windowEndMs: 1_767_225_601_500, decidedWallMs: 1_767_225_602_000)
    notice.isProvisional = true
    return notice
  }

  /// Several at once.
  static func summary() -> Notice {
    var notice = Notice(
      messageID: "m-0003", event: .summary, kind: .alert, id: "shop", pipeline: "shop",
      rule: "summary", severity: "info", dimensions: "{}", value: nil, thresholds: "{}",
      windowStartMs: 1_767_225_600_000, windowEndMs: 1_767_229_200_000,
      decidedWallMs: 1_767_229_300_000)
    notice.lines = ["payment_trouble {} since 08:00", "checkout {\"platform\":\"web\"}"]
    return notice
  }
}
