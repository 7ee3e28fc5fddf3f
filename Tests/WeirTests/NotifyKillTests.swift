import Digests
import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// The real program tells a real server of what it finds, and is killed again and again.
@Suite(.serialized) struct NotifyKillTests {
  private static let secret = "not a secret"

  private static func signature(_ request: TestServer.Request) -> String {
    let text = "\(request.header("X-Weir-Timestamp") ?? "").\(request.text)"
    return "sha256="
      + Hex.text(SHA256Digest.authentication(of: Array(text.utf8), key: Array(secret.utf8)))
  }

  @Test func `Killed at any moment, every message arrives, twice only if it was in flight`()
    async throws
  {
    try await withSeed(5) { _, generator in
      let folder = try TemporaryFolder()
      let server = try TestServer { _, _ in .answer(200) }
      defer { server.stop() }
      let notify = """
        notify_within: 400d
        notify:
          ops: {webhook: "${WEIR_TEST_HOOK}", secret: "${WEIR_TEST_SECRET}"}
        """
      let pipeline = try folder.write(
        KillPipeline.text(keyed: true, notify: notify), to: "kill.yaml")
      let environment = [
        "WEIR_TEST_HOOK": server.url("/token-of-the-hook"), "WEIR_TEST_SECRET": Self.secret,
      ]
      let history = KillPipeline.history(seed: generator.next(), events: 12_000)
      let lines = history.partitioned(1)[0].filter { $0.fault != .tooFarAhead }.map {
        String(decoding: $0.payload, as: UTF8.self)
      }
      let input = try folder.write(lines.joined(separator: "\n"), to: "log.jsonl")
      let arguments = ["run", pipeline, "--quiet", "--in-order", "--input", input]
      var (kills, runs) = (0, 0)
      while kills < 20 {
        let data = folder.file("\(runs).sqlite")
        let before = server.requests.all.count
        var killer = Killer(
          arguments, data: data, total: Int64(lines.count), environment: environment)
        try await killer.run(most: 20 - kills, &generator)
        // What is left at the end goes out with further starts, each of which ends after a while.
        let deadline = ContinuousClock.now + Patience.duration
        while try isPending(data), ContinuousClock.now < deadline {
          _ = try await Command.run(arguments + ["--data", data], environment: environment)
        }
        try check(
          Array(server.requests.all.dropFirst(before)), data, kills: killer.kills)
        kills += killer.kills
        runs += 1
      }
      print("\(kills) kills in \(runs) runs, \(server.requests.all.count) requests")
    }
  }

  /// Whether a message waits to be sent.
  private func isPending(_ data: String) throws -> Bool {
    try ResultsReader.open(path: data).outboxDepth().contains { $0.state == .pending }
  }

  private func check(_ requests: [TestServer.Request], _ data: String, kills: Int) throws {
    var query = OutboxQuery()
    query.limit = 100_000
    let stored = try ResultsReader.open(path: data).outbox(query)
    #expect(stored.count > 20)
    #expect(stored.allSatisfy { $0.message.state == .delivered })
    var received: [String: [TestServer.Request]] = [:]
    for request in requests {
      received[request.header("Idempotency-Key") ?? "", default: []].append(request)
      #expect(request.header("X-Weir-Signature") == Self.signature(request))
    }
    for row in stored {
      let copies = received.removeValue(forKey: row.message.messageID) ?? []
      #expect(!copies.isEmpty, "\(row.message.messageID) of \(row.message.rule) never came")
      #expect(copies.allSatisfy { $0.text == row.message.payload })
      #expect(copies.count <= kills + 1)
    }
    #expect(received.isEmpty, "messages that the outbox does not know")
    #expect(requests.count - stored.count <= kills, "more came again than were in flight")
    // Neither the address nor the key is anywhere in the file.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: data))
    #expect(bytes.range(of: Data("token-of-the-hook".utf8)) == nil)
    #expect(bytes.range(of: Data(Self.secret.utf8)) == nil)
  }
}
