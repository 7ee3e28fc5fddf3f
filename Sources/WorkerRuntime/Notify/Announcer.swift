import Digests
import Notifications
import PipelineSpec
import SnapshotStore
import StreamCore

/// Decides with each snapshot what people are told, and has it delivered.
///
/// Owned by the coordinator. What it decides is stored with the snapshot that it is about;
/// delivering goes on beside it and never holds the stream up.
final class Announcer {
  /// What goes into a snapshot.
  struct Decision {
    var messages: [OutboxMessage] = []
    /// Alerts of health rules that changed.
    var health: [AlertRow] = []
  }

  /// Something that people were told of and that goes on.
  private struct Announced {
    var notice: Notice
    var since: WallTime
    var repeats = 0
    var isEscalated = false
    /// Whether it was too old to be told of when it was decided.
    var isStale = false
  }

  let writer: NoticeWriter
  private let results: ResultsFile
  private var monitor: HealthMonitor?
  /// Alerts of health rules that fire, by rule and dimensions.
  private var healthAlerts: [String: AlertRow] = [:]
  /// By what it is in every run.
  private var announced: [String: Announced] = [:]
  private var nextReminder = WallTime(ms: 0)
  private let delivery: MessageDelivery?
  private let isReplay: Bool

  /// How often it is asked who has acknowledged what.
  private static let reminderEveryMs: Int64 = 1_000

  /// Takes over what an earlier life left. With `isLive` the worker itself is watched.
  init(
    _ pipeline: Pipeline, results: ResultsFile, isLive: Bool, isReplay: Bool = false,
    log: Log
  ) throws {
    writer = NoticeWriter(pipeline)
    self.results = results
    self.isReplay = isReplay
    monitor = isLive && !isReplay ? HealthMonitor(pipeline.notify.health) : nil
    delivery =
      isReplay || pipeline.notify.destinations.isEmpty
      ? nil : MessageDelivery(pipeline, results: results, log: log)
    for row in try results.firingAlerts() {
      if row.kind == .health {
        healthAlerts[row.rule + row.dimensions] = row
        monitor?.adopt(
          rule: String(row.rule.dropFirst("health.".count)), dimensions: row.dimensions,
          since: WallTime(ms: row.windowStart.ms))
      } else {
        try adopt(
          writer.reminder(of: row, at: WallTime(ms: 0)), as: NoticeWriter.subject(row),
          told: [row.alertID])
      }
    }
    let repeats = pipeline.plan.risks.contains { risk in
      let policy = writer.policy(of: risk.name)
      return policy.repeatEveryMs != nil || policy.escalateAfterMs != nil
    }
    guard repeats else { return }
    for row in try results.findings(since: .distantFuture) {
      let id = row.announcedAs ?? row.findingID
      let notice = writer.reminder(of: row, at: WallTime(ms: 0))
      try adopt(notice, as: id, told: [id, row.findingID])
    }
  }

  /// Goes on with something of which an earlier life told under `ids`.
  private func adopt(_ notice: Notice, as subject: String, told ids: Set<String>) throws {
    let told = try ids.sorted().flatMap { try results.messages(about: $0) }
    guard let first = told.first(where: { $0.message.event == Notice.Event.firing.rawValue }) else {
      return
    }
    let count = { (event: Notice.Event) in
      Set(told.filter { $0.message.event == event.rawValue }.map(\.message.decidedWall)).count
    }
    announced[subject] = Announced(
      notice: notice, since: first.message.decidedWall, repeats: count(.repeated),
      isEscalated: count(.escalated) > 0,
      isStale: first.message.state == .suppressedStale && count(.summary) == 0)
  }

  /// Whether the worker itself is watched.
  var watchesHealth: Bool { monitor != nil }

  /// When the oldest message was decided that still waits.
  func oldestUndelivered() throws -> WallTime? {
    guard delivery != nil else { return nil }
    return try results.outboxDepth().filter { $0.state == .pending }.map(\.oldest).min()
  }

  /// Begins to deliver what waits.
  func start() { delivery?.start() }

  /// Says that the snapshot with the last decision is committed.
  func committed(_ decision: Decision) { if !decision.messages.isEmpty { delivery?.wake() } }

  /// Stops delivering; with `draining` waits a while for what is due.
  func stop(draining: Bool) { delivery?.stop(draining: draining) }

  /// What a snapshot of `rows` tells people.
  ///
  /// - Parameters:
  ///   - sample: How the worker does; nil: it is not judged.
  ///   - isCaughtUp: Whether what is judged now is of now.
  func decide(
    _ rows: ResultRows, sample: HealthMonitor.Sample?, isCaughtUp: Bool, now: WallTime
  ) throws -> Decision {
    let silences = writer.destinations.isEmpty ? [] : try results.silences(at: now)
    let moment = NoticeWriter.Moment(now: now, silences: silences, isReplay: isReplay)
    var decision = Decision()
    for told in writer.notices(of: rows, at: now) {
      let messages = writer.messages(
        told.notice, subject: told.subject, at: moment, machinesOnly: told.isForMachines)
      decision.messages += messages
      note(told, messages, now)
    }
    if let sample { judge(sample, moment, &decision) }
    if !isReplay { try remind(moment, isCaughtUp: isCaughtUp, &decision) }
    return decision
  }

