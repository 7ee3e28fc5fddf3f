import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@testable import WorkerRuntime

/// What is made a pseudonym leaves in clear nowhere.
@Suite(.serialized) struct PrivacyTests {
  private static let key = "0123456789abcdef0123456789abcdef"

  /// Everything that could carry a value out: dimensions, entities, evidence, traits, messages,
  /// samples, dead letters.
  private func text(_ broker: WorkerBroker, _ topic: String, letters: String) -> String {
    """
    name: private
    source:
      kafka: {brokers: "\(broker.brokers)", topic: "\(topic)", dead_letters: "\(letters)"}
      format: custom
      fields: {name: event, user: [user_id, anonymous_id], time: timestamp, id: message_id}
    time: {lateness: 1m}
    pseudonymize: [user, properties.phone]
    snapshot_every: 100ms
    state_every: 300ms
    derive: {caller: 'properties.phone'}
    users: {last_phone: {last: properties.phone}}
    metrics:
      events: {count: true, every: 1m, by: [user_id, properties.phone, caller]}
      people: {distinct: user, every: 1m}
      phones: {distinct: properties.phone, every: 1m}
      by_trait: {count: true, every: 1m, by: [users.last_phone]}
    funnels: {twice: {steps: [call, call], within: 1h, by: [properties.phone]}}
    risks:
      spam: {entity: properties.phone, within: 10m, when: count() >= 2, notify: [ops]}
    alerts:
      many: {watch: events, when: value >= 1, notify: [ops]}
    notify: {ops: {log: true}}
    """
  }

  private func load(_ text: String, key: String = PrivacyTests.key) throws -> Pipeline {
    try Pipeline.parse(text: text, file: "p.yaml", environment: ["WEIR_PSEUDONYM_KEY": key])
  }

  private func event(_ n: Int, _ minute: Int, phone: String = "phone") -> [UInt8] {
    Array(
      """
      {"event":"call","user_id":"SECRETuser\(n % 5)","anonymous_id":"SECRETanon\(n)",\
      "message_id":"m\(n)","timestamp":"2026-01-01T00:\(minute < 10 ? "0" : "")\(minute):00Z",\
      "properties":{"\(phone)":"SECRET+86\(n % 3)"}}
      """.utf8)
  }

