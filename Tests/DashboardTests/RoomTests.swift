import Foundation
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// Pages and lists of alerts, thresholds and data.
@Suite struct RoomTests {
  private static let lists = [
    "/alerts", "/findings", "/silences", "/thresholds", "/thresholds/trouble/history",
    "/partitions", "/samples/rejected", "/samples/late", "/outbox", "/restatements", "/manifest",
    "/transitions", "/thresholds/requests",
  ]

  private func pages(_ room: RoomFile?) -> [String] {
    let alert = room?.driver.alertRows.first { $0.opened != nil }?.alertID
    return [
      "/alerts", "/alerts?show=findings", "/alerts?show=silences", "/alerts?state=open",
      "/alerts?state=past&severity=warning&owner=payments&range=24h",
      "/alerts?from=2026-01-05&to=2026-01-06", "/thresholds", "/data",
    ] + (alert.map { ["/alerts/\($0)"] } ?? [])
      + (room == nil
        ? []
        : [
          "/alerts/f00d0", "/thresholds/trouble", "/thresholds/trouble?try.above=0.1",
          "/thresholds/slump?span=7d", "/thresholds/card_testing",
          "/thresholds/trouble?dimensions=%7B%22channel%22%3A%22web%22%7D",
        ])
  }

  @Test("every page is well formed with data and without, for everybody, in both languages")
  func wellFormed() throws {
    let room = try RoomFile(seed: 4)
    let empty = try TestFile()
    try empty.commit()
    let consoles = [
      (try room.console(), pages(room)), (try room.console(knowsPipeline: false), pages(room)),
      (try empty.console(), pages(nil)),
    ]
    for (console, paths) in consoles {
      for language in Language.allCases {
        for rights: ConsoleRights in [.read, [.read, .write], [.read, .write, .reveal]] {
          for path in paths {
            let html = try console.text(path, language: language, rights: rights)
            PageCheck.check(html, "\(path) \(language) \(rights.rawValue)")
          }
        }
      }
    }
  }

  @Test("what programs get is as its schema says, with data and without")
  func schemas() throws {
    let room = try RoomFile(seed: 4)
    let empty = try TestFile()
    try empty.commit()
    let alert = try #require(room.driver.alertRows.first { $0.opened != nil }?.alertID)
    let names = ["rule": "trouble"]
    for console in [try room.console(), try empty.console()] {
      for endpoint in Rooms.endpoints where endpoint.kind == .api && endpoint.method == .get {
        let own = Set(endpoint.path.split(separator: "/").dropFirst(2).prefix(1).map(String.init))
        guard
          !own.isDisjoint(with: [
            "alerts", "findings", "silences", "thresholds", "incidents", "partitions", "samples",
            "outbox", "restatements", "manifest", "transitions",
          ])
        else { continue }
        var path = endpoint.path
        path = path.replacing("{id}", with: own.contains("findings") ? "f00d1" : alert)
        for (name, value) in names { path = path.replacing("{\(name)}", with: value) }
        do {
          let answer = try console.ask(path, rights: [.read, .reveal])
          #expect(SchemaCheck.faults(answer.body, endpoint.response) == [], "\(path)")
        } catch let problem as Problem {
          // Of an empty file there is no such alert or rule.
          #expect(problem.status == .notFound && endpoint.path.contains("{"), "\(path)")
        }
      }
    }
  }

  @Test("a schema is not met by what lacks a member, has another, or is of another type")
  func schemaCheck() {
    let schema = Schema.object([
      .init("a", .integer), .init("b", .nullable(.choice(["x"]))), .init("c", .array(.boolean)),
    ])
    let check = { (text: String) in SchemaCheck.faults(Array(text.utf8), schema) }
    #expect(check(#"{"a":1,"b":null,"c":[true]}"#) == [])
    for wrong in [
      #"{"a":1,"b":null}"#, #"{"a":1,"b":null,"c":[],"d":1}"#, #"{"a":1.5,"b":null,"c":[]}"#,
      #"{"a":1,"b":"y","c":[]}"#, #"{"a":1,"b":"x","c":[1]}"#, #"{"a":true,"b":"x","c":[]}"#, "[]",
      "{",
    ] {
      #expect(!check(wrong).isEmpty, "\(wrong)")
    }
  }

