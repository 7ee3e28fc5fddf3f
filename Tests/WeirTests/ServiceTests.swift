import Foundation
import StreamTestKit
import Testing

/// The real program under a service manager and a probe.
@Suite(.serialized) struct ServiceTests {
  private static let event = #"{"timestamp":"2026-01-01T00:00:00Z","event":"home","user_id":"u"}"#

  /// A pipeline that takes a snapshot often.
  private func pipeline(_ folder: TemporaryFolder) throws -> String {
    try folder.write(
      """
      name: service
      source:
        kafka: {brokers: "${WEIR_BROKERS:-127.0.0.1:9092}", topic: "${WEIR_TOPIC:-clicks}"}
        format: custom
        fields: {name: event, user: user_id, time: timestamp}
      snapshot_every: 500ms
      metrics:
        events: {count: true, every: 1m}
      """, to: "service.yaml")
  }

  @Test func `systemd hears when a worker is ready, that it goes on, and that it stops`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let manager = try DatagramListener(folder.file("notify"))
    let worker = try RunningCommand(
      ["run", try pipeline(folder), "--data", folder.file("a.sqlite")],
      environment: [
        "WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": try broker.topic(2),
        "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "4000000",
      ])
    var lines = try #require(await manager.lines(until: "READY=1"), "\(worker.text)")
    #expect(!lines.contains("STOPPING=1"))
    // It goes on without events, and for longer than a snapshot and a round take.
    for _ in 0..<3 {
      lines += try #require(await manager.lines(until: "WATCHDOG=1"), "\(worker.text)")
    }
    #expect(lines.contains { $0.hasPrefix("STATUS=") && $0.contains("events/s") }, "\(lines)")
    worker.send(SIGTERM)
    let last = try #require(await manager.lines(until: "STOPPING=1"), "\(worker.text)")
    #expect(!last.contains("READY=1"))
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
  }

  @Test func `A worker that hangs is not vouched for until it goes on`() async throws {
    let folder = try TemporaryFolder()
    let manager = try DatagramListener("@weir-hang-\(UUID().uuidString)")
    // A lane that waits for input in the middle of a read answers nobody, and the coordinator waits
    // for its answer.
    let input = Pipe()
    let worker = try RunningCommand(
      [
        "run", try pipeline(folder), "--in-order", "--data", folder.file("a.sqlite"), "--input",
        "-",
      ],
      environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "800000"], input: input)
    try input.fileHandleForWriting.write(contentsOf: Data((Self.event + "\n").utf8))
    // Words of the watchdog come twice a second while it goes on.
    let deadline = ContinuousClock.now + Patience.duration
    var hasHung = false
    while !hasHung, ContinuousClock.now < deadline {
      hasHung = await manager.lines(until: "WATCHDOG=1", withinMs: 4_000) == nil
    }
    #expect(hasHung, "\(worker.text)")
    try input.fileHandleForWriting.write(contentsOf: Data((Self.event + "\n").utf8))
    try input.fileHandleForWriting.close()
    let last = try #require(await manager.lines(until: "STOPPING=1"), "\(worker.text)")
    #expect(last.contains("WATCHDOG=1") || last.contains("STATUS=saving the last snapshot"))
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
  }

  @Test func `A worker that waits for its topic is vouched for, and ends when it is told to`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let text = try String(contentsOfFile: try pipeline(folder), encoding: .utf8)
    let path = try folder.write(
      text.replacing("-clicks}\"}", with: "-clicks}\", wait_for_topic: true}"), to: "waits.yaml")
    let manager = try DatagramListener(folder.file("notify"))
    let worker = try RunningCommand(
      ["run", path, "--data", folder.file("a.sqlite")],
      environment: [
        "WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": "weir-test-\(UUID().uuidString)",
        "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "4000000",
      ])
    for _ in 0..<3 {
      let lines = try #require(await manager.lines(until: "WATCHDOG=1"), "\(worker.text)")
      #expect(!lines.contains("READY=1"))
    }
    worker.send(SIGTERM)
    #expect(try await worker.mustEnd() == 3, "\(worker.text)")
    #expect(worker.text.contains("no such topic"), "\(worker.text)")
  }

  @Test func `A worker that cannot begin says why to systemd`() async throws {
    let folder = try TemporaryFolder()
    let manager = try DatagramListener(folder.file("notify"))
    let worker = try RunningCommand(
      ["run", folder.file("nowhere.yaml")], environment: ["NOTIFY_SOCKET": manager.name])
    let lines = try #require(await manager.lines(until: "STOPPING=1"), "\(worker.text)")
    #expect(!lines.contains("READY=1"))
    #expect(lines.contains { $0.hasPrefix("STATUS=failed: ") && $0.contains("nowhere.yaml") })
    #expect(try await worker.mustEnd() == 3)
  }

  @Test func `A probe hears that a worker is ready, not ready, or not there`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let secret = "a-token-of-this-test-alone"
    let text = try String(contentsOfFile: try pipeline(folder), encoding: .utf8)
    let path = try folder.write(
      text + "\nconsole: {tokens: {ana: {token: \(secret)}}}\n", to: "service.yaml")
    // Beyond loopback figures need a token; what a probe asks does not.
    let worker = try RunningCommand(
      ["run", path, "--data", folder.file("a.sqlite"), "--listen", "0.0.0.0:0"],
      environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": try broker.topic(1)])
    let place = /the console is at http:\/\/0\.0\.0\.0:(?<port>\d+)\//
    try await worker.wait { worker.text.contains(place) }
    let port = try #require(worker.text.firstMatch(of: place).map { String($0.port) })
    let patience = ["--timeout", "\(Patience.ms)ms"]
    var ready = try await Command.run(["health", port] + patience)
    let deadline = ContinuousClock.now + Patience.duration
    while ready.code == 1, ContinuousClock.now < deadline {
      #expect(ready.output == "the worker has not begun yet\n")
      ready = try await Command.run(["health", port] + patience)
    }
    #expect(ready.code == 0 && ready.output == "ready\n", "\(ready)")
    let alive = try await Command.run(["health", "--alive", "localhost:\(port)"] + patience)
    #expect(alive.code == 0 && alive.output == "ok\n", "\(alive)")
    worker.send(SIGTERM)
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
    let gone = try await Command.run(["health", port])
    #expect(gone.code == 3 && gone.errors.contains("Connection refused"), "\(gone)")
    #expect(gone.errors.contains("--listen"), "\(gone)")
  }

  @Test func `A probe tells what is no worker, and does not wait for ever`() async throws {
    let patience = "\(Patience.ms)ms"
    let replies: [(TestServer.Reply, String, Int32, String)] = [
      (
        .answer(503, body: "no snapshot was taken for 61 s\nthe file cannot be read\n"), patience,
        1, ""
      ),
      (.answer(404, body: "not here"), patience, 3, "which no worker does"),
      (.close, patience, 3, "does not speak HTTP"),
      (.hang, "300ms", 3, "within 300ms"),
      (.headOnly(200), "300ms", 3, "within 300ms"),
    ]
    for (reply, timeout, code, said) in replies {
      let server = try TestServer { _, _ in reply }
      defer { server.stop() }
      let outcome = try await Command.run(["health", "\(server.port)", "--timeout", timeout])
      #expect(outcome.code == code, "\(outcome)")
      #expect(said.isEmpty || outcome.errors.contains(said), "\(outcome)")
      if code == 1 {
        #expect(
          outcome.output == "no snapshot was taken for 61 s\nthe file cannot be read\n")
      }
      // One that gives up may do so before the server has looked at what it asked.
      let targets = server.requests.all.map(\.target)
      #expect(targets == ["/readyz"] || targets.isEmpty && timeout != patience, "\(targets)")
    }
    for arguments in [["health", "nowhere:port"], ["health", "--timeout", "soon"]] {
      let outcome = try await Command.run(arguments)
      #expect(outcome.code == 2, "\(outcome)")
    }
    let unknown = try await Command.run(["health", "no-such-host.invalid:80"])
    #expect(unknown.code == 3 && unknown.errors.contains("no-such-host.invalid"), "\(unknown)")
  }
}