  private var records: [(partition: Int, payload: [UInt8], timestampMs: Int64?)] {
    var found = (0..<40).map { (partition: 0, payload: event($0, $0), timestampMs: Int64?.none) }
    // Late, without a time, with a user that is none, and none that can be parsed.
    found.append((0, event(41, 1, phone: #"ph\u006fne"#), nil))
    found.append((0, Array(#"{"event":"call","user_id":"SECRETx"}"#.utf8), nil))
    found.append(
      (0, Array(#"{"event":"a","user_id":{"a":"SECRETy"},"timestamp":1767225600}"#.utf8), nil))
    found.append((0, Array(#"{"event":"call","user_id":"SECRETz","#.utf8), nil))
    found.append((0, Array("SECRET in no JSON".utf8), nil))
    return found
  }

  /// The files of a folder that hold a value in clear, or the key; with what they hold.
  private static func secrets(in folder: WorkerFolder) throws -> String {
    var found = ""
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
      for secret in ["SECRET", key] where data.range(of: Data(secret.utf8)) != nil {
        found += "\(secret) in \(name) "
      }
    }
    return found
  }

  /// Records of a topic, keys and headers among them.
  private func letters(_ topic: String, _ broker: WorkerBroker, count: Int) throws -> [String] {
    let consumer = try KafkaConsumer(settings: broker.settings, groupID: nil, log: .silent)
    defer { consumer.close() }
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .beginning)])
    var found: [String] = []
    let deadline = Deadline(seconds: Patience.ms / 1_000)
    while found.count < count && !deadline.isOver {
      _ = try consumer.poll(timeoutMs: 100) { _, run in
        for message in run {
          let payload = UnsafeBufferPointer(
            start: message.payload, count: Int(message.payloadCount))
          let key = UnsafeBufferPointer(start: message.key, count: Int(message.keyCount))
          found.append(
            String(decoding: key, as: UTF8.self) + "|" + String(decoding: payload, as: UTF8.self))
        }
      }
    }
    return found
  }

  @Test func `No file, dead letter, message or log holds a value in clear`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let (topic, dead) = (try broker.topic(1), try broker.topic(1))
    try broker.produce(records, to: topic)
    let pipeline = try load(text(broker, topic, letters: dead))
    let logged = LogLines()
    let summary = try runToEnd(pipeline, data: folder.file("a.sqlite"), closing: false) {
      $0.log = Log { logged.add($0) }
      // While it runs there are write-ahead logs.
      $0.onStatus = { _ in logged.add((try? Self.secrets(in: folder)) ?? "") }
    }
    #expect(summary.fates.late == 1)
    #expect(summary.fates.rejected == 4)
    #expect(summary.fates.applied == 40)
    let reader = try ResultsReader.open(path: folder.file("a.sqlite"))
    #expect(try reader.metrics().count > 40)
    #expect(try !reader.findings().isEmpty)
    #expect(try !reader.outbox().isEmpty)
    // What can be read is shown, but for what is hidden; the rest is not.
    let samples = try reader.rejectedEvents() + reader.lateEvents()
    #expect(samples.count == 5)
    #expect(samples.filter { $0.sample.payload.contains("(hidden)") }.count == 3)
    #expect(samples.filter { $0.sample.payload.isEmpty }.count == 2)
    reader.close()
    #expect(try Self.secrets(in: folder) == "")
    let found = try letters(dead, broker, count: 5)
    #expect(found.count == 5)
    #expect(found.allSatisfy { !$0.contains("SECRET") && $0.hasPrefix("|") }, "\(found)")
    #expect(!logged.all.joined().contains("SECRET"))
  }

  @Test func `The same key gives the same pseudonyms, another is refused and tells another digest`()
    throws
  {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let (topic, dead) = (try broker.topic(1), try broker.topic(1))
    try broker.produce(records, to: topic)
    let text = text(broker, topic, letters: dead)
    let other = String(Self.key.reversed())
    let first = try runToEnd(try load(text), data: folder.file("a.sqlite"))
    let second = try runToEnd(try load(text), data: folder.file("b.sqlite")) {
      $0.acceptsEmptyFile = true
    }
    let third = try runToEnd(try load(text, key: other), data: folder.file("c.sqlite")) {
      $0.acceptsEmptyFile = true
    }
    #expect(first.resultDigest == second.resultDigest)
    #expect(first.resultDigest != third.resultDigest)
    let error = #expect(throws: WorkerError.self) {
      try runToEnd(try load(text, key: other), data: folder.file("a.sqlite"))
    }
    #expect(error?.what.contains("pseudonymize") ?? false, "\(String(describing: error))")
    // A check has no key, and finds nothing changed.
    let unknown = try Pipeline.parse(text: text, file: "p.yaml", secretsRequired: false)
    #expect(try Upgrading.plan(unknown, against: folder.file("a.sqlite")) == nil)
    #expect(throws: WorkerError.self) {
      try runToEnd(unknown, data: folder.file("d.sqlite")) { $0.acceptsEmptyFile = true }
    }
    #expect(throws: PipelineFaults.self) { try Pipeline.parse(text: text, file: "p.yaml") }
    #expect(throws: PipelineFaults.self) { try load(text, key: "short") }
  }
}

/// Lines of a log, from any thread.
final class LogLines: @unchecked Sendable {
  private let lock = NSLock()
  private var lines: [String] = []

  func add(_ line: String) { lock.withLock { lines.append(line) } }

  var all: [String] { lock.withLock { lines } }
}
