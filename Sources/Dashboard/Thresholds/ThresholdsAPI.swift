import SnapshotStore
import StreamCore

/// Thresholds for programs.
enum ThresholdsAPI {
  static let endpoints: [Endpoint] = [
    .api(
      "/thresholds", summary: "How every threshold stands, by rule, name and series.",
      parameters: [Parameter.format], response: standings.schema
    ) { asked in standings.answer(asked.shown(try asked.reader.thresholds()), to: asked) },
    .api(
      "/thresholds/requests",
      summary: "What was asked for, the newest first: how a change that waits is followed.",
      parameters: [
        .query(
          "state", .choice(["waiting", "taken", "refused"]), "Only of this state."), .limit(100),
        Parameter.cursor, Parameter.format,
      ], response: requests.schema
    ) { asked in
      let page = try asked.reader.requestPage(
        state: asked.text("state").flatMap(ThresholdRequest.State.init),
        limit: Int(asked.integer("limit") ?? 100), after: try asked.cursor())
      let rows = page.rows.map { row in
        var row = row
        row.answer = asked.answer(to: row)
        return row
      }
      return requests.answer(asked.shown(rows), next: page.next?.description, to: asked)
    },
    .api(
      "/thresholds/{rule}/history", summary: "Values that were set, the newest first.",
      parameters: [
        ThresholdChange.path,
        .query("name", .text(max: 256), "Only of this threshold.", example: "above"),
        .limit(100), Parameter.cursor, Parameter.format,
      ], response: history.schema
    ) { asked in
      let rule = try ThresholdsPage.rule(asked)
      let page = try asked.reader.thresholdPage(
        rule: rule.rule, name: asked.text("name"), limit: Int(asked.integer("limit") ?? 100),
        after: try asked.cursor())
      return history.answer(
        asked.shown(page.rows), next: page.next?.description, to: asked)
    },
    .api(
      "/thresholds/{rule}/preview",
      summary: "What a rule would have told with other values, on the stored series; approximate.",
      parameters: ThresholdsPage.parameters + [
        .query(
          "set", .text(max: 1_024), "Values to try, NAME=VALUE, with commas between.",
          example: "above=0.3")
      ], response: previewSchema
    ) { asked in try preview(asked) }.heavy,
    .change(
      "/thresholds/{rule}", summary: "Sets a threshold, in the name of the token.",
      parameters: [
        ThresholdChange.path, ThresholdChange.name, ThresholdChange.value,
        ThresholdChange.dimensions, ThresholdChange.reason, ThresholdChange.from,
      ], response: outcomeSchema
    ) { asked in try change(asked, isReset: false) }.acceptingLater,
    .change(
      "/thresholds/{rule}/reset", summary: "Gives a threshold back to the pipeline file.",
      parameters: [
        ThresholdChange.path, ThresholdChange.name, ThresholdChange.dimensions,
        ThresholdChange.reason,
      ], response: outcomeSchema
    ) { asked in try change(asked, isReset: true) }.acceptingLater,
  ]

  static let standings = Listing<ThresholdStanding>(columns: [
    .init("rule", .string, "The alert or risk.") { .string($0.rule) },
    .init("name", .string, "The threshold.") { .string($0.threshold.name) },
    .init("dimensions", .anyObject, "Series that it is for; {}: all.") { .raw($0.dimensions) },
    .init("value", .number, "What holds.") { .number($0.value) },
    .init("default", .number, "What the pipeline file says.") { .number($0.standard) },
    .init("min", .nullable(.number), "The least that may be set.") { .optional($0.threshold.min) },
    .init("max", .nullable(.number), "The most that may be set.") { .optional($0.threshold.max) },
    .init("step", .nullable(.number), "Distance of sensible values.") {
      .optional($0.threshold.step)
    },
    .init("effective_ms", .nullable(.integer), "Since when; null: never stored.") {
      .time($0.holder?.effective)
    },
    .init("set_by", .nullable(.string), "Who set what holds; 'file' for the file.") {
      .optional($0.holder?.setBy)
    },
    .init("reason", .nullable(.string), "Why.") { .optional($0.holder?.reason) },
  ])

