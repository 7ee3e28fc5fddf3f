// What records of users cost: a funnel of four steps and daily retention over many users.
//
//   swift run -c release --package-path Benchmarks UsersBenchmark [USERS]
//
// One partition on one thread. Every user has an event on each of the first two days, up to half a
// million users a day come again on the four days after, and from then on a twentieth at most.
// Messages are made in batches on the way; their making is not counted.

import BenchmarkKit
import Foundation
import PipelineSpec
import StreamCore

/// Makes the messages of a batch in memory that it keeps for the next.
final class Batch {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var offset: Int64 = 0
  private let names = ["product_view", "add_to_cart", "payment_details", "purchase", "search"]
  private let channels = ["web", "app", "mini_program", "livestream", "store"]

  /// Begins an empty batch.
  func begin() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Adds an event of a user at an instant.
  func add(user: Int, ms: Int64, step: Int) {
    bytes.append(
      contentsOf: """
        {"event":"\(names[step % 5])","userId":"u\(user)","timestamp":\(ms),\
        "properties":{"channel":"\(channels[user % 5])","total":12.5}}
        """.utf8)
    ends.append(bytes.count)
  }

  /// Hands the messages to `body`.
  func hand(_ body: (UnsafeBufferPointer<RawMessage>) -> Void) {
    let used = bytes.count
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 64))
    bytes.withUnsafeBufferPointer { all in
      var messages: [RawMessage] = []
      var start = 0
      for end in ends {
        messages.append(
          RawMessage(
            payload: all.baseAddress.map { $0 + start }, payloadCount: Int32(end - start),
            offset: offset))
        offset += 1
        start = end
      }
      messages.withUnsafeBufferPointer(body)
    }
    bytes.removeLast(bytes.count - used)
  }
}

let users = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000_000
let dayMs: Int64 = 86_400_000
let startMs: Int64 = 1_767_225_600_000

/// One run over all days.
struct Run {
  let merge: Merge
  let task: PartitionTask
  let batch = Batch()
  var seconds = 0.0
  var events = 0

  init(_ pipeline: PipelinePlan) {
    let plan = StagePlan(pipeline, keyed: true)
    merge = Merge(plan: plan)
    let id = PartitionID(topic: "bench", partition: 0)
    merge.register(id, source: 0)
    task = PartitionTask(id: id, sourceIndex: 0, plan: plan, startOffset: 0, isSaved: false)
  }

  /// Lets `count` users, each the multiple of `stride`, have an event, spread over a day.
  mutating func day(_ day: Int64, _ count: Int, stride: Int, step: (Int) -> Int) -> RecordTotals {
    for first in Swift.stride(from: 0, to: count, by: 1_024) {
      batch.begin()
      for number in first..<min(first + 1_024, count) {
        // A multiplication by an odd constant, so that neighbours in time are none in memory.
        let user = number &* stride &* 7_919 % users
        let ms = startMs + day * dayMs + Int64(number) * (dayMs - 1) / Int64(count)
        batch.add(user: user, ms: ms, step: step(number))
      }
      let start = rusage.ownCPUSeconds
      batch.hand { task.process($0) }
      seconds += rusage.ownCPUSeconds - start
    }
    events += count
    let start = rusage.ownCPUSeconds
    let report = task.report(isIdle: false, partials: true, released: merge.released)
    merge.absorb(report)
    merge.close(horizon: .distantFuture)
    _ = merge.takeRows(provisional: false, horizon: .distantFuture)
    seconds += rusage.ownCPUSeconds - start
    return report.records
  }

  /// Prints what the records take.
  func show(_ what: String, _ records: RecordTotals) {
    print(
      String(
        format: "%-44@ %10lld records  %5.1f bytes each", what as NSString, records.count,
        Double(records.bytes) / Double(max(1, records.count))))
  }
}

do {
  let pipeline = try Pipeline.load(path: Worker.userPipeline, environment: [:]).plan
  var run = Run(pipeline)
  _ = run.day(0, users, stride: 1) { _ in 0 }
  run.show(
    "on the way through the funnel, first day", run.day(1, users, stride: 1) { _ in 1 })
  for day in Int64(2)...4 { _ = run.day(day, min(users, 500_000), stride: 3) { $0 } }
  run.show("three days later", run.day(5, min(users, 500_000), stride: 3) { $0 })
  for day in Int64(6)...59 { _ = run.day(day, min(users / 20, 500_000), stride: 3) { $0 } }
  run.show(
    "quiet for 60 days but for a twentieth", run.day(60, min(users / 20, 500_000), stride: 3) { $0 }
  )
  print(
    String(
      format: "%d events, %.0f ns CPU/event with decoding and metrics, one thread", run.events,
      run.seconds * 1e9 / Double(run.events)))
} catch {
  FileHandle.standardError.write(Data("UsersBenchmark: \(error)\n".utf8))
  exit(1)
}
