import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// What people change through the console: who may, what is recorded, what it does.
@Suite struct ChangeTests {
  private static let json: HTTPFields = [.contentType: "application/json"]

  private func withRouter(
    _ room: RoomFile, _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let console = try room.console(tokens: [AccessTests.writer, AccessTests.reader])
    let application = Application(router: ConsoleRouter.make(console, LiveUpdates(console)))
    try await application.test(.router, body)
  }

  private static func fields(_ secret: String) -> HTTPFields {
    var fields = json
    fields[.authorization] = "Bearer \(secret)"
    return fields
  }

  private static let writer = fields("write-0123456789ab")
  private static let reader = fields("read-0123456789abc")

  @Test("changing needs a token that may: 401 without one, 403 with another, for every address")
  func rights() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    let changes = Rooms.endpoints.filter { $0.access == .write }
    #expect(changes.count >= 14)
    try await withRouter(room) { client in
      for endpoint in changes {
        let path = endpoint.path.replacing("{id}", with: "1").replacing("{rule}", with: "trouble")
        for (headers, status) in [(Self.json, 401), (Self.reader, 403)] {
          try await client.execute(uri: path, method: endpoint.method, headers: headers) {
            #expect($0.status.code == status, "\(path)")
          }
        }
      }
    }
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    #expect(try reader.thresholdHistory() == [])
    #expect(try reader.silences() == [])
  }

  @Test("a threshold that a token sets is stored with its name and reason, and is taken back")
  func threshold() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    room.file.release()
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let before = try #require(try reader.partitions().compactMap(\.clock).max())
    try await withRouter(room) { client in
      try await client.execute(
        uri: "/api/v1/thresholds/trouble", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"name":"above","value":0.45,"reason":"too many"}"#)
      ) { response in
        #expect(response.status == .ok)
        #expect(String(buffer: response.body).contains(#""state":"taken""#))
      }
      let row = try #require(try reader.thresholdHistory().last)
      #expect((row.value, row.setBy, row.reason) == (0.45, "ann", "too many"))
      #expect(row.effective >= before)
      try await client.execute(uri: "/thresholds/trouble", method: .get) { response in
        let page = String(buffer: response.body)
        #expect(page.contains("too many") && page.contains("0.45"))
      }
      for (body, status) in [
        (#"{"name":"above","value":7,"reason":"x"}"#, 409),
        (#"{"name":"above","value":0.4,"reason":" "}"#, 409),
        (#"{"name":"above","value":0.4}"#, 400),
        (#"{"name":"above","value":"much","reason":"x"}"#, 400),
        (#"{"name":"above","value":0.4,"reason":"x","by":"somebody else"}"#, 400),
      ] {
        try await client.execute(
          uri: "/api/v1/thresholds/trouble", method: .post, headers: Self.writer,
          body: ByteBuffer(string: body)
        ) { #expect($0.status.code == status, "\(body)") }
      }
      #expect(try reader.thresholdHistory().count == 1)
      try await client.execute(
        uri: "/api/v1/thresholds/trouble/reset", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"name":"above","reason":"sale is over"}"#)
      ) { #expect($0.status == .ok) }
      #expect(try reader.thresholds().first { $0.rule == "trouble" }?.value == 0.3)
    }
  }

  @Test("while a worker holds the file, a threshold waits for it and the page says so")
  func waiting() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    try await withRouter(room) { client in
      try await client.execute(
        uri: "/api/v1/thresholds/trouble", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"name":"above","value":0.45,"reason":"too many"}"#)
      ) { response in
        #expect(response.status == .accepted)
        #expect(String(buffer: response.body).contains(#""state":"waiting""#))
      }
      try await client.execute(uri: "/thresholds/trouble", method: .get) { response in
        #expect(String(buffer: response.body).contains("next snapshot"))
      }
    }
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let request = try #require(try reader.thresholdRequests(state: .waiting).first)
    try room.file.commit {
      $0.answers = [ThresholdAnswer(requestID: request.id, isTaken: true, text: "it holds now")]
    }
    #expect(try room.console().text("/thresholds/trouble").contains("it holds now"))
  }

  @Test("a form changes only with the key of its session, and goes back to its page")
  func forms() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    let alert = try #require(room.driver.alertRows.first { $0.opened != nil }?.alertID)
    try await withRouter(room) { client in
      var form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      let cookie = try await client.execute(
        uri: "/sign-in", method: .post, headers: form,
        body: ByteBuffer(string: "token=write-0123456789ab")
      ) { $0.headers[.setCookie] ?? "" }
      form[.cookie] = String(cookie.prefix { $0 != ";" })
      let page = try await client.execute(
        uri: "/alerts/\(alert)", method: .get, headers: form
      ) { String(buffer: $0.body) }
      let key = try #require(page.firstMatch(of: /name="form_key" value="([0-9a-f]+)"/)?.1)
      let path = "/alerts/\(alert)/acknowledge"
      try await client.execute(
        uri: path, method: .post, headers: form, body: ByteBuffer(string: "note=x")
      ) { #expect($0.status == .forbidden) }
      try await client.execute(
        uri: path, method: .post, headers: form,
        body: ByteBuffer(string: "form_key=\(key)&note=seen%20it&back=%2Falerts%3Fstate%3Dpast")
      ) { response in
        #expect(response.status == .seeOther)
        #expect(response.headers[.location] == "/alerts?state=past")
      }
      try await client.execute(
        uri: path, method: .post, headers: form,
        body: ByteBuffer(string: "form_key=\(key)&note=seen%20it&back=https%3A%2F%2Fevil.example")
      ) { #expect($0.headers[.location] == "/alerts") }
      try await client.execute(uri: "/alerts/\(alert)", method: .get) {
        #expect(String(buffer: $0.body).contains("seen it"))
      }
    }
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let story = try reader.story(of: alert).get()
    #expect(story.acknowledgements.allSatisfy { $0.by == "ann" })
    #expect(!story.acknowledgements.isEmpty)
  }

  @Test("a real verdict becomes an incident; the newest one holds")
  func verdicts() async throws {
    let room = try RoomFile(seed: 4)
    let alerts = room.driver.alertRows.filter { $0.state == .resolved }
    let (first, second) = (try #require(alerts.first), try #require(alerts.last))
    try await withRouter(room) { client in
      for (id, verdict) in [
        (first.alertID, "real"), (second.alertID, "real"), (second.alertID, "false_alarm"),
        ("f00d1", "real"),
      ] {
        try await client.execute(
          uri: "/api/v1/alerts/\(id)/verdict", method: .post, headers: Self.writer,
          body: ByteBuffer(string: #"{"verdict":"\#(verdict)","note":"by hand"}"#)
        ) { #expect($0.status == .ok) }
      }
      try await client.execute(uri: "/api/v1/incidents", method: .get) { response in
        let lines = String(buffer: response.body).split(separator: "\r\n")
        #expect(lines.first == "incident,from,to,rule,series,by,note")
        #expect(lines.count == 3)
        #expect(lines.contains { $0.contains(first.alertID.prefix(8)) && $0.contains(",ann,") })
        #expect(!lines.contains { $0.contains(second.alertID.prefix(8)) })
        #expect(lines.contains { $0.contains("card_testing f00d1") })
        #expect(!String(buffer: response.body).contains(RoomFile.person))
      }
    }
  }

  @Test("silences begin and end, for a rule or for a finding's entity, in the token's name")
  func silences() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    try await withRouter(room) { client in
      try await client.execute(
        uri: "/api/v1/silences", method: .post, headers: Self.writer,
        body: ByteBuffer(
          string: #"{"rule":"trouble","dimensions":"{\"channel\":\"web\"}","hours":2,"note":"n"}"#)
      ) { #expect($0.status == .ok) }
      try await client.execute(
        uri: "/alerts/f00d1/silence", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"scope":"series"}"#)
      ) { #expect($0.status == .seeOther) }
      try await client.execute(
        uri: "/api/v1/silences", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"rule":"nobody"}"#)
      ) { #expect($0.status == .conflict) }
      try await client.execute(uri: "/api/v1/silences", method: .get) { response in
        let text = String(buffer: response.body)
        #expect(text.contains(#"{"channel":"web"}"#))
        #expect(text.contains(#""user":"•"#) && !text.contains(RoomFile.person))
      }
      try await client.execute(
        uri: "/api/v1/silences/1/end", method: .post, headers: Self.writer
      ) { #expect($0.status == .ok) }
      try await client.execute(
        uri: "/api/v1/silences/1/end", method: .post, headers: Self.writer
      ) { #expect($0.status == .conflict) }
    }
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    let rows = try reader.silences()
    #expect(rows.map(\.createdBy) == ["ann", "ann"])
    #expect(rows.map { $0.ended != nil } == [true, false])
    #expect(rows[0].until?.ms == rows[0].from.ms + 2 * 3_600_000)
    #expect(rows[1].dimensions == #"{"user":"\#(RoomFile.person)-1"}"#)
  }

  @Test("messages that were given up are due again")
  func retrying() async throws {
    let room = try RoomFile(seed: 4)
    let reader = try ResultsReader.open(path: room.file.path)
    defer { reader.close() }
    var dead = OutboxQuery()
    dead.states = [.dead]
    #expect(try reader.outbox(dead).count == 3)
    try await withRouter(room) { client in
      try await client.execute(
        uri: "/api/v1/outbox/retry", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"message_id":"m1"}"#)
      ) { #expect(String(buffer: $0.body) == #"{"retried":1}"#) }
      try await client.execute(
        uri: "/api/v1/outbox/retry", method: .post, headers: Self.writer,
        body: ByteBuffer(string: #"{"sink":"ops"}"#)
      ) { #expect(String(buffer: $0.body) == #"{"retried":2}"#) }
    }
    #expect(try reader.outbox(dead).isEmpty)
  }
}
