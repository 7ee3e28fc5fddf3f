import Digests
import Notifications
import PipelineSpec
import SnapshotStore
import StreamCore

/// Decides what people are told of what a snapshot holds, and in which words.
///
/// A message's id is a hash of its destination and of what it tells, the same in every run: what a
/// snapshot decides again after a restart, or a replay decides again, is the same row of the
/// outbox.
struct NoticeWriter {
  /// What is known when messages are decided.
  struct Moment {
    var now: WallTime
    /// Silences that hold now.
    var silences: [Silence] = []
    /// Whether nobody is to be told.
    var isReplay = false
    /// What ended by then may have been told by a worker whose files are lost.
    var lost: WallTime?
  }

  let pipeline: String
  let options: NotifyOptions
  let destinations: [String: Destination]
  /// How long after the end of a window each alert can judge it, in milliseconds of event time.
  private let judgingDelaysMs: [String: Int64]

  init(_ pipeline: Pipeline) {
    self.pipeline = pipeline.plan.name
    let stages = StagePlan(pipeline.plan, keyed: Worker.isKeyed(pipeline.plan))
    judgingDelaysMs = Dictionary(
      pipeline.plan.alerts.map { ($0.name, stages.judgingDelayMs(of: $0)) }
    ) { first, _ in first }
    options = pipeline.notify
    destinations = Dictionary(
      uniqueKeysWithValues: pipeline.notify.destinations.map {
        ($0.name, Destination($0, zone: pipeline.plan.zone))
      })
  }

  /// Something that people are told.
  struct Told {
    var notice: Notice
    /// What it is about, in every run: messages of one subject and event are sent once.
    var subject: String
    /// Whether only those who keep a record of their own are told.
    var isForMachines: Bool
  }

  /// What the transitions in `rows` tell, in their order.
  func notices(of rows: ResultRows, at now: WallTime) -> [Told] {
    var told: [Told] = []
    let alerts = Dictionary(rows.alerts.map { ($0.alertID, $0) }) { $1 }
    let confirmed = Set(
      rows.alertTransitions.filter { $0.status == .final && $0.to == .firing }.map {
        alerts[$0.alertID].map(Self.subject) ?? $0.alertID
      })
    for transition in rows.alertTransitions {
      guard let row = alerts[transition.alertID],
        let notice = notice(of: transition, row, confirmed: confirmed, at: now)
      else { continue }
      told.append(Told(notice: notice, subject: Self.subject(row), isForMachines: false))
    }
    let findings = Dictionary(rows.findings.map { ($0.findingID, $0) }) { $1 }
    for transition in rows.findingTransitions {
      guard let row = findings[transition.findingID] else { continue }
      told.append(
        Told(
          notice: notice(of: transition, row, at: now), subject: row.announcedAs ?? row.findingID,
          isForMachines: transition.kind == .closed))
    }
    return told
  }

  /// What a provisional alert and the final one of the same windows have in common: people are told
  /// of both once.
  static func subject(_ row: AlertRow) -> String {
    "\(row.rule) \(row.windowStart.ms) \(row.dimensions)"
  }

  // MARK: - Notices

  private func notice(
    of transition: AlertTransition, _ row: AlertRow, confirmed: Set<String>, at now: WallTime
  ) -> Notice? {
    let event: Notice.Event
    switch (transition.from, transition.to) {
    case (.inactive, .firing), (.pending, .firing): event = .firing
    case (_, .resolved):
      // A provisional alert that the final one takes over has not ended.
      if transition.status == .provisional, confirmed.contains(Self.subject(row)) { return nil }
      event = .resolved
    default: return nil
    }
    var notice = base(
      event, .alert, id: row.alertID, rule: row.rule, dimensions: row.dimensions,
      value: transition.value, thresholds: transition.thresholds, now: now)
    notice.windowStartMs = transition.windowStart.ms
    notice.windowEndMs = transition.windowEnd.ms
    notice.isProvisional = transition.status == .provisional
    notice.explanation = ExplanationText.lines(row.explanation)
    return notice
  }

