import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct PeopleDeskTests {
  private let now = WallTime(ms: 1000)

  /// A file with rules, an alert, a finding and a clock.
  private func makeFile(_ path: String, clock: Int64? = 5000) throws -> ResultsFile {
    let file = try ResultsFile.open(path: path, identity: shop)
    let rows = rows {
      $0.alerts = [alert("a1b2c3d4"), alert("a1b2ffff"), alert("c0ffee00", .resolved)]
      $0.findings = [finding("f00d1234")]
    }
    _ = try file.commit(
      change(alerts: rows, next: 1, clock: clock) {
        $0.rules = shopRules
        $0.thresholds = ThresholdDesk.fileRows(
          rules: shopRules, rows: [], clock: nil, now: WallTime(ms: 1))
        $0.messages = [message("m1", .dead), message("m2"), message("m3", .suppressedStale)]
      }, durable: false)
    return file
  }

  /// What the worker does about requests at a snapshot.
  private func snapshot(_ file: ResultsFile, clock: Int64, next: Int64) throws {
    let rules = try ResultsReader.open(path: file.path).rules()
    let answered = ThresholdDesk.answer(
      try file.waitingRequests(), rules: rules, rows: try file.thresholdRows(),
      clock: EventTime(ms: clock), now: WallTime(ms: 2000))
    _ = try file.commit(
      change(next: next, clock: clock) {
        $0.thresholds = answered.rows
        $0.answers = answered.answers
      }, durable: false)
  }

  @Test func `Rules come back as they were stored, and are replaced as a whole`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file())
    let reader = try ResultsReader.open(path: directory.file())
    #expect(try reader.rules() == shopRules)
    _ = try file.commit(change(next: 2), durable: false)
    #expect(try reader.rules() == shopRules)
    _ = try file.commit(change(next: 2) { $0.rules = [shopRules[1]] }, durable: false)
    #expect(try reader.rules() == [shopRules[1]])
    try file.close()
  }

  @Test func `On a stopped file a threshold holds from the greatest clock on`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try makeFile(path).close()
    let desk = try PeopleDesk.open(path: path)
    let app = #"{"platform":"app"}"#
    for (value, dimensions, from) in [(0.5, "{}", nil), (0.7, app, 6000), (nil, "{}", nil)]
      as [(Double?, String, Int64?)]
    {
      let outcome = try desk.setThreshold(
        request("trouble", "above", value, dimensions: dimensions, from: from), now: { now }
      ) { _ in
        Issue.record("waited for nobody")
        return false
      }
      guard case .taken(let text) = outcome else {
        Issue.record("\(outcome)")
        continue
      }
      #expect(text.contains("1970-01-01T00:00:0\(from == nil ? 5 : 6)Z"))
    }
    let reader = try ResultsReader.open(path: path)
    let set = try reader.thresholdHistory(rule: "trouble", name: "above").filter {
      $0.origin != .file
    }
    #expect(set.map(\.value) == [0.5, 0.7, 0.2] && set.map(\.effective.ms) == [5000, 6000, 5000])
    #expect(set.map(\.origin) == [.person, .person, .reset])
    #expect(set.allSatisfy { $0.set == now && $0.setBy == "ann" && $0.reason == "noise" })
    #expect(try reader.thresholdHistory().count == 5 + 3)
    let standing = try reader.thresholds().filter { $0.rule == "trouble" }
    #expect(standing.map(\.value) == [0.2, 0.4, 0.3])
    #expect(standing.map { $0.upcoming.map(\.value) } == [[], [], [0.7]])
    #expect(try reader.thresholdRequests(state: .taken).count == 3)
    desk.close()
    // The worker that starts finds them, and the lock is free.
    let file = try ResultsFile.open(path: path, identity: shop)
    #expect(try file.thresholdRows().suffix(3) == set[...])
    try file.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test func `A running worker answers at its next snapshot`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try makeFile(path)
    let desk = try PeopleDesk.open(path: path)
    var looks: [Int] = []
    let taken = try desk.setThreshold(request("card_testing", "failures", 8), now: { now }) {
      looks.append($0)
      if $0 == 3 { #expect(throws: Never.self) { try snapshot(file, clock: 9000, next: 2) } }
      return $0 < 9
    }
    #expect(looks == [1, 2, 3])
    #expect(
      taken == .taken("card_testing.failures is 8 from 1970-01-01T00:00:09Z of event time on"))
    #expect(try file.thresholdRows().last?.effective == EventTime(ms: 9000))

    // A time that passes while the request waits.
    let late = try desk.setThreshold(
      request("card_testing", "failures", 9, from: 9500), now: { now }
    ) { _ in
      #expect(throws: Never.self) { try snapshot(file, clock: 9600, next: 3) }
      return true
    }
    guard case .refused(let why) = late else { throw CancellationError() }
    #expect(
      why.what.contains("09.500Z has been judged already: the clock is at 1970-01-01T00:00:09.600Z")
    )
    #expect(try file.thresholdRows().last?.value == 8)

    // Nobody answers: it stays, and the desk answers once the worker has gone.
    let outcome = try desk.setThreshold(
      request("card_testing", "failures", 4), now: { now }, goOn: { $0 < 5 })
    guard case .waiting(let id) = outcome else { throw CancellationError() }
    #expect(try file.waitingRequests().map(\.id) == [id])
    try file.close()
    let answered = try desk.wait(for: id, now: { now }, goOn: { _ in false })
    #expect(
      answered
        == .taken("card_testing.failures is 4 from 1970-01-01T00:00:09.600Z of event time on"))
    desk.close()
  }

  @Test func `What is refused changes nothing`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try makeFile(path)
    for isRunning in [true, false] {
      if !isRunning { try file.close() }
      let desk = try PeopleDesk.open(path: path)
      let before = try contents(of: path)
      for bad in [
        request("trubble", "above", 0.5), request("trouble", "abov", 0.5),
        request("trouble", "above", .nan), request("trouble", "above", -.infinity),
        request("trouble", "above", 1.01), request("trouble", "above", -0.01),
        request("trouble", "above", 0.5, from: 4999), request("trouble", "above", nil),
        request("trouble", "above", 0.5, dimensions: #"{"user":"u1"}"#),
        request("trouble", "above", 0.5, reason: ""), request("trouble", "above", 0.5, by: ""),
        request("lag", "above", 0.5),
      ] {
        let outcome = try desk.setThreshold(bad, now: { now }, goOn: { _ in false })
        guard case .refused(let why) = outcome else {
          Issue.record("\(bad): \(outcome)")
          continue
        }
        #expect(why.kind != .other, "\(bad)")
        #expect(Refusal(answer: why.description).description == why.description)
      }
      let silence = Silence(
        rule: "trouble", from: now, until: WallTime(ms: 2000), created: now, createdBy: "ann")
      var silences = Array(repeating: silence, count: 4)
      silences[0].rule = "troubel"
      silences[1].dimensions = #"{"platfrom":"app"}"#
      silences[2].until = now
      silences[3].createdBy = ""
      var refusals: [Refusal?] = try silences.map { try desk.silence($0).failure }
      refusals.append(try desk.endSilence(1, now: now).failure)
      refusals.append(try desk.acknowledge("beef", by: "ann", now: now).failure)
      refusals.append(try desk.acknowledge("a1b2", by: "ann", now: now).failure)
      refusals.append(try desk.acknowledge("a1", by: "ann", now: now).failure)
      refusals.append(try desk.acknowledge("c0ffee00", by: "", now: now).failure)
      refusals.append(try desk.retry(.messages(["m1", "m3"]), now: now).failure)
      for refusal in refusals { #expect(refusal != nil) }
      #expect(refusals[0]?.what.contains("did you mean 'trouble'?") == true)
      #expect(refusals[6]?.what.contains("several") == true)
      #expect(try contents(of: path) == before)
      desk.close()
    }
  }

  @Test func `People acknowledge, silence, end silences and send again`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try makeFile(path)
    let desk = try PeopleDesk.open(path: path)
    let ack = try desk.acknowledge("a1b2c", by: "ann", note: "looking", now: now).get()
    #expect(ack.alertID == "a1b2c3d4")
    _ = try desk.acknowledge("f00d", by: "bob", now: now).get()
    _ = try desk.acknowledge("a1b2c3d4", by: "bob", now: WallTime(ms: 900)).get()
    let seen = try file.acknowledgements(of: ["a1b2c3d4", "f00d1234", "none"])
    #expect(seen["a1b2c3d4"]?.map(\.by) == ["bob", "ann"] && seen["f00d1234"]?.count == 1)
    #expect(seen.count == 2)

    let silence = Silence(
      rule: "trouble", dimensions: #"{"platform": "app"}"#, from: now, until: WallTime(ms: 3000),
      created: now, createdBy: "ann", note: "sale")
    let stored = try desk.silence(silence).get()
    #expect(stored.id > 0 && stored.dimensions == #"{"platform":"app"}"#)
    let forEver = try desk.silence(
      Silence(rule: "lag", from: now, until: nil, created: now, createdBy: "ann")
    ).get()
    #expect(try file.silences(at: now) == [stored, forEver])
    #expect(try file.silences(at: WallTime(ms: 999)).isEmpty)
    #expect(try file.silences(at: WallTime(ms: 3000)) == [forEver])
    let ended = try desk.endSilence(forEver.id, now: WallTime(ms: 2500)).get()
    #expect(try file.silences(at: WallTime(ms: 2500)) == [stored])
    #expect(try desk.endSilence(forEver.id, now: WallTime(ms: 2600)).failure != nil)

    #expect(try desk.retry(.messages(["m2"]), now: now).get() == 1)
    #expect(try desk.retry(.dead(sink: "else"), now: now).get() == 0)
    #expect(try desk.retry(.dead(sink: nil), now: now).get() == 1)
    let due = try file.pendingMessages(sink: "ops", dueBy: now, limit: 9)
    #expect(due.map(\.message.messageID) == ["m1"] && due.first?.attempts == 0)

    let reader = try ResultsReader.open(path: path)
    #expect(try reader.silences() == [stored, ended] && reader.silences(at: now).count == 2)
    let alerts = try reader.alerts()
    #expect(alerts.first { $0.alert.alertID == "a1b2c3d4" }?.acknowledgements.count == 2)
    var firing = AlertQuery()
    firing.states = [.firing, .recovering]
    firing.rule = "trouble"
    firing.kind = .alert
    #expect(try reader.alerts(firing).map(\.alert.alertID) == ["a1b2c3d4", "a1b2ffff"])
    firing.from = EventTime(ms: 1)
    #expect(try reader.alerts(firing).isEmpty)
    let story = try reader.story(of: "f00d").get()
    #expect(story.finding?.findingID == "f00d1234" && story.alert == nil)
    #expect(story.rule == shopRules[0] && story.acknowledgements.map(\.by) == ["bob"])
    #expect(try reader.story(of: "a1b2").failure != nil)
    desk.close()
    try file.close()
  }

  @Test func `An alert's story has its steps in order, its messages and its silences`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file())
    let id = "a1b2c3d4"
    let steps = [
      transition(id, from: .inactive, to: .pending), transition(id, from: .pending, to: .firing),
      transition(id, at: 2, from: .firing, to: .recovering),
      transition(id, at: 3, from: .recovering, to: .firing),
      transition(id, at: 9, from: .firing, to: .recovering),
      transition(id, at: 9, from: .recovering, to: .resolved),
    ]
    let rows = rows { $0.alertTransitions = steps.reversed() }
    _ = try file.commit(
      change(alerts: rows, next: 1) {
        $0.messages = [message("x1", about: id), message("x2", about: id, .suppressedSilenced)]
      }, durable: false)
    let desk = try PeopleDesk.open(path: directory.file())
    _ = try desk.silence(
      Silence(rule: "trouble", from: now, until: nil, created: now, createdBy: "ann"))
    _ = try desk.silence(
      Silence(
        rule: "trouble", dimensions: #"{"city":"x"}"#, from: now, until: nil, created: now,
        createdBy: "ann"))
    let story = try ResultsReader.open(path: directory.file()).story(of: id).get()
    #expect(story.alertTransitions == steps)
    #expect(story.messages.map(\.message.messageID) == ["x1", "x2"])
    #expect(story.silences.map(\.dimensions) == ["{}"] && story.rule == shopRules[2])
    try file.close()
  }

  @Test func `Desks and a committing worker do not disturb one another`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try makeFile(path)
    let (commits, wishes): (Int64, Int) = (120, 25)
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      failures.catching {
        if thread == 0 {
          var next: Int64 = 2
          // Until every wish has its answer.
          while try next < commits || file.thresholdRows().count < 5 + 2 * wishes {
            guard failures.isEmpty else { return }
            try snapshot(file, clock: 5000 + next, next: next)
            next += 1
          }
        } else if thread == 3 {
          let desk = try PeopleDesk.open(path: path)
          for number in 0..<100 {
            _ = try desk.acknowledge("c0ffee00", by: "p\(number)", now: now).get()
            _ = try desk.silence(
              Silence(rule: "lag", from: now, until: nil, created: now, createdBy: "p")
            ).get()
          }
          desk.close()
        } else {
          let desk = try PeopleDesk.open(path: path)
          for number in 0..<wishes {
            let wish = request("card_testing", "failures", Double(number + 1), by: "t\(thread)")
            let outcome = try desk.setThreshold(wish, now: { now }, goOn: { _ in failures.isEmpty })
            guard case .taken = outcome else {
              throw StoreError(kind: .io, path: path, what: "\(outcome)", whatToDo: "")
            }
          }
          desk.close()
        }
      }
    }
    #expect(failures.all.isEmpty)
    let rows = try file.thresholdRows().filter { $0.origin == .person }
    for thread in [1, 2] {
      #expect(
        rows.filter { $0.setBy == "t\(thread)" }.map(\.value)
          == (1...wishes).map(Double.init))
    }
    #expect(rows.map(\.effective) == rows.map(\.effective).sorted())
    #expect(try file.acknowledgements(of: ["c0ffee00"])["c0ffee00"]?.count == 100)
    #expect(try file.waitingRequests().isEmpty)
    try file.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }
}

extension Result {
  /// Why it failed; nil when it did not.
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
