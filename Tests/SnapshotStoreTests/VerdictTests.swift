import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct VerdictTests {
  private let now = WallTime(ms: 1000)

  private func makeFile(_ path: String, manifest: [String: String] = [:]) throws {
    let file = try ResultsFile.open(path: path, identity: shop)
    let rows = rows {
      $0.alerts = [
        alert("a1b2c3d4"), alert("a1b2ffff"), alert("badbad00", rule: "lag", kind: .health),
      ]
      $0.findings = [finding("f00d1234")]
    }
    _ = try file.commit(
      change(alerts: rows, next: 1, clock: 500) {
        $0.rules = shopRules
        $0.manifest = manifest
      }, durable: false)
    try file.close()
  }

  @Test func `The newest verdict holds, and every earlier one is kept`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try makeFile(path)
    let desk = try PeopleDesk.open(path: path)
    let first = try desk.judge("a1b2c3", verdict: .falseAlarm, by: "ann", now: now).get()
    let second = try desk.judge(
      "a1b2c3d4", verdict: .real, by: "bob", note: "退款失败", now: now
    ).get()
    let third = try desk.judge("f00d", verdict: .known, by: "ann", now: WallTime(ms: 2000)).get()
    #expect(second.subjectID == "a1b2c3d4" && second.subject == .alert && second.id > first.id)
    #expect(third.subject == .finding)
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    #expect(try reader.story(of: "a1b2c3d4").get().verdicts == [second, first])
    #expect(try reader.story(of: "f00d1234").get().verdicts == [third])
    let alerts = try reader.alertPage().rows
    #expect(alerts.map(\.alert.alertID) == ["badbad00", "a1b2ffff", "a1b2c3d4"])
    #expect(alerts.map(\.verdict) == [nil, nil, second])
    #expect(try reader.alerts().compactMap(\.verdict) == [second])
    #expect(try reader.findings().map(\.verdict) == [third])
    #expect(try reader.findingPage().rows.map(\.verdict) == [third])
    #expect(try reader.verdictPage().rows == [third, second, first])
    #expect(try reader.verdictPage(.falseAlarm).rows == [first])
  }

  @Test func `A verdict needs a subject that there is, and a name`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try makeFile(path)
    let desk = try PeopleDesk.open(path: path)
    let before = try contents(of: path)
    for (id, by, note) in [
      ("a1b2", "ann", ""), ("none", "ann", ""), ("a1b2c3d4", "", ""), ("a1b2c3d4", "ann", "\u{7}"),
    ] {
      let result = try desk.judge(id, verdict: .real, by: by, note: note, now: now)
      #expect(throws: Refusal.self) { try result.get() }
    }
    #expect(try contents(of: path) == before)
  }

  @Test func `A file of an earlier schema takes no verdict and says what to do`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try makeFile(path)
    try makeOlder(path, version: 4)
    let desk = try PeopleDesk.open(path: path)
    let error = expectError(.io) {
      try desk.judge("a1b2c3d4", verdict: .real, by: "ann", now: now)
    }
    #expect(error?.whatToDo.contains("weir run") == true)
    let reader = try ResultsReader.open(path: path)
    #expect(try reader.story(of: "a1b2c3d4").get().verdicts.isEmpty)
    #expect(try reader.alerts().count == 3)
    reader.close()
  }

  @Test func `Verdicts go over to an adopted file once, but of the worker's own health`() throws {
    let directory = try TemporaryDirectory()
    let (live, new) = (directory.file("live.sqlite"), directory.file("new.sqlite"))
    try makeFile(live)
    let desk = try PeopleDesk.open(path: live)
    for (id, verdict) in [
      ("a1b2c3d4", .known), ("badbad00", .real), ("f00d1234", .falseAlarm), ("a1b2c3d4", .real),
    ] as [(String, Verdict)] {
      _ = try desk.judge(id, verdict: verdict, by: "ann", note: "n", now: now).get()
    }
    desk.close()
    try makeFile(
      new, manifest: [ManifestKey.replayFrom: "the beginning", ManifestKey.replayTo: "the end"])
    let digest = try ResultsDigest.verify(path: new).stored
    var adoption = Adoption(new: new, inPlaceOf: live, by: "ann")
    adoption.acceptsPartial = true
    guard case .adopted(let report) = try adoption.apply(now: WallTime(ms: 7)).get() else {
      Issue.record("not adopted")
      return
    }
    #expect(report.verdicts == 3)
    let reader = try ResultsReader.open(path: new)
    defer { reader.close() }
    #expect(
      try reader.verdictPage().rows.map { "\($0.subjectID) \($0.verdict.rawValue)" }
        == ["a1b2c3d4 real", "f00d1234 false_alarm", "a1b2c3d4 known"])
    #expect(try ResultsDigest.verify(path: new).stored == digest)
  }

  @Test func `Verdicts of a file from before there were any are none when it is left`() throws {
    let directory = try TemporaryDirectory()
    let (live, new) = (directory.file("live.sqlite"), directory.file("new.sqlite"))
    try makeFile(live)
    try makeOlder(live, version: 4)
    try makeFile(
      new, manifest: [ManifestKey.replayFrom: "the beginning", ManifestKey.replayTo: "the end"])
    var adoption = Adoption(new: new, inPlaceOf: live, by: "ann")
    adoption.acceptsPartial = true
    guard case .adopted(let report) = try adoption.apply(now: WallTime(ms: 7)).get() else {
      Issue.record("not adopted")
      return
    }
    #expect(report.verdicts == 0)
  }
}