  private func note(_ told: NoticeWriter.Told, _ messages: [OutboxMessage], _ now: WallTime) {
    switch told.notice.event {
    case .resolved: announced[told.subject] = nil
    case .firing where announced[told.subject] != nil:
      // Settled, or moved: it goes on under its final id.
      announced[told.subject]?.notice = told.notice
    case .firing where !messages.isEmpty:
      announced[told.subject] = Announced(
        notice: told.notice, since: now,
        isStale: messages.contains { $0.state == .suppressedStale })
    default: break
    }
  }

  // MARK: - Health

  private func judge(
    _ sample: HealthMonitor.Sample, _ moment: NoticeWriter.Moment, _ decision: inout Decision
  ) {
    for change in monitor?.judge(sample) ?? [] {
      let rule = "health.\(change.rule)"
      let key = rule + change.dimensions
      var row =
        healthAlerts[key]
        ?? AlertRow(
          alertID: writer.healthID(change), rule: rule, dimensions: change.dimensions,
          state: .firing, severity: writer.policy(of: rule).severity,
          owner: writer.policy(of: rule).owner, windowStart: EventTime(ms: change.since.ms),
          windowEnd: EventTime(ms: change.since.ms), value: change.value,
          threshold: change.threshold, thresholds: #"{"limit":\#(change.threshold)}"#,
          opened: EventTime(ms: change.since.ms), resolved: nil, explanation: nil, status: .final,
          kind: .health)
      row.state = change.isFiring ? .firing : .resolved
      row.windowEnd = EventTime(ms: max(moment.now.ms, row.windowStart.ms + 1))
      row.value = change.value
      row.resolved = change.isFiring ? nil : row.windowEnd
      healthAlerts[key] = change.isFiring ? row : nil
      decision.health.append(row)
      let notice = writer.notice(of: change, id: row.alertID, at: moment.now)
      let messages = writer.messages(notice, subject: row.alertID, at: moment)
      decision.messages += messages
      note(
        NoticeWriter.Told(notice: notice, subject: row.alertID, isForMachines: false), messages,
        moment.now)
    }
  }

  // MARK: - What goes on

  /// Says again what goes on and nobody has acknowledged, tells others of it, and tells together
  /// what began while it was too late to be told.
  private func remind(
    _ moment: NoticeWriter.Moment, isCaughtUp: Bool, _ decision: inout Decision
  ) throws {
    guard moment.now >= nextReminder, !announced.isEmpty else { return }
    nextReminder = WallTime(ms: moment.now.ms + Self.reminderEveryMs)
    let stale = announced.filter(\.value.isStale).keys.sorted()
    if isCaughtUp, !stale.isEmpty { tellTogether(stale, moment, &decision) }
    let waiting = announced.filter { _, told in
      let policy = writer.policy(of: told.notice.rule)
      return !told.isStale && (policy.repeatEveryMs != nil || policy.escalateAfterMs != nil)
    }.keys.sorted()
    guard !waiting.isEmpty else { return }
    let ids = waiting.compactMap { announced[$0]?.notice.id }
    let acknowledged = try results.acknowledgements(of: ids)
    for (subject, id) in zip(waiting, ids) where acknowledged[id] == nil {
      remind(subject, moment, &decision)
    }
  }

  private func remind(
    _ subject: String, _ moment: NoticeWriter.Moment, _ decision: inout Decision
  ) {
    guard var told = announced[subject] else { return }
    let policy = writer.policy(of: told.notice.rule)
    let passedMs = moment.now.ms - told.since.ms
    var notice = told.notice
    notice.decidedWallMs = moment.now.ms
    if let every = policy.repeatEveryMs, told.repeats < policy.repeatMax,
      passedMs >= every * Int64(told.repeats + 1)
    {
      // What was missed while nothing ran is not made up for.
      told.repeats = min(policy.repeatMax, Int(passedMs / every))
      notice.event = .repeated
      decision.messages += writer.messages(
        notice, subject: subject, ordinal: told.repeats, at: moment)
    }
    if let after = policy.escalateAfterMs, !told.isEscalated, passedMs >= after {
      told.isEscalated = true
      notice.event = .escalated
      decision.messages += writer.messages(
        notice, subject: subject, sinks: policy.escalateTo, at: moment)
    }
    announced[subject] = told
  }

  /// One message for each destination of all alerts that fire still.
  private func tellTogether(
    _ subjects: [String], _ moment: NoticeWriter.Moment, _ decision: inout Decision
  ) {
    var bySink: [String: [Notice]] = [:]
    for subject in subjects {
      guard let told = announced[subject] else { continue }
      for sink in writer.policy(of: told.notice.rule).notify {
        bySink[sink, default: []].append(told.notice)
      }
      announced[subject]?.isStale = false
      announced[subject]?.since = moment.now
    }
    for (sink, notices) in bySink.sorted(by: { $0.key < $1.key }) {
      guard let notice = writer.summary(of: notices, at: moment.now) else { continue }
      decision.messages += writer.messages(
        notice, subject: notices.map(\.id).joined(separator: " "), sinks: [sink], at: moment)
    }
  }
}