  static let history = Listing<ThresholdRow>(columns: [
    .init("rule", .string, "") { .string($0.rule) },
    .init("name", .string, "") { .string($0.name) },
    .init("dimensions", .anyObject, "Series that it is for; {}: all.") { .raw($0.dimensions) },
    .init("value", .number, "") { .number($0.value) },
    .init("effective_ms", .integer, "What ends after this is judged with it.") {
      .integer($0.effective.ms)
    },
    .init("set_wall_ms", .integer, "") { .integer($0.set.ms) },
    .init("origin", .choice(["file", "person", "reset"]), "") { .string($0.origin.rawValue) },
    .init("set_by", .string, "") { .string($0.setBy) },
    .init("reason", .string, "") { .string($0.reason) },
  ])

  static let requests = Listing<ThresholdRequest>(columns: [
    .init("id", .integer, "`request_id` of what waits.") { .integer($0.id) },
    .init("rule", .string, "") { .string($0.rule) },
    .init("name", .string, "") { .string($0.name) },
    .init("dimensions", .anyObject, "Series that it is for; {}: all.") { .raw($0.dimensions) },
    .init("value", .nullable(.number), "null: back to the pipeline file.") { .optional($0.value) },
    .init("from_ms", .nullable(.integer), "From when on; null: from the clock on.") {
      .time($0.from)
    },
    .init("requested_wall_ms", .integer, "") { .integer($0.requested.ms) },
    .init("requested_by", .string, "") { .string($0.requestedBy) },
    .init("reason", .string, "") { .string($0.reason) },
    .init("state", .choice(["waiting", "taken", "refused"]), "") { .string($0.state.rawValue) },
    .init("answer", .nullable(.string), "What became of it; null while it waits.") {
      .optional($0.answer)
    },
  ])

  // MARK: - Changes

  static let outcomeSchema = Schema.object([
    .init("state", .choice(["taken", "waiting"]), "waiting: a worker answers with its snapshot."),
    .init("request_id", .nullable(.integer), "Of one that waits."),
    .init("answer", .nullable(.string), "From when on which value holds."),
  ])

  private static func change(_ asked: Asked, isReset: Bool) throws -> Answer {
    _ = try ThresholdsPage.rule(asked)
    switch try ThresholdChange.ask(asked, isReset: isReset) {
    case .taken(let answer): return outcome("taken", nil, answer)
    case .waiting(let id):
      var answer = outcome("waiting", id, nil)
      answer.status = .accepted
      return answer
    case .refused(let why):
      throw Problem(.conflict, why.description, whatToDo: "Ask for what the rule can take")
    }
  }

  private static func outcome(_ state: String, _ id: Int64?, _ answer: String?) -> Answer {
    .json(
      .object([
        ("state", .string(state)), ("request_id", .optional(id)), ("answer", .optional(answer)),
      ]))
  }

  // MARK: - Preview

  private static let outcomeOfPreview = Schema.object([
    .init("alerts", .integer, "How many."),
    .init("open_before", .integer, "Those that went on when the range began; not in `alerts`."),
    .init("firing_ms", .integer, "How long at least one of all these fired."),
    .init(
      "firings",
      .array(
        .object([
          .init("dimensions", .anyObject), .init("opened_ms", .integer),
          .init("resolved_ms", .nullable(.integer), "null: it goes on."),
        ])), "The newest of them."),
  ])

  static let previewSchema = Schema.object([
    .init("rule", .string), .init("approximate", .boolean, "Always true."),
    .init(
      "missing", .nullable(.choice(ThresholdPreview.Missing.allCases.map(\.rawValue))),
      "Why there is nothing to say."),
    .init("dimensions", .anyObject, "Series that were tried."),
    .init("values", .anyObject, "What was tried, by threshold."),
    .init("from_ms", .nullable(.integer), "What is judged."), .init("to_ms", .nullable(.integer)),
    .init("windows", .nullable(.integer)),
    .init("stored", .nullable(outcomeOfPreview), "What did happen."),
    .init("again", .nullable(outcomeOfPreview), "The same approximation with what held then."),
    .init("tried", .nullable(outcomeOfPreview), "What these values would have done."),
    .init(
      "command", .string,
      "Gives the exact answer; PIPELINE.yaml stands for a pipeline file that is not known."),
  ])

