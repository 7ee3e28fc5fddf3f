import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct AlertCommitTests {
  private func open(_ directory: TemporaryDirectory) throws -> ResultsFile {
    try ResultsFile.open(path: directory.file(), identity: shop)
  }

  private func settled() -> ResultRows {
    rows {
      $0.alertTransitions = [
        transition(from: .inactive, to: .pending), transition(from: .pending, to: .firing),
        transition(at: 4, from: .firing, to: .resolved, value: nil),
      ]
      $0.alerts = [alert(), alert(last: 4, .resolved, value: nil)]
      $0.findings = [finding(), finding("f2", closed: 2000)]
      $0.findingTransitions = [
        FindingTransition(
          findingID: "f1", rule: "card_testing", at: EventTime(ms: 1000), kind: .confirmed)
      ]
    }
  }

  @Test func `The same rows again after a restart change nothing`() throws {
    let directory = try TemporaryDirectory()
    var file = try open(directory)
    let all = change(alerts: settled()) {
      $0.messages = [message("m1"), message("m2", event: "resolved", .suppressedStale)]
      $0.rules = shopRules
    }
    _ = try file.commit(all, durable: false)
    let digest = try file.resultDigest
    #expect(digest != DigestSum().hex)
    let before = try contents(of: directory.file(), tables: alertTables)
    try file.close()
    file = try open(directory)
    #expect(try file.resultDigest == digest)
    _ = try file.commit(all, durable: false)
    #expect(try file.resultDigest == digest)
    try file.close()
    #expect(try contents(of: directory.file(), tables: alertTables) == before)
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test(arguments: [
    transition(value: 0.6), transition(value: nil), transition(dimensions: #"{"a":1}"#),
    transition(from: .pending), transition(thresholds: #"{"above":0.3}"#),
    transition(rule: "other"),
  ])
  func `A final step that differs from the one stored is a conflict and commits nothing`(
    row: AlertTransition
  ) throws {
    let directory = try TemporaryDirectory()
    let file = try open(directory)
    _ = try file.commit(change(rows { $0.alertTransitions = [transition()] }), durable: false)
    let before = try contents(of: directory.file())
    let error = expectError(.conflict) {
      try file.commit(
        change(
          rows {
            $0.findings = [finding()]
            $0.alertTransitions = [transition("a2"), row]
          }), durable: false)
    }
    #expect(error?.what.contains("'\(row.rule)'") == true)
    #expect(try contents(of: directory.file()) == before)
    // What the digest leaves out may differ.
    _ = try file.commit(
      change(rows { $0.alertTransitions = [transition(samples: 1)] }), durable: false)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test(arguments: [
    finding(entity: "other"), finding(opened: 1001), finding(figures: "{}"), finding(closed: 4000),
    finding(rule: "other"),
  ])
  func `A final finding can be closed once and not change otherwise`(row: FindingRow) throws {
    let directory = try TemporaryDirectory()
    let file = try open(directory)
    let write = { (row: FindingRow) throws in
      try file.commit(change(rows { $0.findings = [row] }), durable: false)
    }
    _ = try write(finding(evidence: "[]"))
    let open = try file.resultDigest
    _ = try write(finding(closed: 3000, evidence: #"["later"]"#, severity: "info", owner: "x"))
    let closed = try file.resultDigest
    #expect(open != closed)
    // What a worker says again after a restart, before it comes to the end.
    _ = try write(finding())
    _ = try write(finding(closed: 3000))
    _ = try write(finding(status: .provisional))
    _ = try write(finding(status: .withdrawn))
    #expect(try file.resultDigest == closed)
    expectError(.conflict) { try write(row) }
    expectError(.invalid) { try write(finding("f9", closed: 999)) }
    try file.close()
    let reader = try ResultsReader.open(path: directory.file())
    #expect(try reader.findings().map(\.finding) == [finding(closed: 3000, evidence: "[]")])
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)

    let other = try ResultsFile.open(path: directory.file("b.sqlite"), identity: shop)
    _ = try other.commit(change(rows { $0.findings = [finding(closed: 3000)] }), durable: false)
    #expect(try other.resultDigest == closed)
    try other.close()
  }

  @Test func `A provisional finding is replaced, withdrawn, or goes when it has moved`() throws {
    let directory = try TemporaryDirectory()
    let file = try open(directory)
    let found = { try ResultsReader.open(path: directory.file()).findings().map(\.finding) }
    let ids = ["f1", "f2", "f3"]
    let early = ids.map { finding($0, status: .provisional) }
    _ = try file.commit(change(rows { $0.findings = early }), durable: false)
    #expect(try file.findings(since: .distantFuture) == early)
    #expect(try file.resultDigest == DigestSum().hex)
    let later = [
      finding("f1"), finding("f2", status: .withdrawn),
      finding("f4", opened: 900, announcedAs: "f3"),
    ]
    _ = try file.commit(change(rows { $0.findings = later }), durable: false)
    #expect(try found() == later)
    // What is open is followed until it closes.
    #expect(try file.findings(since: .distantFuture) == [later[2], later[0]])
    let closed = finding("f4", opened: 900, closed: 5000, announcedAs: "f3")
    _ = try file.commit(change(rows { $0.findings = [closed] }), durable: false)
    #expect(try file.findings(since: .distantFuture) == [later[0]])
    #expect(try file.findings(since: closed.opened).contains(closed))
    try file.close()
    let report = try ResultsDigest.verify(path: directory.file())
    #expect(report.isSound && report.tables.map(\.rows) == inTables("findings", 2))
    var open = FindingQuery()
    open.isOpen = true
    #expect(
      try ResultsReader.open(path: directory.file()).findings(open).map(\.finding.findingID)
        == ["f1"])
  }

  @Test func `When a worker starts, provisional alerts of before end and findings stay`() throws {
    let directory = try TemporaryDirectory()
    let file = try open(directory)
    let provisional = rows {
      $0.alerts = [
        alert("p1", first: 3, status: .provisional), alert("p2", first: 3, status: .provisional),
      ]
      $0.alertTransitions = [
        transition("p1", at: 3, status: .provisional),
        transition("p2", at: 3, status: .provisional),
      ]
      $0.findings = [finding(status: .provisional)]
      $0.metrics = [metric("open", .provisional)]
    }
    var first = change(provisional)
    first.rows.alerts.append(alert("a1"))
    _ = try file.commit(first, durable: false)
    #expect(try file.firingAlerts().map(\.alertID) == ["a1", "p1", "p2"])
    // The second one is reported anew, the first one is not.
    var again = change(
      rows { $0.alerts = [alert("p2", first: 3, value: 0.7, status: .provisional)] }
    )
    again.dropsProvisional = true
    _ = try file.commit(again, durable: false)
    #expect(try file.firingAlerts().map(\.alertID) == ["a1", "p2"])
    #expect(try file.findings(since: .distantFuture) == [finding(status: .provisional)])
    #expect(try file.resultDigest == DigestSum().hex)
    try file.close()
    let reader = try ResultsReader.open(path: directory.file())
    #expect(try reader.metrics().isEmpty)
    let ended = try reader.alerts().map(\.alert).filter { $0.state == .resolved }
    #expect(ended.map(\.alertID) == ["p1"] && ended.first?.resolved == EventTime(ms: 4 * minute))
    for (id, steps) in [("p1", [AlertState.firing, .resolved]), ("p2", [.firing])] {
      let story = try reader.story(of: id).get()
      #expect(story.alertTransitions.map(\.to) == steps)
      #expect(story.alertTransitions.allSatisfy { $0.status == .provisional })
    }
  }

  @Test func `An alert never goes back in time; health is outside the digest`() throws {
    let directory = try TemporaryDirectory()
    let file = try open(directory)
    _ = try file.commit(
      change(
        rows {
          $0.alerts = [alert(last: 5, .recovering), alert("h1", rule: "lag", kind: .health)]
          $0.alertTransitions = [transition("h1", rule: "lag", kind: .health)]
        }), durable: false)
    _ = try file.commit(
      change(
        rows {
          $0.alerts = [alert(last: 4, .firing)]
          $0.alertTransitions = [transition("h1", rule: "lag", value: 3, kind: .health)]
        }), durable: false)
    #expect(
      try file.firingAlerts() == [
        alert("h1", rule: "lag", kind: .health), alert(last: 5, .recovering),
      ])
    #expect(try file.resultDigest == DigestSum().hex)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `keep bounds neither alerts nor findings nor thresholds`() throws {
    let directory = try TemporaryDirectory()
    let options = StoreOptions(keep: [KeepRule(windowMs: day, keepMs: minute)])
    let file = try ResultsFile.open(path: directory.file(), identity: shop, options: options)
    var first = change(settled(), watermark: 0)
    first.rows.metrics = [metric(at: 0)]
    first.thresholds = ThresholdDesk.fileRows(
      rules: shopRules, rows: [], clock: nil, now: WallTime(ms: 1))
    _ = try file.commit(first, durable: false)
    let before = try contents(of: directory.file(), tables: alertTables)
    _ = try file.commit(
      change([metric(at: 10_000)], watermark: 10_001 * minute), durable: false)
    try file.close()
    #expect(try contents(of: directory.file(), tables: alertTables) == before)
    let report = try ResultsDigest.verify(path: directory.file())
    #expect(report.isSound && report.tables.map(\.prunedRows) == inTables("metrics", 1))
  }
}
