// What risk rules cost: records of entities, open findings and waiting deadlines, and time.
//
//   swift run -c release --package-path Benchmarks RiskBenchmark [ENTITIES]
//
// One partition on one thread. Every user has three events within three hours, and each rule looks
// back a day, so that every user is open in each of them. A report is taken every 50,000 events, as
// often as a worker at 250,000 events a second with `snapshot_every: 200ms`. Messages are made in
// batches on the way; their making is not counted.

import BenchmarkKit
import Foundation
import StreamCore

let entities = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
let startMs: Int64 = 1_767_225_600_000
let hourMs: Int64 = 3_600_000
let fields = ["event", "user", "time", "id", "record", "total", "card"]

func compile(_ text: String, _ names: [String] = fields) throws -> StreamCore.Expression {
  try StreamCore.Expression.compile(text) { name in
    names.firstIndex(of: name).map { .slot($0) } ?? .unknown(known: names)
  }
}

/// A rule over counts, cards and money that is true from the `limit`th event on.
func window(_ limit: Double) throws -> RiskPlan {
  let paid = try compile("event == 'pay'")
  return RiskPlan(
    name: "cards", entity: nil, entityKind: "user", withinMs: 24 * hourMs,
    pattern: .window(
      when: try compile("n >= limit", ["n", "cards", "money", "limit"]),
      aggregates: [
        .init(kind: .count, condition: paid),
        .init(kind: .distinct, value: try compile("card"), condition: paid),
        .init(kind: .sum, value: try compile("total"), condition: paid),
      ]), thresholds: [ThresholdPlan(name: "limit", standard: limit)])
}

/// A rule that waits for what never comes.
func missing() throws -> RiskPlan {
  RiskPlan(
    name: "unshipped", entity: nil, entityKind: "user", withinMs: 24 * hourMs,
    pattern: .sequence(
      steps: [.init(name: "paid", condition: try compile("event == 'pay'"))],
      absent: try compile("event == 'ship'")))
}

/// Three events of every user, or `events` of `users` of them, a batch at a time.
func run(
  _ what: String, _ risks: [RiskPlan], arrivals: Bool = true, users: Int = entities,
  events total: Int = entities * 3, from base: Double? = nil
) -> Double {
  var pipeline = PipelinePlan(
    name: "bench", definition: "bench", zone: .utc, tzdataVersion: "",
    sources: [
      SourcePlan(name: "events", topic: "bench", fields: fields.map { .paths([[$0]]) }, keyed: true)
    ], time: TimePlan(), fields: fields)
  pipeline.risks = risks
  let plan = StagePlan(pipeline, keyed: true)
  let merge = Merge(plan: plan)
  let id = PartitionID(topic: "bench", partition: 0)
  merge.register(id, source: 0)
  let task = PartitionTask(id: id, sourceIndex: 0, plan: plan, startOffset: 0, isSaved: false)
  task.judgesArrivals = arrivals
  var seconds = 0.0
  var records = RecordTotals()
  var findings = 0
  var bytes: [UInt8] = []
  for first in stride(from: 0, to: total + 1, by: 1_000) {
    bytes.removeAll(keepingCapacity: true)
    var ends: [Int] = []
    for number in first..<min(first + 1_000, total + 1) {
      // Neighbours in time are none in memory. The last one lets all others come to their turn.
      let user = number == total ? -1 : number &* 7_919 % users
      let ms = startMs + Int64(number) * 3 * hourMs / Int64(total) + (user < 0 ? hourMs : 0)
      bytes.append(
        contentsOf: """
          {"event":"\(user < 0 ? "end" : "pay")","user":"u\(user)","time":\(ms),"total":12.5,\
          "card":"c\(number % 97)"}
          """.utf8)
      ends.append(bytes.count)
    }
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 64))
    bytes.withUnsafeBufferPointer { all in
      var at = 0
      let messages = ends.enumerated().map { index, end in
        defer { at = end }
        return RawMessage(
          payload: all.baseAddress.map { $0 + at }, payloadCount: Int32(end - at),
          offset: Int64(first + index))
      }
      let start = rusage.ownCPUSeconds
      messages.withUnsafeBufferPointer { task.process($0) }
      seconds += rusage.ownCPUSeconds - start
    }
    guard (first / 1_000) % 50 == 49 || first + 1_000 > total else { continue }
    let start = rusage.ownCPUSeconds
    let report = task.report(isIdle: false, partials: true, released: merge.released)
    merge.absorb(report)
    merge.close(horizon: .distantFuture)
    findings += merge.takeRows(provisional: false, horizon: .distantFuture).findings.count
    seconds += rusage.ownCPUSeconds - start
    records = report.records
  }
  let cost = seconds * 1e9 / Double(total)
  print(
    String(
      format: "%-42@ %8lld records %6.1f bytes each %9lld rows %6.0f ns CPU/event%@",
      what as NSString, records.count, Double(records.bytes) / Double(max(1, records.count)),
      findings, cost, base.map { String(format: " (%+.0f)", cost - $0) } ?? ""))
  return cost
}

do {
  let base = run("no rule", [])
  _ = run("window of three, nothing found", [try window(100)], from: base)
  _ = run("the same, not judged on arrival", [try window(100)], arrivals: false, from: base)
  _ = run("window of three, all found", [try window(3)], from: base)
  _ = run(
    "one entity, 100,000 events, 1,000 kept", [try window(100_000)], users: 1, events: 100_000,
    from: base)
  _ = run("waiting for what does not come", [try missing()], from: base)
} catch {
  FileHandle.standardError.write(Data("RiskBenchmark: \(error)\n".utf8))
  exit(1)
}