  private static func preview(_ asked: Asked) throws -> Answer {
    let rule = try ThresholdsPage.rule(asked)
    var wish = PreviewWish(rule: rule.rule)
    wish.span = asked.text("span").flatMap(PreviewSpan.init)
    wish.dimensions = try ThresholdsPage.dimensions(asked, rule)
    for part in (asked.text("set") ?? "").split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      let name = pair.first.map(String.init) ?? ""
      guard let threshold = rule.thresholds.first(where: { $0.name == name }), pair.count == 2,
        let value = Double(pair[1]), value.isFinite
      else {
        throw Problem.badRequest(
          "'\(part.prefix(64))' is no value of a threshold of \(rule.rule)",
          whatToDo: "Write set=NAME=VALUE, with a threshold of the rule")
      }
      try ThresholdsPage.check(value, threshold)
      wish.values[name] = value
    }
    do {
      return json(wish, try ThresholdPreview(wish, rule, asked), nil, rule, asked)
    } catch ThresholdPreview.Missing.tooMuch {
      throw Problem(
        .serviceUnavailable, "judging \(asked.text("span") ?? "what is usual") takes too long",
        whatToDo: "Ask for less, as `span=1d` or `span=7d`; `weir backtest` takes any range")
    } catch let missing as ThresholdPreview.Missing {
      return json(wish, nil, missing, rule, asked)
    }
  }

  private static func json(
    _ wish: PreviewWish, _ preview: ThresholdPreview?, _ missing: ThresholdPreview.Missing?,
    _ rule: RuleRow, _ asked: Asked
  ) -> Answer {
    let values =
      preview?.values.map { ($0.threshold, $0.tried) }
      ?? rule.thresholds.map { ($0, wish.values[$0.name] ?? $0.standard) }
    let command = BacktestCommandText.of(
      rule.rule, values, range: preview?.source.range, asked)
    return .json(
      .object([
        ("rule", .string(rule.rule)), ("approximate", .boolean(true)),
        ("missing", .optional(missing?.rawValue)),
        ("dimensions", .raw(asked.dimensions(wish.dimensions))),
        ("values", .object(values.map { ($0.0.name, .number($0.1)) })),
        ("from_ms", .time(preview?.source.range.lowerBound)),
        ("to_ms", .time(preview?.source.range.upperBound)),
        ("windows", .optional(preview?.source.windows)),
        ("stored", outcome(preview?.stored, asked)),
        ("again", outcome(preview?.again, asked)), ("tried", outcome(preview?.tried, asked)),
        ("command", .string(command)),
      ]))
  }

  private static func outcome(_ outcome: ThresholdPreview.Outcome?, _ asked: Asked) -> JSON {
    guard let outcome else { return .null }
    return .object([
      ("alerts", .integer(Int64(outcome.firings.count))),
      ("open_before", .integer(Int64(outcome.before.count))),
      ("firing_ms", .integer(outcome.totalMs)),
      (
        "firings",
        .array(
          outcome.firings.suffix(1_000).map { firing in
            .object([
              ("dimensions", .raw(asked.dimensions(firing.dimensions))),
              ("opened_ms", .integer(firing.opened.ms)),
              ("resolved_ms", .time(firing.resolved)),
            ])
          })
      ),
    ])
  }
}

extension Asked {
  /// Where a list goes on; nil: at its beginning. Throws a problem for what is no place.
  func cursor() throws -> Cursor? {
    guard let text = text("cursor") else { return nil }
    guard let cursor = Cursor(text) else {
      throw Problem.badRequest(
        "the cursor is none", whatToDo: "Take `next` of the page before, as it is")
    }
    return cursor
  }
}
