import Foundation
import HTTPTypes
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// Lists to their ends, and what narrows them.
@Suite struct ListTests {
  /// Every list of the table with a `cursor`, and what its path's names are here.
  private static func lists(_ stages: [String: String]) -> [String] {
    Rooms.endpoints.filter { endpoint in
      endpoint.kind == .api && endpoint.method == .get
        && endpoint.parameters.contains { $0.name == "cursor" }
    }.map { endpoint in
      stages.reduce(endpoint.path) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
  }

  private static func next(_ answer: Answer) -> String? {
    guard let name = HTTPField.Name("Link"), let link = answer.headers[name] else { return nil }
    #expect(link.hasSuffix(">; rel=\"next\""))
    return String(link.dropFirst().prefix { $0 != ">" })
  }

  @Test("the Link of every list as CSV leads through all of its rows once")
  func links() throws {
    let room = try RoomFile(seed: 4)
    let desk = try PeopleDesk.open(path: room.file.path)
    for (number, alert) in room.driver.alertRows.prefix(5).enumerated() {
      let now = WallTime(ms: Int64(number))
      _ = try desk.judge(alert.alertID, verdict: .real, by: "ann", now: now).get()
      _ = try desk.silence(
        Silence(
          rule: "trouble", dimensions: "{}", from: now, until: nil, created: now,
          createdBy: "ann", note: "\(number)")
      ).get()
    }
    desk.close()
    let shop = try TestFile()
    try shop.commit(ShopRows.fill)
    let stages = [
      "metric": "revenue", "funnel": "checkout", "retention": "weekly", "session": "visits",
      "kpi": "sales", "rule": "trouble",
    ]
    var walked = 0
    for console in [try room.console(), try shop.console()] {
      for path in Self.lists(stages) {
        let csv = path.hasSuffix("incidents") ? "" : "&format=csv"
        guard let all = try? console.ask("\(path)?limit=1000\(csv)"), Self.next(all) == nil else {
          continue
        }
        let whole = String(decoding: all.body, as: UTF8.self).split(separator: "\r\n")
        var found: [Substring] = []
        let step = max(2, whole.count / 7)
        var target: String? = "\(path)?limit=\(step)\(csv)"
        while let asked = target, found.count <= whole.count {
          let answer = try console.ask(asked)
          found += String(decoding: answer.body, as: UTF8.self).split(separator: "\r\n").dropFirst()
          target = Self.next(answer)
        }
        #expect(found == Array(whole.dropFirst()), "\(path)")
        if whole.count > step + 1 { walked += 1 }
      }
    }
    #expect(walked >= 10)
  }

  @Test("states of alerts and statuses of findings choose rows, and are not taken for each other")
  func states() throws {
    let room = try RoomFile(seed: 4)
    let console = try room.console()
    func rows(_ target: String) throws -> Int {
      try console.text("/api/v1/\(target)&format=csv").split(separator: "\r\n").count - 1
    }
    #expect(try rows("findings?state=open") == 1)
    #expect(try rows("findings?state=past") == 4)
    #expect(try rows("findings?state=final") == 5)
    #expect(try rows("findings?state=provisional") == 0)
    #expect(
      try rows("alerts?limit=1000&state=resolved")
        == room.driver.alertRows.count { $0.state == .resolved })
    for wrong in ["alerts?state=final", "findings?state=firing"] {
      #expect(throws: Problem.self, "\(wrong)") { try console.ask("/api/v1/\(wrong)") }
    }
  }

  @Test("a change that waits can be followed; what was asked is in the list of its state")
  func requests() throws {
    let room = try RoomFile(seed: 4)
    let desk = try PeopleDesk.open(path: room.file.path)
    defer { desk.close() }
    let console = try room.console()
    let outcome = try desk.setThreshold(
      ThresholdRequest(
        rule: "trouble", name: "above", value: 0.4, requested: WallTime(ms: 1),
        requestedBy: "ann", reason: "noise"), now: { WallTime(ms: 2) }, goOn: { _ in false })
    let state =
      switch outcome {
      case .taken: "taken"
      case .waiting: "waiting"
      case .refused: "refused"
      }
    let list = "/api/v1/thresholds/requests?state="
    #expect(try console.text(list + state).contains("\"reason\":\"noise\""))
    for other in ["taken", "waiting", "refused"] where other != state {
      #expect(!(try console.text(list + other).contains("noise")))
    }
    #expect(try console.text("/api/v1/openapi.json").contains("\"202\""))
  }

  @Test("what alerts did is listed by rule and time as it is stored")
  func transitions() throws {
    let room = try RoomFile(seed: 4)
    let console = try room.console()
    let text = try console.text("/api/v1/transitions?rule=trouble&limit=1000&format=csv")
    let own = room.driver.alertTransitions.filter { $0.rule == "trouble" }
    #expect(text.split(separator: "\r\n").count == own.count + 1)
    #expect(!text.contains("slump"))
    let early = try console.text("/api/v1/transitions?to=2026-01-01&format=csv")
    #expect(early.split(separator: "\r\n").count == 1)
  }

  @Test("a silence with hours and an end is refused")
  func silence() throws {
    let room = try RoomFile(seed: 4)
    let console = try room.console()
    let problem = #expect(throws: Problem.self) {
      try console.ask(
        "/api/v1/silences", rights: [.read, .write], method: .post,
        body: [("rule", "trouble"), ("hours", "4"), ("until", "2030-01-01")])
    }
    #expect(problem?.status == .badRequest)
  }

  @Test("past alerts show the value with which they fired")
  func firedValue() throws {
    let room = try RoomFile(seed: 4)
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let fired = try reader.firedValues(of: room.driver.alertRows.map(\.alertID))
    let expected = room.driver.alertTransitions.filter { $0.to == .firing }
    #expect(!expected.isEmpty)
    for step in expected { #expect(fired[step.alertID] == step.value) }
    #expect(try room.console().text("/alerts?state=past").contains("Value when it fired"))
  }
}
