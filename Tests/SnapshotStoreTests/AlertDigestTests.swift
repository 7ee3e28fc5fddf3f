import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct AlertDigestTests {
  /// The digested columns by the words of docs/schema.sql, of rows as they end up.
  private func expectedDigest(_ rows: ResultRows) -> String {
    var findings: [String: FindingRow] = [:]
    for row in rows.findings where row.status == .final {
      findings[row.findingID] =
        (findings[row.findingID]?.closed != nil)
        ? findings[row.findingID] : row
    }
    let columns: [[Any?]] =
      rows.alertTransitions.filter { $0.status == .final && $0.kind == .alert }.map {
        [
          "alert_transitions", $0.alertID, $0.windowStart.ms, $0.to.rawValue, $0.rule,
          $0.windowEnd.ms, $0.dimensions, $0.from.rawValue, $0.value, $0.thresholds,
        ]
      }
      + findings.values.map {
        [
          "findings", $0.findingID, $0.rule, $0.entityKind, $0.entity, $0.opened.ms, $0.closed?.ms,
          $0.figures,
        ]
      }
    return DocumentedDigest.sum(of: columns)
  }

  /// Steps of alerts, and findings with what came before and after they were settled.
  private func randomRows(_ random: inout Seeded) -> (
    alerts: [AlertTransition], lives: [[FindingRow]]
  ) {
    var transitions: [AlertTransition] = []
    for number in 0..<Int64.random(in: 1...20, using: &random) {
      for to in [AlertState.pending, .firing, .resolved] {
        let isOpen = Int.random(in: 0...4, using: &random) == 0
        transitions.append(
          transition(
            "a\(number)", dimensions: #"{"城市":"\#(number)"}"#, at: number, to: to,
            value: Bool.random(using: &random) ? nil : Double(number) - 3,
            samples: .random(in: 0...9, using: &random), status: isOpen ? .provisional : .final,
            kind: Int.random(in: 0...5, using: &random) == 0 ? .health : .alert))
      }
    }
    let lives = (0..<Int64.random(in: 1...20, using: &random)).map { number -> [FindingRow] in
      let id = "f\(number)"
      let early = finding(id, entity: "e\(number)", opened: number, status: .provisional)
      if Int.random(in: 0...4, using: &random) == 0 {
        return [early, finding(id, entity: "e\(number)", opened: number, status: .withdrawn)]
      }
      var life = Bool.random(using: &random) ? [early] : []
      life.append(finding(id, entity: "e\(number)", opened: number, evidence: "[]"))
      if Bool.random(using: &random) {
        life.append(finding(id, entity: "e\(number)", opened: number, closed: 2 * number))
      }
      return life
    }
    return (transitions, lives)
  }

  /// Commits the rows in some order and batching; of each finding in its own order.
  private func commit(
    _ transitions: [AlertTransition], _ lives: [[FindingRow]], to path: String,
    _ random: inout Seeded
  ) throws -> String {
    let file = try ResultsFile.open(path: path, identity: shop)
    defer { try? file.close() }
    var steps = transitions.shuffled(using: &random)[...]
    var lives = lives
    while !(steps.isEmpty && lives.isEmpty) {
      let batch = rows { rows in
        rows.alertTransitions = Array(steps.prefix(5))
        for _ in 0..<Int.random(in: 0...6, using: &random) where !lives.isEmpty {
          let at = lives.indices.randomElement(using: &random) ?? 0
          rows.findings.append(lives[at].removeFirst())
          if lives[at].isEmpty { lives.remove(at: at) }
        }
      }
      steps = steps.dropFirst(5)
      _ = try file.commit(change(batch), durable: false)
      // A worker may say it again.
      if Bool.random(using: &random) { _ = try file.commit(change(batch), durable: false) }
    }
    return try file.resultDigest
  }

  @Test func `Any order gives one digest, as documented, also of what is closed later`()
    throws
  {
    var random = Seeded("digest of alerts")
    for _ in 0..<12 {
      let directory = try TemporaryDirectory()
      let (steps, lives) = randomRows(&random)
      let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
      let digests = [
        try commit(steps, lives, to: a, &random), try commit(steps, lives, to: b, &random),
      ]
      let all = rows {
        $0.alertTransitions = steps
        $0.findings = lives.flatMap { $0.reversed() }
      }
      #expect(digests == [expectedDigest(all), expectedDigest(all)])
      let report = try ResultsDigest.diff(a, b)
      #expect(report.isEmpty)
      let verified = try ResultsDigest.verify(path: a)
      #expect(verified.isSound && verified.tables.map(\.rows) == report.tables.map(\.equal))
      #expect(
        verified.tables.map(\.rows).prefix(2) == [
          Int64(steps.filter { $0.status == .final && $0.kind == .alert }.count),
          Int64(lives.filter { $0.contains { $0.status == .final } }.count),
        ])
    }
  }

  @Test func `Diff says in which steps and findings two files differ`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
    for (path, value, closed) in [(a, 0.5, nil), (b, 0.6, 7000)] as [(String, Double, Int64?)] {
      let file = try ResultsFile.open(path: path, identity: shop)
      let stored = rows {
        $0.alertTransitions = [transition(value: value), transition("p", status: .provisional)]
        $0.findings = [finding(closed: closed), finding("f\(value)", status: .provisional)]
      }
      _ = try file.commit(change(stored), durable: false)
      try file.close()
    }
    let report = try ResultsDigest.diff(a, b)
    #expect(report.tables.map(\.changed) == [1, 1, 0, 0, 0, 0, 0])
    #expect(report.tables.map(\.differing) == [1, 1, 0, 0, 0, 0, 0])
    #expect(
      report.differences.map(\.key) == [
        "alert_id=a1 window_start_ms=0 to_state=firing", "finding_id=f1",
      ])
    #expect(report.differences.last?.b?.contains("closed_ms=7000") == true)
  }

  @Test(arguments: [
    "UPDATE alert_transitions SET value = value + 1", "DELETE FROM alert_transitions",
    "UPDATE alert_transitions SET kind = 'health'", "UPDATE findings SET entity = 'x'",
    "UPDATE findings SET closed_ms = 5000", "UPDATE findings SET status = 'withdrawn'",
    "UPDATE run_manifest SET value = hex(zeroblob(32)) WHERE key = 'result_digest.findings'",
  ])
  func `Verify notices what somebody changed in steps and findings`(sql: String) throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(
      change(
        rows {
          $0.alertTransitions = [transition()]
          $0.alerts = [alert()]
          $0.findings = [finding()]
        }), durable: false)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
    // These are for people: nothing of them is in the digest.
    try execute(
      "UPDATE findings SET evidence = '[]', owner = 'x', severity = 'info'; DELETE FROM alerts",
      on: directory.file())
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
    try execute(sql, on: directory.file())
    #expect(try !ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `A file of version 2 is read, compared, migrated and kept as it was`() throws {
    let directory = try TemporaryDirectory()
    let (old, new) = (directory.file(), directory.file("new.sqlite"))
    for path in [old, new] {
      let file = try ResultsFile.open(path: path, identity: shop)
      var all = ResultRows.oneOfEach(.final)
      all.metrics = [metric()]
      _ = try file.commit(change(all, next: 3), durable: false)
      try file.close()
    }
    try makeOlder(old, version: 2)
    expectError(.io) { try PeopleDesk.open(path: old) }
    let reader = try ResultsReader.open(path: old)
    #expect(try reader.alerts().isEmpty && reader.findings().isEmpty && reader.outbox().isEmpty)
    #expect(try reader.thresholds().isEmpty && reader.thresholdHistory().isEmpty)
    #expect(try reader.rules().isEmpty && reader.silences().isEmpty)
    #expect(try reader.outboxDepth().isEmpty && reader.thresholdRequests().isEmpty)
    if case .success = try reader.story(of: "abcd") { Issue.record("found an alert in no table") }
    #expect(try reader.funnels().count == 1)
    reader.close()
    #expect(try ResultsDigest.verify(path: old).isSound)
    #expect(try ResultsDigest.diff(old, new).isEmpty)

    let file = try ResultsFile.open(path: old, identity: shop)
    let digest = try file.resultDigest
    #expect(try ResultsReader.open(path: new).manifest()["result_digest"] == digest)
    _ = try file.commit(
      change(rows { $0.alertTransitions = [transition()] }, next: 3), durable: false)
    #expect(try file.resultDigest != digest)
    try file.close()
    let verified = try ResultsDigest.verify(path: old)
    #expect(verified.isSound && verified.tables.map(\.table) == digestedTables)
    #expect(
      try ResultsDigest.diff(old, new).tables.map(\.onlyInA) == inTables("alert_transitions", 1))
    let copy = try ResultsReader.open(path: old + ".before-migration-v2")
    #expect(try copy.metrics() == [metric()])
    #expect(try copy.manifest()["result_digest"] == digest)
  }
}