  private func notice(
    of transition: FindingTransition, _ row: FindingRow, at now: WallTime
  ) -> Notice {
    let event: Notice.Event
    switch transition.kind {
    case .opened, .confirmed, .moved: event = .firing
    case .withdrawn, .closed: event = .resolved
    }
    var entity = Array("{".utf8)
    CanonicalJSON.append(string: row.entityKind, to: &entity)
    entity.append(UInt8(ascii: ":"))
    CanonicalJSON.append(string: row.entity, to: &entity)
    entity.append(UInt8(ascii: "}"))
    var notice = base(
      event, .risk, id: row.findingID, rule: row.rule,
      dimensions: String(decoding: entity, as: UTF8.self), value: nil, thresholds: row.figures,
      now: now)
    notice.windowStartMs = row.opened.ms
    notice.windowEndMs = transition.at.ms
    notice.isProvisional = row.status == .provisional
    if transition.kind == .withdrawn { notice.explanation = ["withdrawn: settled otherwise"] }
    return notice
  }

  /// A notice about a health rule.
  func notice(of change: HealthMonitor.Change, id: String, at now: WallTime) -> Notice {
    var notice = base(
      change.isFiring ? .firing : .resolved, .health, id: id, rule: "health.\(change.rule)",
      dimensions: change.dimensions, value: change.value,
      thresholds: #"{"limit":\#(change.threshold)}"#, now: now)
    notice.windowStartMs = change.since.ms
    notice.windowEndMs = now.ms
    return notice
  }

  /// A notice that a finding goes on.
  func reminder(of row: FindingRow, at now: WallTime) -> Notice {
    notice(
      of: FindingTransition(
        findingID: row.findingID, rule: row.rule, at: row.opened, kind: .opened), row, at: now)
  }

  /// A notice that an alert goes on.
  func reminder(of row: AlertRow, at now: WallTime) -> Notice {
    var notice = base(
      .firing, .alert, id: row.alertID, rule: row.rule, dimensions: row.dimensions,
      value: row.value, thresholds: row.thresholds, now: now)
    notice.windowStartMs = row.windowStart.ms
    notice.windowEndMs = row.windowEnd.ms
    notice.isProvisional = row.status == .provisional
    notice.explanation = ExplanationText.lines(row.explanation)
    return notice
  }

  /// One notice of everything that began while nobody could be told in time and goes on, and of
  /// what `ended` then.
  func summary(of notices: [Notice], ended: [WithheldEnd] = [], at now: WallTime) -> Notice? {
    guard let id = notices.first?.id ?? ended.first?.id,
      let rule = notices.first?.rule ?? ended.first?.rule
    else { return nil }
    let kind = notices.first?.kind ?? .alert
    var notice = base(
      .summary, kind, id: id, rule: rule, dimensions: "{}", value: nil, thresholds: "{}", now: now)
    let severities = notices.map(\.severity) + ended.map { policy(of: $0.rule).severity }
    notice.severity = severities.max { Self.rank($0) < Self.rank($1) } ?? notice.severity
    let ends = ended.map(\.ended.ms)
    notice.windowStartMs = (notices.map(\.windowStartMs) + ends).min() ?? now.ms
    notice.windowEndMs = (notices.map(\.windowEndMs) + ends).max() ?? now.ms
    notice.lines =
      notices.map { "\($0.severity) \($0.rule) \($0.dimensions)" }
      + ended.map { "resolved \($0.rule) \($0.dimensions)" }
    return notice
  }

  /// The id of an alert of a health rule.
  func healthID(_ change: HealthMonitor.Change) -> String {
    let parts = [pipeline, "health", change.rule, change.dimensions, String(change.since.ms)]
    return String(Hex.text(SHA256Digest.of(parts.joined(separator: "\u{0}").utf8)).prefix(32))
  }

  private static func rank(_ severity: String) -> Int {
    ["info", "warning", "critical"].firstIndex(of: severity) ?? 1
  }

  private func base(
    _ event: Notice.Event, _ kind: Notice.Kind, id: String, rule: String, dimensions: String,
    value: Double?, thresholds: String, now: WallTime
  ) -> Notice {
    let policy = policy(of: rule)
    var notice = Notice(
      messageID: "", event: event, kind: kind, id: id, pipeline: pipeline, rule: rule,
      severity: policy.severity, dimensions: dimensions, value: value, thresholds: thresholds,
      windowStartMs: 0, windowEndMs: 0, decidedWallMs: now.ms)
    notice.owner = policy.owner
    notice.runbook = policy.runbook
    notice.summary = policy.summary
    notice.labels = policy.labels
    return notice
  }

  /// How people are told of a rule.
  func policy(of rule: String) -> RulePolicy {
    options.policies[rule] ?? (rule.hasPrefix("health.") ? options.health.policy : RulePolicy())
  }

  // MARK: - Messages

  /// A message of `notice` for each of its rule's destinations, or of `sinks`.
  ///
  /// `subject` is what it tells of, in every run; `ordinal` tells repetitions apart.
  func messages(
    _ notice: Notice, subject: String, ordinal: Int = 0, sinks: [String]? = nil,
    at moment: Moment, machinesOnly: Bool = false
  ) -> [OutboxMessage] {
    (sinks ?? policy(of: notice.rule).notify).compactMap { name in
      guard let destination = destinations[name] else { return nil }
      if machinesOnly, ![.webhook, .alertmanager, .kafka].contains(destination.kind) { return nil }
      var notice = notice
      notice.messageID = Self.messageID(name, notice, subject, ordinal)
      return OutboxMessage(
        messageID: notice.messageID, sink: name, event: notice.event.rawValue,
        subjectID: notice.id, rule: notice.rule,
        payload: MessageText.payload(of: notice, for: destination),
        decided: notice.kind == .health ? nil : EventTime(ms: notice.windowEndMs),
        decidedWall: moment.now, state: state(of: notice, at: moment),
        nextAttemptWall: moment.now)
    }
  }

  private static func messageID(
    _ sink: String, _ notice: Notice, _ subject: String, _ ordinal: Int
  ) -> String {
    let parts = [
      notice.pipeline, sink, notice.kind.rawValue, notice.event.rawValue, subject,
      String(ordinal),
    ]
    return String(Hex.text(SHA256Digest.of(parts.joined(separator: "\u{0}").utf8)).prefix(32))
  }

  private func state(of notice: Notice, at moment: Moment) -> OutboxState {
    if moment.isReplay { return .suppressedReplay }
    if moment.silences.contains(where: {
      $0.covers(rule: notice.rule, dimensions: notice.dimensions)
    }) {
      return .suppressedSilenced
    }
    let isDated = notice.kind != .health && [.firing, .resolved].contains(notice.event)
    // What nobody could have known before is not late for that.
    let knownMs = notice.windowEndMs + (judgingDelaysMs[notice.rule] ?? 0)
    let isStale = isDated && moment.now.ms - knownMs > options.withinMs
    let mayBeTold = isDated && notice.windowEndMs <= moment.lost?.ms ?? Int64.min
    return isStale || mayBeTold ? .suppressedStale : .pending
  }
}

extension Destination {
  /// A destination as the pipeline file gives it.
  init(_ destination: NotifyDestination, zone: Zone) {
    self.init(
      name: destination.name, kind: Kind(rawValue: destination.kind.rawValue) ?? .log,
      target: destination.target, secret: destination.secret,
      language: Language(rawValue: destination.language.rawValue) ?? .en,
      timeoutMs: destination.timeoutMs, attemptsMax: destination.attemptsMax,
      perMinute: destination.perMinute, zone: zone)
  }
}
