import BenchmarkKit
import Foundation
import KafkaClient
import SnapshotStore

/// How long it takes from producing the event that completes a risk's pattern to the finding in the
/// file, and to the webhook: through a broker, the exchange and the real worker.

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200

let pipeline = """
  name: latency
  source:
    kafka: {brokers: "${WEIR_BROKERS}", topic: events}
    format: custom
    fields: {name: event, user: user_id, time: timestamp}
  time: {lateness: 30s}
  snapshot_every: 200ms
  provisional_every: 200ms
  risks:
    twice: {entity: card, within: 10m, when: count() >= 2, notify: [hook]}
  notify:
    hook: {webhook: "${WEIR_HOOK}"}
  """

func send(_ producer: KafkaProducer, card: String, user: Int) throws {
  let now = Int64(Date().timeIntervalSince1970 * 1000)
  let text =
    #"{"event":"payment","user_id":"u\#(user)","card":"\#(card)","timestamp":\#(now)}"#
  try Array("u\(user)".utf8).withUnsafeBytes { key in
    try Array(text.utf8).withUnsafeBytes { value in
      try producer.send(topic: "events", key: key, value: value, timestampMs: now)
    }
  }
  try producer.flush(timeoutMs: 10_000)
}

/// Milliseconds until `look` finds something; looked for every other millisecond, for 30 s.
func wait(
  since start: ContinuousClock.Instant, _ look: () throws -> ContinuousClock.Instant?
) throws -> Double {
  while ContinuousClock.now - start < .seconds(30) {
    if let found = try look() {
      let passed = (found - start).components
      return Double(passed.seconds) * 1e3 + Double(passed.attoseconds) / 1e15
    }
    usleep(2_000)
  }
  throw BenchmarkError("nothing was found within 30 s")
}

func line(_ what: String, _ times: [Double]) -> String {
  let sorted = times.sorted()
  func at(_ share: Double) -> Double { sorted[Int(Double(sorted.count - 1) * share)] }
  return String(
    format: "%@  p50 %.0f ms  p99 %.0f ms  max %.0f ms",
    what.padding(toLength: 40, withPad: " ", startingAt: 0), at(0.5), at(0.99), at(1))
}

let worker = try Worker()
let broker = try EmbeddedBroker()
try broker.createTopic("events", partitions: 4)
let hook = try HookServer()
let producer = try KafkaProducer(
  settings: KafkaSettings(brokers: broker.bootstrapServers), log: .silent)

try Worker.inFolder { folder in
  let file = folder.appendingPathComponent("latency.yaml")
  try pipeline.write(to: file, atomically: true, encoding: .utf8)
  let data = folder.appendingPathComponent("latency.sqlite").path
  let process = Process()
  process.executableURL = URL(fileURLWithPath: worker.binary)
  process.arguments = ["run", file.path, "--quiet", "--data", data]
  process.environment = ProcessInfo.processInfo.environment.merging([
    "WEIR_BROKERS": broker.bootstrapServers, "WEIR_HOOK": "http://127.0.0.1:\(hook.port)/",
  ]) { $1 }
  try process.run()
  defer {
    process.terminate()
    process.waitUntilExit()
  }
  var (stored, told): ([Double], [Double]) = ([], [])
  for round in 0..<rounds {
    let card = "card-\(round)"
    try send(producer, card: card, user: round * 2)
    // At any moment between two snapshots.
    usleep(UInt32.random(in: 0..<200_000))
    let start = ContinuousClock.now
    try send(producer, card: card, user: round * 2 + 1)
    let inFile = try wait(since: start) {
      guard FileManager.default.fileExists(atPath: data),
        let reader = try? ResultsReader.open(path: data),
        let found = try? reader.findings(FindingQuery()),
        found.contains(where: {
          $0.finding.entity == card
        })
      else { return nil }
      return ContinuousClock.now
    }
    let atHook = try wait(since: start) { hook.time(of: card) }
    // The first one waits for the worker to begin.
    if round > 0 {
      stored.append(inFile)
      told.append(atHook)
    }
  }
  print("\(rounds - 1) findings, snapshots every 200 ms")
  print(line("deciding event to the stored finding", stored))
  print(line("deciding event to the webhook", told))
  let group = "from the deciding event, snapshots every 200 ms"
  try Figures.note(
    Figure(
      group, "to the stored finding, p99", stored.sorted()[(stored.count - 1) * 99 / 100], "ms",
      .atMost(1_000)),
    Figure(
      group, "to the webhook, p99", told.sorted()[(told.count - 1) * 99 / 100], "ms", .atMost(1_000)
    ))
}
