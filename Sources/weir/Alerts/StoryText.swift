import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// Everything about one alert or finding, as it is shown.
struct StoryText: Encodable {
  /// One step of an alert, or something that became known of a finding.
  struct Step: Encodable {
    var at: String
    var to: String
    var window: String?
    var until: String?
    var from: String?
    var value: Double?
    var judged: DimensionValues?
    var samples: Int64?
  }

  struct Seen: Encodable {
    var at: String
    var by: String
    var note: String
  }

  let subject: SubjectLine
  let rule: RuleRow?
  let explanation: [String]
  let steps: [Step]
  let seen: [Seen]
  let verdicts: [VerdictText]
  let silences: [SilenceLine]
  let messages: [MessageFates.Line]
  let next: [String]
  private let state: String

  init(_ story: SubjectStory, _ source: ReportSource, now: WallTime) throws {
    let holding = story.silences.filter { $0.holds(at: now) }
    if let alert = story.alert {
      subject = SubjectLine(
        alert, seen: story.acknowledgements, verdict: story.verdicts.first, silences: holding,
        source)
      steps = story.alertTransitions.map { Self.step($0, source) }
    } else if let finding = story.finding {
      subject = SubjectLine(
        finding, seen: story.acknowledgements, verdict: story.verdicts.first, silences: holding,
        source)
      steps = story.findingTransitions.map {
        Step(at: source.text($0.at), to: $0.kind.rawValue)
      }
    } else {
      throw Refusal("it has just gone", whatToDo: "Look at `weir alerts list`")
    }
    rule = story.rule
    explanation = ExplanationText.lines(story.alert?.explanation)
    seen = story.acknowledgements.map {
      Seen(at: source.text($0.acknowledged), by: $0.by, note: $0.note)
    }
    verdicts = story.verdicts.map { VerdictText($0, source) }
    silences = story.silences.map { SilenceLine($0, source) }
    let fates = try MessageFates(story, source, now: now)
    messages = fates.lines
    next = fates.next
    state = try source.state(zone: source.zone)
  }

  private static func step(_ row: AlertTransition, _ source: ReportSource) -> Step {
    Step(
      at: source.text(row.windowEnd), to: row.to.rawValue, window: source.text(row.windowStart),
      until: source.text(row.windowEnd), from: row.from.rawValue, value: row.value,
      judged: Dimensions.read(row.thresholds), samples: row.samples)
  }

  /// `payment_trouble platform=ios`.
  static func name(_ story: SubjectStory) -> String {
    if let alert = story.alert {
      return TextTable.printable("\(alert.rule) \(RuleText.scope(alert.dimensions))")
    }
    return story.finding.map {
      TextTable.printable("\($0.rule) \($0.entityKind)=\($0.entity)")
    } ?? ""
  }

  // MARK: - JSON

  private enum CodingKeys: String, CodingKey {
    case summary, runbook, condition, explanation, acknowledgements, verdicts, silences, messages,
      next
    case steps = "transitions"
  }

  func encode(to encoder: any Encoder) throws {
    try subject.encode(to: encoder)
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encodeIfPresent(rule?.summary, forKey: .summary)
    try keys.encodeIfPresent(rule?.runbook, forKey: .runbook)
    try keys.encodeIfPresent(condition, forKey: .condition)
    try keys.encode(explanation, forKey: .explanation)
    try keys.encode(steps, forKey: .steps)
    try keys.encode(seen, forKey: .acknowledgements)
    try keys.encode(verdicts, forKey: .verdicts)
    try keys.encode(silences, forKey: .silences)
    try keys.encode(messages, forKey: .messages)
    try keys.encode(next, forKey: .next)
  }

  /// What the rule waits for.
  private var condition: String? {
    guard let rule else { return nil }
    let facts = Dimensions.read(rule.definition)
    let told = ["watch", "when", "clear", "entity", "where", "sequence", "absent", "limit"]
    let parts = told.compactMap { name in facts[name].map { "\(name) \($0)" } }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  // MARK: - Text

  /// For the terminal, ended by a newline.
  var text: String {
    var text =
      TextTable.printable(
        [subject.rule, Dimensions.text(subject.dimensions)].filter { !$0.isEmpty }
          .joined(separator: " ") + ": \(subject.state), "
          + "\(subject.severity)") + "\n"
    text += facts
    text += section("what moved it", explanation)
    text += "\n" + stepsTable
    text += section(
      "acknowledged",
      seen.map { "\($0.at) by \($0.by)\($0.note.isEmpty ? "" : ": \($0.note)")" })
    text += section("what it was", verdicts.map(\.text))
    text += section(
      "silences",
      silences.map { $0.text + ($0.ended.map { "; ended \($0)" } ?? "") })
    text += "\n" + messagesTable
    text += section("next", next)
    return text + "\n\(state)\n"
  }

  private var facts: String {
    var lines: [(String, String?)] = [
      ("id", subject.id), ("about", rule?.summary),
      ("rule", condition), ("began", subject.began), ("fired", subject.opened),
      ("ended", subject.ended), ("value", subject.value.map(MetricLine.shortened)),
      ("judged with", subject.judgedText.isEmpty ? nil : subject.judgedText),
      ("owner", subject.owner), ("runbook", rule?.runbook),
      ("now", subject.marks.isEmpty ? nil : subject.marks),
    ]
    if rule == nil { lines.append(("note", "the pipeline has this rule no more")) }
    return lines.compactMap { name, value in
      value.map {
        "  \(name)\(String(repeating: " ", count: 13 - name.count))\(TextTable.printable($0))\n"
      }
    }.joined()
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    lines.isEmpty
      ? "" : "\n\(title)\n" + lines.map { "  \(TextTable.printable($0))\n" }.joined()
  }

  private var stepsTable: String {
    let isAlert = steps.contains { $0.window != nil }
    var table =
      isAlert
      ? TextTable([
        ("window", .left), ("until", .left), ("from", .left), ("to", .left), ("value", .right),
        ("samples", .right), ("judged with", .left),
      ]) : TextTable(["at", "what became known"])
    for step in steps {
      guard isAlert else {
        table.add([step.at, step.to])
        continue
      }
      let judged = (step.judged ?? [:]).sorted { $0.key < $1.key }
      table.add([
        step.window ?? "", step.until ?? "", step.from ?? "", step.to,
        step.value.map(MetricLine.shortened) ?? "no data", step.samples.map { "\($0)" } ?? "",
        judged.map { "\($0.key)=\($0.value)" }.joined(separator: " "),
      ])
    }
    return "what it did\n"
      + (steps.isEmpty ? "  nothing that is kept\n" : table.text(indent: 2))
  }

  private var messagesTable: String {
    guard !messages.isEmpty else { return "messages\n  none was decided\n" }
    var table = TextTable(["destination", "event", "decided", "what became of it"])
    for line in messages { table.add([line.destination, line.event, line.decided, line.what]) }
    return "messages\n" + table.text(indent: 2)
  }
}
