import Foundation
import SnapshotStore
import StreamCore

/// What people change about thresholds, by forms and by the API.
enum ThresholdChange {
  /// How often the answer of a worker is looked for, and how long: its next snapshot may take
  /// longer, and is not waited for.
  private static let looks = 18
  private static let lookEvery = 0.05
  /// How long a change waits for a commit of the worker.
  static let busyTimeoutMs: Int64 = 3_000

  static let forms: [Endpoint] = [
    .form(
      "/thresholds/{rule}/set", summary: "Sets a threshold.",
      parameters: [path, name, value, dimensions, reason, from, back]
    ) { asked in try answerForm(asked, isReset: false) },
    .form(
      "/thresholds/{rule}/reset", summary: "Gives a threshold back to the pipeline file.",
      parameters: [path, name, dimensions, reason, back]
    ) { asked in try answerForm(asked, isReset: true) },
  ]

  static let path = Parameter.path("rule", "Name of the rule.", example: "payment_trouble")
  static let name = Parameter.field(
    "name", .text(max: 256), "Name of the threshold.", example: "above")
  static let value = Parameter.field("value", .number, "The value.", example: "0.3")
  static let dimensions = Parameter.field(
    "dimensions", .text(max: 2_048), "Series that are meant, as a JSON object; all without it.",
    isRequired: false)
  static let reason = Parameter.field(
    "reason", .text(max: 2_000), "Why; kept for ever.", example: "too many false alarms")
  static let from = Parameter.field(
    "from", .time, "Event time from which on it holds; from the clock on without it.",
    isRequired: false)
  static let back = Parameter.field("back", .text(max: 4_096), "", isRequired: false)

  /// Asks for the change in the visitor's name, and waits a moment for the answer.
  static func ask(_ asked: Asked, isReset: Bool) throws -> ThresholdOutcome {
    let desk = try PeopleDesk.open(path: asked.reader.path, busyTimeoutMs: busyTimeoutMs)
    defer { desk.close() }
    let request = ThresholdRequest(
      rule: asked.path("rule"), name: asked.text("name") ?? "",
      dimensions: asked.text("dimensions") ?? "{}",
      value: isReset ? nil : asked.number("value"), from: isReset ? nil : asked.time("from"),
      requested: asked.now, requestedBy: asked.visitor.name ?? "",
      reason: asked.text("reason") ?? "")
    return try desk.setThreshold(request, now: asked.console.setup.now) { looks in
      guard looks < Self.looks else { return false }
      Thread.sleep(forTimeInterval: lookEvery)
      return true
    }
  }

  /// Shows the page again: what was taken or waits is on it; a refusal is told first.
  private static func answerForm(_ asked: Asked, isReset: Bool) throws -> Answer {
    let rule = try ThresholdsPage.rule(asked)
    guard case .refused(let why) = try ask(asked, isReset: isReset) else {
      let path = "/thresholds/\(URLText.encoded(rule.rule))"
      let back = FrameEndpoints.back(asked)
      return .seeOther(URLText.path(of: back) == path ? back : path)
    }
    var wish = PreviewWish(rule: rule.rule)
    if let value = asked.number("value"), let name = asked.text("name"),
      let threshold = rule.thresholds.first(where: { $0.name == name }),
      (try? ThresholdsPage.check(value, threshold)) != nil
    {
      wish.values[name] = value
    }
    wish.dimensions = (try? ThresholdsPage.dimensions(asked, rule)) ?? "{}"
    var asked = asked
    var query = wish.values.sorted { $0.key < $1.key }.map {
      ("try.\($0.key)", JSON.text($0.value))
    }
    if wish.dimensions != "{}" { query.append(("dimensions", wish.dimensions)) }
    asked.pageTarget = URLText.link("/thresholds/\(URLText.encoded(rule.rule))", query)
    let told = asked.words.problems.refusal(why, asked.file.zone)
    let notice: HTML = "<p class=\"notice problem\" role=\"alert\">\(told)</p>"
    var answer = try ThresholdRulePage(asked, rule, wish, notice: notice).answer()
    answer.status = .conflict
    return answer
  }
}