  @Test("CSV has the rows and columns of JSON")
  func csv() throws {
    let console = try RoomFile(seed: 4).console()
    for list in Self.lists {
      let path = "/api/v1\(list)"
      let json = try JSONSerialization.jsonObject(with: Data(try console.text(path).utf8))
      let rows = try #require((json as? [String: Any])?["rows"] as? [[String: Any]])
      let text = try console.text(path + "?format=csv")
      let lines = text.split(separator: "\r\n")
      #expect(lines.count == rows.count + 1, "\(list)")
      let header = try #require(lines.first).split(separator: ",").map(String.init)
      if let row = rows.first { #expect(Set(header) == Set(row.keys), "\(list)") }
    }
  }

  @Test("pages of a list have every row once, in the order of the whole")
  func paging() throws {
    let room = try RoomFile(seed: 4)
    let console = try room.console()
    for (list, id) in [
      ("/alerts", "alert_id"), ("/findings", "finding_id"), ("/outbox", "message_id"),
      ("/samples/rejected", "offset"),
    ] {
      func rows(_ query: String) throws -> (ids: [String], next: String?) {
        let data = Data(try console.text("/api/v1\(list)?\(query)").utf8)
        let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let rows = json?["rows"] as? [[String: Any]] ?? []
        return (rows.map { "\($0[id] ?? "")" }, json?["next"] as? String)
      }
      let all = try rows("limit=1000")
      #expect(all.next == nil)
      #expect(all.ids.count > 4, "\(list)")
      var found: [String] = []
      var query = "limit=2"
      while true {
        let page = try rows(query)
        #expect(page.ids.count <= 2)
        found += page.ids
        guard let next = page.next else { break }
        query = "limit=2&cursor=\(next)"
      }
      #expect(found == all.ids, "\(list)")
      #expect(Set(found).count == found.count)
    }
    #expect(throws: Problem.self) { try console.ask("/api/v1/alerts?cursor=nonsense") }
  }

  @Test("lists of programs equal the store's")
  func equalsStore() throws {
    let room = try RoomFile(seed: 5)
    let console = try room.console()
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let alerts = try reader.alertPage(AlertQuery()).rows
    #expect(alerts.count == room.driver.alertRows.count)
    #expect(
      try console.text("/api/v1/alerts?limit=1000&format=csv") == AlertListing.alerts.csv(alerts))
    let fired = alerts.filter { $0.alert.state == .resolved }
    #expect(
      try console.text("/api/v1/alerts?limit=1000&format=csv&state=past")
        == AlertListing.alerts.csv(fired))
    #expect(
      try console.text("/api/v1/thresholds?format=csv")
        == ThresholdsAPI.standings.csv(try reader.thresholds()))
  }

  @Test("ids of people, payloads and evidence are shown to nobody without the right")
  func masking() throws {
    let room = try RoomFile(seed: 4)
    let console = try room.console()
    let paths =
      pages(room)
      + (Self.lists + ["/findings/f00d1"]).flatMap { ["/api/v1\($0)", "/api/v1\($0)?format=csv"] }
    for path in paths where !path.hasPrefix("/api/v1/findings/f00d1?") {
      for rights: ConsoleRights in [.read, [.read, .write]] {
        let text = try console.text(path, rights: rights)
        #expect(!text.contains(RoomFile.person), "\(path)")
        #expect(!text.contains("4242"), "\(path)")
      }
    }
    for path in ["/api/v1/findings", "/api/v1/samples/late", "/data", "/alerts/f00d1"] {
      let text = try console.text(path, rights: [.read, .reveal])
      #expect(text.contains(RoomFile.person), "\(path)")
    }
  }

  @Test("an alert's page shows its series, what it did, its runbook and its messages")
  func story() throws {
    let room = try RoomFile(seed: 4)
    let alert = try #require(
      room.driver.alertRows.first { $0.rule == "trouble" && $0.state == .resolved })
    for console in [try room.console(), try room.console(knowsPipeline: false)] {
      let page = try console.text("/alerts/\(alert.alertID.prefix(12))")
      #expect(page.contains("alert-chart"))
      #expect(page.contains("https://example.com/runbook"))
      #expect(page.contains("above = 0.3"))
      #expect(page.contains("resolved"))
    }
    #expect(throws: Problem.self) { try room.console().ask("/alerts/0000000000") }
  }
}
