import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct AnnouncerTests {
  private let folder: WorkerFolder
  private let pipeline: Pipeline
  private let startMs: Int64 = 1_767_225_600_000

  init() throws {
    folder = try WorkerFolder()
    pipeline = try WorkerPipeline.make(
      more: """
        alerts:
          busy: {watch: events, when: value > 0, notify: [desk], repeat: {every: 1m, max: 2}}
          slow: {watch: buying.conversion, when: value < 1, notify: [desk]}
        funnels:
          buying: {steps: [product_view, purchase], within: 10h, entered: 1h}
        risks:
          rush:
            entity: user
            within: 5m
            when: count() >= 3
            notify: [desk]
            repeat: {every: 1m, max: 3}
            escalate: {after: 90s, to: [boss]}
        notify:
          desk: {log: true}
          boss: {log: true}
          hook: {webhook: "http://127.0.0.1:9/"}
        """)
  }

  private func finding(
    _ id: String, _ status: FindingStatus, as announced: String? = nil, closed: Int64? = nil
  ) -> FindingRow {
    FindingRow(
      findingID: id, rule: "rush", entityKind: "user", entity: "u1",
      opened: EventTime(ms: startMs), closed: closed.map(EventTime.init(ms:)), status: status,
      announcedAs: announced, figures: "{}", evidence: "[]", severity: "warning", owner: nil)
  }

  private func rows(_ row: FindingRow, _ kind: FindingTransition.Kind) -> ResultRows {
    var rows = ResultRows()
    rows.findings = [row]
    rows.findingTransitions = [
      FindingTransition(findingID: row.findingID, rule: row.rule, at: row.opened, kind: kind)
    ]
    return rows
  }

  /// Commits what a snapshot of `rows` tells `seconds` after the start; gives its messages.
  private func snapshot(
    _ announcer: Announcer, _ file: ResultsFile, _ rows: ResultRows, after seconds: Int64,
    durable: Bool = false
  ) throws -> [String] {
    let now = WallTime(ms: startMs + seconds * 1_000)
    let told = try announcer.decide(rows, sample: nil, isCaughtUp: true, now: now)
    var change = SnapshotChange(taken: now)
    change.rows = rows
    change.messages = told.messages
    change.manifest = told.manifest
    _ = try file.commit(change, durable: durable)
    return told.messages.map { "\($0.event) \($0.sink)" }
  }

  private func stop(_ announcer: Announcer) async throws {
    nonisolated(unsafe) let announcer = announcer
    try await offPool { announcer.stop(draining: false) }
  }

  private var identity: PipelineIdentity {
    PipelineIdentity(
      name: "worker-test", definition: pipeline.plan.definition, tzdataVersion: "", weirVersion: "")
  }

  private func open() throws -> ResultsFile {
    try ResultsFile.open(path: folder.file("a.sqlite"), identity: identity)
  }

  @Test func `A finding that moves is told once, said again, escalated, and over when it closes`()
    async throws
  {
    var file = try open()
    var announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    let empty = ResultRows()
    #expect(
      try snapshot(announcer, file, rows(finding("f1", .provisional), .opened), after: 0)
        == ["firing desk"])
    let moved = rows(finding("f2", .final, as: "f1"), .moved)
    let again = try announcer.decide(
      moved, sample: nil, isCaughtUp: true, now: WallTime(ms: startMs + 10_000))
    let stored = try ResultsReader.open(path: folder.file("a.sqlite")).outbox()
    #expect(again.messages.map(\.messageID) == stored.map(\.message.messageID))
    _ = try snapshot(announcer, file, moved, after: 10)
    #expect(try snapshot(announcer, file, empty, after: 59).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 61) == ["repeated desk"])
    try await stop(announcer)
    try file.close()

    // Another life goes on where this one was.
    file = try open()
    announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    #expect(try snapshot(announcer, file, empty, after: 80).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 95) == ["escalated boss"])
    #expect(try snapshot(announcer, file, empty, after: 125) == ["repeated desk"])
    let closed = finding("f2", .final, as: "f1", closed: startMs + 200_000)
    // The end of a finding is for machines alone.
    #expect(try snapshot(announcer, file, rows(closed, .closed), after: 130).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 600).isEmpty)
    try await stop(announcer)
    try file.close()
  }

  /// An alert of a series that fired long before the start.
  private func firing(_ channel: String, rule: String = "busy") -> ResultRows {
    let window = EventTime(ms: startMs - 10 * 3_600_000)..<EventTime(ms: startMs - 9 * 3_600_000)
    let dimensions = #"{"channel":"\#(channel)"}"#
    var rows = ResultRows()
    rows.alerts = [
      AlertRow(
        alertID: "alert-\(channel)", rule: rule, dimensions: dimensions, state: .firing,
        severity: "warning", owner: nil, windowStart: window.lowerBound,
        windowEnd: window.upperBound, value: 1, threshold: nil, thresholds: "{}",
        opened: window.upperBound, resolved: nil, explanation: nil, status: .final)
    ]
    rows.alertTransitions = [
      AlertTransition(
        alertID: "alert-\(channel)", rule: rule, dimensions: dimensions,
        windowStart: window.lowerBound, windowEnd: window.upperBound, from: .pending, to: .firing,
        value: 1, samples: 1, thresholds: "{}", status: .final)
    ]
    return rows
  }

  @Test
  func `What was told together is not told again after a restart, and repeats go on from there`()
    async throws
  {
    var file = try open()
    var announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    var rows = ResultRows()
    for channel in ["app", "store", "web"] {
      rows.alerts += firing(channel).alerts
      rows.alertTransitions += firing(channel).alertTransitions
    }
    let all = try snapshot(announcer, file, rows, after: 0)
    #expect(all == ["firing desk", "firing desk", "firing desk", "summary desk"])
    for seconds in [10, 50] as [Int64] {
      try await stop(announcer)
      try file.close()
      file = try open()
      announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
      #expect(try snapshot(announcer, file, ResultRows(), after: seconds).isEmpty)
    }
    // Every one of them goes on, counted from when it was told.
    let again = try snapshot(announcer, file, ResultRows(), after: 61)
    #expect(again == ["repeated desk", "repeated desk", "repeated desk"])
    // What is too late after that is told by itself.
    let late = try snapshot(announcer, file, firing("late"), after: 70)
    #expect(late == ["firing desk", "summary desk"])
    try await stop(announcer)
    try file.close()
  }

  @Test func `What nobody could have known before is not too late to be told`() async throws {
    let file = try open()
    let announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    // Both windows ended nine hours ago; the funnel's was open to purchases for ten.
    let told = { (rows: ResultRows, seconds: Int64) in
      try announcer.decide(
        rows, sample: nil, isCaughtUp: false, now: WallTime(ms: startMs + seconds * 1_000)
      ).messages.map(\.state)
    }
    #expect(try told(firing("app"), 0) == [.suppressedStale])
    #expect(try told(firing("web", rule: "slow"), 0) == [.pending])
    // An hour after it could first be known, and a minute of lateness, it is.
    #expect(try told(firing("shop", rule: "slow"), 2 * 3_600 + 59) == [.pending])
    #expect(try told(firing("store", rule: "slow"), 2 * 3_600 + 61) == [.suppressedStale])
    try await stop(announcer)
    try file.close()
  }

  @Test func `A file that cannot be read is an error, and the program goes on`() throws {
    let file = try open()
    try file.close()
    #expect(throws: StoreError.self) {
      try Announcer(pipeline, results: file, isLive: true, log: .silent)
    }
  }

  // MARK: - Restored files

  /// Backs up the files of `results`, loses them, and puts the backup in their place.
  private func loseAndRestore(_ results: ResultsFile, takenAt: Int64, lostAt: Int64, at now: Int64)
    throws -> ResultsFile
  {
    let path = folder.file("a.sqlite")
    let state = try StateFile.open(path: StateFile.path(besides: path), identity: identity)
    let id = try results.durableSnapshotID
    try state.save(StateChange(snapshotID: id, positions: [:]), durableTo: id)
    let time = { (seconds: Int64) in WallTime(ms: startMs + seconds * 1_000) }
    let taken = time(takenAt)
    _ = try BackupMaker(.backup, into: folder.file("backups")) { taken }.make(of: results, state)
    try results.close()
    try state.close()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix("a.sqlite") {
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    var restoration = Restoration(from: folder.file("backups"), into: path)
    restoration.lost = time(lostAt)
    _ = try restoration.apply(now: time(now))
    return try open()
  }

  @Test func `After a restore nothing is said twice, and what goes on is said again and escalated`()
    async throws
  {
    var file = try open()
    var announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    let empty = ResultRows()
    _ = try snapshot(announcer, file, rows(finding("f1", .final), .opened), after: 0)
    #expect(try snapshot(announcer, file, empty, after: 61, durable: true) == ["repeated desk"])
    // What the worker says between the backup and the loss nobody will know.
    let lost = try [95, 121].flatMap { seconds in
      try announcer.decide(
        empty, sample: nil, isCaughtUp: true, now: WallTime(ms: startMs + seconds * 1_000)
      ).messages
    }
    #expect(lost.map { "\($0.event) \($0.sink)" } == ["escalated boss", "repeated desk"])
    try await stop(announcer)
    file = try loseAndRestore(file, takenAt: 62, lostAt: 130, at: 300)
    let before = Set(lost.map(\.messageID) + (try outboxIDs()))

    announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    #expect(try snapshot(announcer, file, empty, after: 301) == ["summary desk"])
    #expect(try snapshot(announcer, file, empty, after: 355).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 362) == ["repeated desk"])
    // Another life of the restored file goes on where this one was.
    try await stop(announcer)
    try file.close()
    file = try open()
    announcer = try Announcer(pipeline, results: file, isLive: true, log: .silent)
    #expect(try snapshot(announcer, file, empty, after: 380).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 392) == ["escalated boss"])
    #expect(try snapshot(announcer, file, empty, after: 422) == ["repeated desk"])
    #expect(try snapshot(announcer, file, empty, after: 482) == ["repeated desk"])
    #expect(try snapshot(announcer, file, empty, after: 900).isEmpty)
    // A message under an id that was sent before would be taken for a copy of it.
    let after = Set(try outboxIDs()).subtracting(before)
    #expect(after.count == 5)
    let closed = finding("f1", .final, closed: startMs + 950_000)
    #expect(try snapshot(announcer, file, rows(closed, .closed), after: 960).isEmpty)
    #expect(try snapshot(announcer, file, empty, after: 2_000).isEmpty)
    try await stop(announcer)
    try file.close()
  }

  private func outboxIDs() throws -> [String] {
    try ResultsReader.open(path: folder.file("a.sqlite")).outbox().map(\.message.messageID)
  }
}
