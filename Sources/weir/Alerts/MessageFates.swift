import SnapshotStore
import StreamCore

/// What became of messages about an alert or a finding, in words, and which would come next.
struct MessageFates {
  /// A message, as it is shown.
  struct Line: Encodable {
    var id: String
    var destination: String
    var event: String
    var decided: String
    var state: String
    var attempts: Int
    var delivered: String?
    var error: String?
    var nextAttempt: String?
    /// Why it was sent or not, in words.
    var what: String
  }

  /// How people are told of a rule, from its definition.
  private struct Policy {
    var notify: [String] = []
    var repeatEveryMs: Int64?
    var repeatMax = 0
    var escalateAfterMs: Int64?
    var escalateTo: [String] = []

    init(_ rule: RuleRow) {
      let facts = Dimensions.read(rule.definition).mapValues(\.description)
      let words = { (name: String) in (facts[name] ?? "").split(separator: " ").map(String.init) }
      notify = words("notify")
      repeatEveryMs = facts["repeat_every_ms"].flatMap(Int64.init)
      repeatMax = facts["repeat_max"].flatMap(Int.init) ?? 0
      escalateAfterMs = facts["escalate_after_ms"].flatMap(Int64.init)
      escalateTo = words("escalate_to")
    }
  }

  let story: SubjectStory
  let source: ReportSource
  let now: WallTime
  /// Messages about it, also under the id that it was announced as.
  let messages: [OutboxRow]
  /// A summary that told of it together with others.
  private let summary: OutboxRow?

  init(_ story: SubjectStory, _ source: ReportSource, now: WallTime) throws {
    (self.story, self.source, self.now) = (story, source, now)
    let rule = story.alert?.rule ?? story.finding?.rule ?? ""
    let ids = try Self.otherIDs(story, source)
    var query = OutboxQuery()
    query.limit = .max
    query.rule = rule
    messages =
      story.messages
      + (ids.isEmpty
        ? []
        : try source.reader.outbox(query).reversed().filter { ids.contains($0.message.subjectID) })
    summary = try Self.summary(of: story, messages, source)
  }

  /// People are told once of a provisional alert and the final one of its windows, and of a finding
  /// that settling has moved: under the id of the first.
  private static func otherIDs(_ story: SubjectStory, _ source: ReportSource) throws -> Set<String>
  {
    if let announced = story.finding?.announcedAs { return [announced] }
    guard let alert = story.alert else { return [] }
    var query = AlertQuery()
    (query.rule, query.kind, query.limit) = (alert.rule, alert.kind, .max)
    query.from = alert.windowStart
    query.to = EventTime(ms: alert.windowStart.ms + 1)
    let others = try source.reader.alerts(query).map(\.alert)
      .filter { $0.dimensions == alert.dimensions && $0.alertID != alert.alertID }
    return Set(others.map(\.alertID))
  }

  /// What was too old to be told of by itself is told with everything else that still fires.
  private static func summary(
    of story: SubjectStory, _ messages: [OutboxRow], _ source: ReportSource
  ) throws -> OutboxRow? {
    guard let alert = story.alert,
      let stale = messages.first(where: { $0.message.state == .suppressedStale })
    else { return nil }
    let words = "\(alert.severity) \(alert.rule) "
    var query = OutboxQuery()
    query.limit = .max
    return try source.reader.outbox(query).last {
      $0.message.event == "summary" && $0.message.decidedWall >= stale.message.decidedWall
        && $0.message.payload.contains(words)
    }
  }

  // MARK: - What became of them

  /// In the order of decision.
  var lines: [Line] {
    (messages
      + (summary.map { summary in
        messages.contains(summary) ? [] : [summary]
      } ?? [])).map(line)
  }

  private func line(_ row: OutboxRow) -> Line {
    let message = row.message
    return Line(
      id: message.messageID, destination: message.sink, event: message.event,
      decided: source.text(message.decidedWall), state: message.state.rawValue,
      attempts: row.attempts, delivered: row.deliveredWall.map(source.text), error: row.lastError,
      nextAttempt: message.state == .pending ? source.text(message.nextAttemptWall) : nil,
      what: what(row))
  }

