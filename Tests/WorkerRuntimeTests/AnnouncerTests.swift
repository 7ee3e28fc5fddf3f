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
    _ announcer: Announcer, _ file: ResultsFile, _ rows: ResultRows, after seconds: Int64
  ) throws -> [String] {
    let now = WallTime(ms: startMs + seconds * 1_000)
    let told = try announcer.decide(rows, sample: nil, isCaughtUp: true, now: now)
    var change = SnapshotChange(taken: now)
    change.rows = rows
    change.messages = told.messages
    _ = try file.commit(change, durable: false)
    return told.messages.map { "\($0.event) \($0.sink)" }
  }

  private func stop(_ announcer: Announcer) async throws {
    nonisolated(unsafe) let announcer = announcer
    try await offPool { announcer.stop(draining: false) }
  }

  private func open() throws -> ResultsFile {
    try ResultsFile.open(
      path: folder.file("a.sqlite"),
      identity: PipelineIdentity(
        name: "worker-test", definition: pipeline.plan.definition, tzdataVersion: "",
        weirVersion: ""))
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
}
