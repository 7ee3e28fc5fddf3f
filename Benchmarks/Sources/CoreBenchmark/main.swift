// What the core costs beside decoding: partition tasks and the merge on messages in memory.
//
//   swift run -c release --package-path Benchmarks CoreBenchmark [EVENTS_PER_PARTITION]
//
// The job is that of pipelines/bench.yaml on one thread: 4 partitions by turns, 1,000,000 users,
// an hour of event time, windows closed 12 times. Decoding alone is measured on the same messages
// in the same round; what is left is judging, dedup, series, sums, users, partials and merging.

import BenchmarkKit
import Foundation
import PipelineSpec
import StreamCore

let partitions = 4
let perPartition = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200_000
let batch = 1_024
let rounds = 7
let snapshots = 12

/// The messages of one partition, in memory kept to the end.
func messages(of partition: Int) -> UnsafeBufferPointer<RawMessage> {
  var maker = BenchmarkEvents(seed: UInt64(partition), users: .uniform, userCount: 1_000_000)
  var bytes: [UInt8] = []
  var ends: [Int] = []
  for index in 0..<perPartition {
    maker.append(
      to: &bytes, index: index, partition: partition, partitions: partitions,
      startMs: 1_767_225_600_000, stepMs: 3_600_000 / Double(perPartition))
    ends.append(bytes.count)
  }
  let log = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 64)
  log.initialize(repeating: 0)
  _ = log.update(fromContentsOf: bytes)
  let made = UnsafeMutableBufferPointer<RawMessage>.allocate(capacity: perPartition)
  var start = 0
  for (index, end) in ends.enumerated() {
    made.initializeElement(
      at: index,
      to: RawMessage(
        payload: log.baseAddress.map { UnsafePointer($0 + start) },
        payloadCount: Int32(end - start), offset: Int64(index)))
    start = end
  }
  return UnsafeBufferPointer(made)
}

/// Hands all partitions' messages to `body`, batch by batch and by turns.
func byTurns(
  _ logs: [UnsafeBufferPointer<RawMessage>],
  _ body: (Int, UnsafeBufferPointer<RawMessage>) -> Void
) {
  for start in stride(from: 0, to: perPartition, by: batch) {
    let end = min(start + batch, perPartition)
    for (index, log) in logs.enumerated() {
      body(index, UnsafeBufferPointer(rebasing: log[start..<end]))
    }
  }
}

/// CPU seconds of decoding every message and its time; throws when one cannot be.
func decodeAll(_ logs: [UnsafeBufferPointer<RawMessage>], _ source: SourcePlan) throws -> Double {
  let decoder = EventDecoder(source: source, topic: "bench")
  let slots = UnsafeMutablePointer<Value>.allocate(capacity: source.fields.count * 64)
  defer { slots.deallocate() }
  var rejected = 0
  let start = rusage.ownCPUSeconds
  byTurns(logs) { _, run in
    guard let first = run.baseAddress else { return }
    for index in 0..<run.count {
      if index & 63 == 0 { decoder.beginBlock() }
      let row = slots + (index & 63) * source.fields.count
      let reason = decoder.decode(first + index, into: row)
      if reason != nil || decoder.eventTime(row[Slot.time]) == nil { rejected += 1 }
    }
  }
  let seconds = rusage.ownCPUSeconds - start
  guard rejected == 0 else { throw BenchmarkError("\(rejected) events were rejected") }
  return seconds
}

/// CPU seconds of the whole core over every message, and how many were applied.
func processAll(
  _ logs: [UnsafeBufferPointer<RawMessage>], _ pipeline: PipelinePlan
) -> (seconds: Double, applied: Int64) {
  let plan = StagePlan(pipeline, keyed: true)
  let merge = Merge(plan: plan)
  let tasks = logs.indices.map { index -> PartitionTask in
    let id = PartitionID(topic: "bench", partition: Int32(index))
    merge.register(id, source: 0)
    return PartitionTask(id: id, sourceIndex: 0, plan: plan, startOffset: 0)
  }
  var handled = 0
  var nextSnapshot = 0
  let start = rusage.ownCPUSeconds
  byTurns(logs) { index, run in
    tasks[index].process(run)
    handled += run.count
    guard handled >= nextSnapshot else { return }
    nextSnapshot += perPartition * partitions / snapshots
    for task in tasks {
      merge.absorb(task.report(isIdle: false, partials: true, released: merge.released))
      _ = task.copyState()
    }
    merge.close(horizon: .distantFuture)
    _ = merge.takeRows(provisional: false, horizon: .distantFuture)
  }
  let seconds = rusage.ownCPUSeconds - start
  return (seconds, tasks.reduce(0) { $0 + $1.fates.applied })
}

do {
  let pipeline = try Pipeline.load(path: Worker.pipeline, environment: [:]).plan
  let logs = (0..<partitions).map(messages)
  let events = Double(partitions * perPartition)
  var decoding: [Double] = []
  var all: [Double] = []
  for _ in 0..<rounds {
    decoding.append(try decodeAll(logs, pipeline.sources[0]) * 1e9 / events)
    let (seconds, applied) = processAll(logs, pipeline)
    guard applied == Int64(events) else { throw BenchmarkError("only \(applied) were applied") }
    all.append(seconds * 1e9 / events)
  }
  let ratios = zip(all, decoding).map { $0 / $1 }
  let core = zip(all, decoding).map { $0 - $1 }
  print("median of \(rounds) rounds over \(Int(events)) events, one thread, ns CPU/event")
  print(
    String(
      format: "decode alone %.0f   core with decode %.0f   core on decoded events %.0f   %.2f x",
      decoding.median, all.median, core.median, ratios.median))
} catch {
  FileHandle.standardError.write(Data("CoreBenchmark: \(error)\n".utf8))
  exit(1)
}