  private func what(_ row: OutboxRow) -> String {
    let tries = Terminal.count(Int64(row.attempts), "attempt")
    let error = row.lastError.map { ": \($0)" } ?? ""
    switch row.message.state {
    case .delivered:
      return "delivered \(row.deliveredWall.map(source.text) ?? ""), \(tries)"
    case .pending where row.attempts == 0:
      return row.message.nextAttemptWall <= now
        ? "waits for its turn; a running worker sends it"
        : "waits until \(source.text(row.message.nextAttemptWall))"
    case .pending:
      return "\(tries) failed, the next not before \(source.text(row.message.nextAttemptWall))"
        + error
    case .dead:
      return "given up after \(tries)\(error); `weir outbox retry \(source.path) "
        + "\(row.message.messageID.prefix(SubjectLine.idLength))` sends it again"
    case .suppressedStale:
      return "not sent: what it tells ended longer ago than notify_within when it was decided"
    case .suppressedSilenced: return "not sent: " + silence(at: row.message.decidedWall)
    case .suppressedReplay: return "not sent: a replay tells nobody"
    }
  }

  private func silence(at time: WallTime) -> String {
    guard let silence = story.silences.first(where: { $0.holds(at: time) }) else {
      return "the rule was silenced"
    }
    return "silence \(silence.id) by \(silence.createdBy)"
  }

  // MARK: - What comes next

  /// Which messages would come, each in a sentence.
  var next: [String] {
    guard let rule = story.rule else {
      return ["none: the pipeline has this rule no more"]
    }
    let policy = Policy(rule)
    guard !policy.notify.isEmpty else {
      return ["none: the rule names nobody under `notify` in the pipeline file"]
    }
    let everybody = policy.notify.joined(separator: ", ")
    if isOver { return ["none: it is over"] }
    guard hasFired else { return ["to \(everybody) as soon as it fires"] }
    var lines: [String] = []
    if let seen = story.acknowledgements.first {
      lines.append(
        "not repeated and not escalated: \(seen.by) acknowledged it at "
          + source.text(seen.acknowledged))
    } else {
      lines = reminders(policy)
    }
    lines.append("to \(everybody) when it ends")
    if let silence = story.silences.first(where: { $0.holds(at: now) }) {
      let end = silence.until.map { "before \(source.text($0))" } ?? "until somebody ends it"
      lines.append("but nothing is sent \(end): silence \(silence.id) by \(silence.createdBy)")
    }
    return lines
  }

  private var isOver: Bool {
    if let alert = story.alert { return alert.state == .resolved || alert.state == .inactive }
    return story.finding.map { $0.closed != nil || $0.status == .withdrawn } ?? true
  }

  private var hasFired: Bool { story.alert.map { $0.state != .pending } ?? true }

  private func reminders(_ policy: Policy) -> [String] {
    guard policy.repeatEveryMs != nil || policy.escalateAfterMs != nil else {
      return ["not repeated and not escalated: the rule has no `repeat` and no `escalate`"]
    }
    guard let first = messages.first(where: { $0.message.event == "firing" })?.message else {
      return ["nobody has been told yet that it fires"]
    }
    if first.state == .suppressedStale, summary == nil {
      return [
        "to \(policy.notify.joined(separator: ", ")), together with what else fires, "
          + "when the worker has caught up"
      ]
    }
    let since = (summary?.message.decidedWall ?? first.decidedWall).ms
    var lines: [String] = []
    if let every = policy.repeatEveryMs {
      let said = Set(messages.filter { $0.message.event == "repeated" }.map(\.message.decidedWall))
        .count
      lines.append(
        said >= policy.repeatMax
          ? "not repeated any more: it has been \(said) times, as often as `repeat` says"
          : "repeated to \(policy.notify.joined(separator: ", ")) "
            + due(since + every * Int64(said + 1)) + ", unless it is acknowledged; repetition "
            + "\(said + 1) of at most \(policy.repeatMax)")
    }
    if let after = policy.escalateAfterMs {
      let names = policy.escalateTo.joined(separator: ", ")
      let told = messages.first { $0.message.event == "escalated" }
      lines.append(
        told.map { "escalated to \(names) \(source.text($0.message.decidedWall)), once" }
          ?? "escalated to \(names) \(due(since + after)), unless it is acknowledged")
    }
    return lines
  }

  private func due(_ ms: Int64) -> String {
    ms <= now.ms ? "now, where a worker runs" : "at \(source.text(WallTime(ms: ms)))"
  }
}
