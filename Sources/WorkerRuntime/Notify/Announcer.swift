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
    /// Facts for the manifest.
    var manifest: [String: String] = [:]
  }

  /// Something that people were told of and that goes on.
  private struct Announced {
    var notice: Notice
    var since: WallTime
    var repeats = 0
    var isEscalated = false
    /// Whether it was too old to be told of when it was decided.
    var isStale = false
    /// Repetitions and escalations up to this number may have been sent by a worker whose files are
    /// lost.
    var ordinalBase = 0
  }

  let writer: NoticeWriter
  private let results: ResultsFile
  private var monitor: HealthMonitor?
  /// Alerts of health rules that fire, by rule and dimensions.
  private var healthAlerts: [String: AlertRow] = [:]
  /// By what it is in every run.
  private var announced: [String: Announced] = [:]
  private var nextReminder = WallTime(ms: 0)
  private var delivery: MessageDelivery?
  private let isReplay: Bool
  /// The loss that these files were restored from, if they were.
  private(set) var restored: RestoredFile?
  /// When an earlier life told together last what had been too late to be told.
  private let toldTogether: WallTime?

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
    restored = results.resume.flatMap { RestoredFile($0.manifest) }
    toldTogether = try results.lastDecided(Notice.Event.summary.rawValue)
    monitor = isLive && !isReplay ? HealthMonitor(pipeline.notify.health) : nil
    try adoptAlerts()
    if pipeline.plan.risks.contains(where: { repeats($0.name) }) { try adoptFindings() }
    // Last of all: it has to be stopped, and whoever gets an error has nothing to stop.
    if !isReplay, !pipeline.notify.destinations.isEmpty {
      delivery = MessageDelivery(pipeline, results: results, log: log)
    }
  }

  /// Whether people are told of a rule more than once.
  private func repeats(_ rule: String) -> Bool {
    let policy = writer.policy(of: rule)
    return policy.repeatEveryMs != nil || policy.escalateAfterMs != nil
  }

  private func adoptAlerts() throws {
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
  }

  private func adoptFindings() throws {
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
    let decided = first.message.decidedWall
    let wasStale = first.message.state == .suppressedStale
    let together = toldTogether.flatMap { wasStale && $0 >= decided ? $0 : nil }
    // What was sent after the backup is not known; it is counted from the message about all.
    let since = [decided, restored?.told, together].compactMap(\.self).max() ?? decided
    let count = { (event: Notice.Event) in
      Set(
        told.filter { $0.message.event == event.rawValue && $0.message.decidedWall >= since }
          .map(\.message.decidedWall)
      ).count
    }
    var isStale = wasStale && together == nil
    if let restored {
      isStale = try isUntold(notice, first, restored, together)
    }
    announced[subject] = Announced(
      notice: notice, since: since, repeats: count(.repeated), isEscalated: count(.escalated) > 0,
      isStale: isStale, ordinalBase: ordinalBase(notice))
  }

  /// Whether something that fires in a restored file belongs into the message about all: nobody
  /// knows whether it was told, or who was told after that.
  private func isUntold(
    _ notice: Notice, _ first: OutboxRow, _ restored: RestoredFile, _ together: WallTime?
  ) throws -> Bool {
    if let told = restored.told {
      return together == nil && first.message.state == .suppressedStale
        && first.message.decidedWall > told
    }
    if first.message.state == .suppressedStale { return true }
    guard repeats(notice.rule) else { return false }
    return try results.acknowledgements(of: [notice.id])[notice.id] == nil
  }

  /// Above the number of every repetition that a worker before the loss can have sent.
  private func ordinalBase(_ notice: Notice) -> Int {
    guard let restored, notice.kind != .health, notice.windowStartMs <= restored.lost.ms else {
      return 0
    }
    let every = writer.policy(of: notice.rule).repeatEveryMs ?? Int64.max
    return Int(clamping: (restored.lost.ms - notice.windowStartMs) / every) + 1
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
    let moment = NoticeWriter.Moment(
      now: now, silences: silences, isReplay: isReplay, lost: restored?.lost)
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
        isStale: messages.contains { $0.state == .suppressedStale },
        ordinalBase: ordinalBase(told.notice))
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
    let isUntold = restored.map { $0.told == nil } ?? false
    guard moment.now >= nextReminder, !announced.isEmpty || isUntold else { return }
    nextReminder = WallTime(ms: moment.now.ms + Self.reminderEveryMs)
    if isCaughtUp {
      let stale = announced.filter(\.value.isStale).keys.sorted()
      let ended = isUntold ? try endedMeanwhile() : []
      if !stale.isEmpty || !ended.isEmpty { tellTogether(stale, ended, moment, &decision) }
      if isUntold {
        restored?.told = moment.now
        decision.manifest[ManifestKey.restoredToldWallMs] = "\(moment.now.ms)"
      }
    }
    let waiting = announced.filter { _, told in
      !told.isStale && repeats(told.notice.rule)
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
        notice, subject: subject, ordinal: told.ordinalBase + told.repeats, at: moment)
    }
    if let after = policy.escalateAfterMs, !told.isEscalated, passedMs >= after {
      told.isEscalated = true
      notice.event = .escalated
      decision.messages += writer.messages(
        notice, subject: subject, ordinal: told.ordinalBase, sinks: policy.escalateTo, at: moment)
    }
    announced[subject] = told
  }

  /// What ended before the loss, so late that it would have been told, and may not have been.
  private func endedMeanwhile() throws -> [WithheldEnd] {
    guard let restored else { return [] }
    return try results.withheldEnds(
      decidedSince: restored.at,
      endedSince: EventTime(ms: restored.lost.ms - writer.options.withinMs))
  }

  /// One message for each destination of all alerts that fire still, and of those that `ended`
  /// while nobody could be told in time.
  private func tellTogether(
    _ subjects: [String], _ ended: [WithheldEnd], _ moment: NoticeWriter.Moment,
    _ decision: inout Decision
  ) {
    var bySink: [String: (firing: [Notice], ended: [WithheldEnd])] = [:]
    for subject in subjects {
      guard let told = announced[subject] else { continue }
      for sink in writer.policy(of: told.notice.rule).notify {
        bySink[sink, default: ([], [])].firing.append(told.notice)
      }
      announced[subject]?.isStale = false
      announced[subject]?.since = moment.now
      announced[subject]?.repeats = 0
      announced[subject]?.isEscalated = false
    }
    for end in ended {
      for sink in writer.policy(of: end.rule).notify {
        bySink[sink, default: ([], [])].ended.append(end)
      }
    }
    for (sink, told) in bySink.sorted(by: { $0.key < $1.key }) {
      guard let notice = writer.summary(of: told.firing, ended: told.ended, at: moment.now) else {
        continue
      }
      let subject = (told.firing.map(\.id) + told.ended.map(\.id)).joined(separator: " ")
      decision.messages += writer.messages(notice, subject: subject, sinks: [sink], at: moment)
    }
  }
}

/// What the manifest of a file says that was restored from a backup.
struct RestoredFile {
  /// When it was restored.
  var at: WallTime
  /// When the files before it were lost: what ended by then may have been told.
  var lost: WallTime
  /// When the message about all of it was decided; nil before.
  var told: WallTime?

  /// Reads it; nil of a file that was not restored.
  init?(_ manifest: [String: String]) {
    let time = { (key: String) in manifest[key].flatMap(Int64.init).map(WallTime.init(ms:)) }
    guard let at = time(ManifestKey.restoredWallMs) else { return nil }
    self.at = at
    lost = time(ManifestKey.restoredLostWallMs) ?? at
    told = time(ManifestKey.restoredToldWallMs)
  }
}
