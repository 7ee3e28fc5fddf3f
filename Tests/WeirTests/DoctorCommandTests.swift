import Foundation
import KafkaClient
import SnapshotStore
import StreamTestKit
import Testing

@testable import weir

@Suite struct DoctorCommandTests {
  private struct Report: Decodable {
    struct Finding: Decodable {
      var check: String
      var state: String
      var what: String
      var whatToDo: String?
    }
    var problems: Int
    var warnings: Int
    var findings: [Finding]

    func has(_ check: String, _ state: String, _ words: String) -> Bool {
      findings.contains { $0.check == check && $0.state == state && $0.what.contains(words) }
    }
  }

  private static func pipeline(_ more: String = "") -> String {
    """
    name: lab
    source:
      kafka: {brokers: "${LAB_BROKERS}", topic: lab.events\(more)}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    notify: {ops: {webhook: "http://127.0.0.1:1/hook"}, desk: {log: true}}
    metrics:
      events: {count: true, every: 1h}

    """
  }

  private let folder: TemporaryFolder
  private let broker: EmbeddedBroker

  init() throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    try broker.createTopic("lab.events", partitions: 3)
  }

  private func ask(
    _ text: String = pipeline(), _ flags: [String] = [], brokers: String? = nil
  ) async throws -> (code: Int32, report: Report) {
    let file = try folder.write(text, to: "lab.yaml")
    let data = flags.contains("--data") ? [] : ["--data", folder.file("lab.sqlite")]
    let outcome = try await Command.run(
      ["doctor", file, "--json"] + data + flags,
      environment: ["LAB_BROKERS": brokers ?? broker.bootstrapServers])
    do {
      return (
        outcome.code, try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
      )
    } catch {
      Issue.record("\(outcome)")
      throw error
    }
  }

  @Test func `Where all is well it says so, and ends with 0`() async throws {
    let producer = try KafkaProducer(
      settings: KafkaSettings(brokers: broker.bootstrapServers), log: .silent)
    try Array("{}".utf8).withUnsafeBytes {
      try producer.send(topic: "lab.events", key: nil, value: $0)
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    let (code, report) = try await ask(
      Self.pipeline(), ["--listen", "127.0.0.1:0"], brokers: broker.bootstrapServers)
    #expect(code == 0 && report.problems == 0, "\(report)")
    #expect(report.has("versions", "ok", "librdkafka 2"))
    #expect(report.has("brokers", "ok", "answers in"))
    #expect(report.has("topics", "ok", "3 partitions with 1 record, the newest of"), "\(report)")
    #expect(report.has("clock", "ok", "after the newest record"), "\(report)")
    #expect(report.has("group", "ok", "weir-lab has committed nothing yet"), "\(report)")
    #expect(report.has("directory", "ok", "can be written"))
    #expect(report.has("lock", "ok", "nobody writes"))
    #expect(report.has("files", "ok", "a worker makes it"))
    #expect(report.has("console", "ok", "is free"))
    #expect(report.has("notify", "ok", "nothing was sent"))
    #expect(report.findings.allSatisfy { ($0.whatToDo == nil) == ($0.state == "ok") })
    // It left nothing behind.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left == ["lab.yaml"])
  }

  @Test func `A broker that refuses ends with 3; beside one that answers it is a warning`()
    async throws
  {
    let (code, report) = try await ask(brokers: "127.0.0.1:1")
    #expect(code == 3)
    #expect(report.has("brokers", "problem", "127.0.0.1:1: it cannot be reached"), "\(report)")
    #expect(report.has("topics", "warning", "not looked at"))
    let (both, told) = try await ask(brokers: "127.0.0.1:1, \(broker.bootstrapServers)")
    #expect(both == 0, "\(told)")
    #expect(told.has("brokers", "warning", "127.0.0.1:1") && told.has("brokers", "ok", "answers"))
  }

  @Test func `A name that nobody knows, TLS and SASL are told apart`() async throws {
    let (_, name) = try await ask(brokers: "no-such-host.invalid:9092")
    #expect(name.has("brokers", "problem", "its name is not known"), "\(name)")
    let tls = ", options: {security.protocol: ssl, ssl.endpoint.identification.algorithm: none}"
    let (code, encrypted) = try await ask(Self.pipeline(tls))
    #expect(code == 3, "\(encrypted)")
    #expect(
      encrypted.has("brokers", "problem", "TLS fails")
        || encrypted.findings.contains { $0.whatToDo?.contains("TLS") == true }, "\(encrypted)")
    let wrong = ", options: {security.protocl: ssl}"
    let (usage, misspelt) = try await ask(Self.pipeline(wrong))
    #expect(usage == 1 && misspelt.has("brokers", "problem", "an option is wrong"), "\(misspelt)")
  }

  @Test func `A topic that is missing is named with the nearest one`() async throws {
    let (code, report) = try await ask(Self.pipeline(), ["--topic", "lab.event"])
    #expect(code == 1)
    #expect(report.has("topics", "problem", "did you mean lab.events?"), "\(report)")
    let (_, letters) = try await ask(Self.pipeline(", dead_letters: lab.rejected"))
    #expect(letters.has("topics", "warning", "lab.rejected"), "\(letters)")
  }

  @Test func `A directory that cannot be written, and one that is not there, are problems`()
    async throws
  {
    // Even the superuser makes no files in /proc.
    let (code, report) = try await ask(Self.pipeline(), ["--data", "/proc/lab.sqlite"])
    #expect(code == 1)
    #expect(report.has("directory", "problem", "cannot be written"), "\(report)")
    let (_, gone) = try await ask(Self.pipeline(), ["--data", folder.file("none/lab.sqlite")])
    #expect(gone.has("directory", "problem", "is not there"))
  }

  @Test func `Beside a worker it says who writes; a damaged file is a problem`() async throws {
    let file = try folder.write(Self.pipeline(), to: "lab.yaml")
    let data = folder.file("lab.sqlite")
    let running = try RunningCommand(
      ["run", file, "--data", data], environment: ["LAB_BROKERS": broker.bootstrapServers])
    try await running.wait { running.text.contains("started") }
    let (code, report) = try await ask()
    #expect(code == 0, "\(report)")
    #expect(report.has("lock", "warning", "process \(running.id) writes to"), "\(report)")
    #expect(report.has("files", "ok", "is sound"), "\(report)")
    running.send(SIGTERM)
    #expect(try await running.mustEnd() == 0)
    let (stopped, still) = try await ask()
    #expect(stopped == 0 && still.has("group", "ok", "committed offsets of 3 part"), "\(still)")
    // Without the file a worker would refuse to begin, and so the doctor says beforehand.
    let (lost, empty) = try await ask(Self.pipeline(), ["--data", folder.file("new.sqlite")])
    #expect(lost == 1 && empty.has("group", "problem", "no worker begins it"), "\(empty)")
    try FileManager.default.removeItem(atPath: data + "-state")
    let (bare, stateless) = try await ask()
    #expect(bare == 1 && stateless.has("files", "problem", "-state is missing"), "\(stateless)")
    try Data(repeating: 7, count: 8_192).write(to: URL(filePath: data))
    let (broken, damaged) = try await ask()
    #expect(broken == 1, "\(damaged)")
    #expect(damaged.findings.contains { $0.check == "files" && $0.state == "problem" })
  }

  @Test func `Low limits, a taken port and an open console are told`() async throws {
    let program = try Command.program().path
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "ulimit -n 200; exec '\(program)' doctor --json"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try #require(try pipe.fileHandleForReading.readToEnd())
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    let low = try JSONDecoder().decode(Report.self, from: output)
    #expect(low.has("limits", "problem", "at most 200 open files"), "\(low)")
    #expect(!low.findings.contains { $0.check == "brokers" })

    let port = broker.bootstrapServers.split(separator: ":").last.map(String.init) ?? ""
    let (taken, report) = try await ask(Self.pipeline(), ["--listen", "127.0.0.1:\(port)"])
    #expect(taken == 1 && report.has("console", "problem", "cannot be had"), "\(report)")
    let (open, told) = try await ask(Self.pipeline(), ["--listen", "0.0.0.0:0"])
    #expect(open == 1 && told.has("console", "problem", "nobody has a token"), "\(told)")
  }

  @Test func `A wrong file and a variable without a value are problems`() async throws {
    let (code, report) = try await ask("name: lab\nsource: {format: segmnt}\n")
    #expect(code == 1)
    #expect(report.has("pipeline", "problem", "lab.yaml:2:18"), "\(report)")
    let unset = Self.pipeline(", options: {sasl.password: \"${NO_SUCH_VARIABLE}\"}")
    let (missing, told) = try await ask(unset)
    #expect(missing == 1 && told.has("pipeline", "problem", "NO_SUCH_VARIABLE"), "\(told)")
  }

  @Test func `A check that hangs is given up`() {
    let gate = DispatchSemaphore(value: 0)
    defer { gate.signal() }
    let check = DoctorCheck(name: "slow", limitMs: 20) { _ in
      gate.wait()
      return [.ok("late")]
    }
    let found = check.findings(DoctorCase())
    #expect(found.map(\.state) == [.problem] && found[0].check == "slow")
    #expect(found[0].what.hasPrefix("no answer within"))
  }

  @Test func `The kind of file system is that of the nearest mount, and networks are problems`() {
    let mounts = """
      22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
      30 22 0:26 / /data rw,relatime shared:9 - tmpfs tmpfs rw
      31 22 0:27 / /data rw,relatime shared:9 - nfs4 server:/export rw
      32 31 0:28 / /data/my\\040disk rw - xfs /dev/vdb rw
      33 22 0:29 / /datastore rw master:3 propagate_from:2 - fuse.bindfs /x rw
      """
    let cases = [
      ("/", "ext4", "ok"), ("/var/lib", "ext4", "ok"), ("/data", "nfs4", "problem"),
      ("/data/a/b", "nfs4", "problem"), ("/data/my disk/a", "xfs", "ok"),
      ("/datastore/x", "fuse.bindfs", "warning"), ("/database", "ext4", "ok"),
    ]
    for (path, kind, state) in cases {
      let found = DataChecks.kind(of: path, mounts: mounts)
      #expect(found == kind, "\(path)")
      #expect(DataChecks.judged(found ?? "").state.rawValue == state, "\(path)")
    }
    for (kind, state) in [("overlay", "warning"), ("tmpfs", "warning"), ("cifs", "problem")] {
      #expect(DataChecks.judged(kind).state.rawValue == state)
    }
    #expect(DataChecks.kind(of: "/", mounts: "") == nil)
  }
}
