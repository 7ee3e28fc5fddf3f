// The worker from a broker against raw librdkafka consumption of the same messages.
//
//   swift run -c release --package-path Benchmarks BrokerBenchmark
//
// The embedded broker and the producer live in this process; the raw consumer and the worker are
// children, so that their CPU time can be told apart. Both are measured as whole processes, and
// what the same process takes on an empty topic is subtracted; each has one consumer. The broker
// keeps 5 MiB of each partition as it was sent, hence lz4 and a number of messages that still fits.

import BenchmarkKit
import Foundation
import KafkaClient
import StreamCore

let rounds = 5
let brokersVariable = "WEIR_BROKERS"
let topicVariable = "WEIR_TOPIC"

/// Fills `topic` with events of 1,000,000 users, each partition in the order of event time and at
/// the pace of the files: a million in an hour.
func fill(
  _ topic: String, on broker: EmbeddedBroker, partitions: Int, perPartition: Int,
  users: BenchmarkEvents.Users
) throws {
  try broker.createTopic(topic, partitions: partitions)
  var settings = KafkaSettings(brokers: broker.bootstrapServers)
  settings.options["batch.size"] = "1000000"
  settings.options["linger.ms"] = "50"
  let producer = try KafkaProducer(settings: settings, compression: .lz4, log: .silent)
  var makers = (0..<partitions).map {
    BenchmarkEvents(seed: UInt64($0), users: users, userCount: 1_000_000)
  }
  var bytes: [UInt8] = []
  for index in 0..<perPartition {
    for partition in 0..<partitions {
      bytes.removeAll(keepingCapacity: true)
      makers[partition].append(
        to: &bytes, index: index, partition: partition, partitions: partitions,
        startMs: 1_767_225_600_000, stepMs: 3.6)
      try bytes.withUnsafeBytes {
        try producer.send(topic: topic, partition: Int32(partition), value: $0)
      }
    }
  }
  try producer.flush(timeoutMs: 120_000)
  let topics = try KafkaTopics(settings: settings)
  var kept = 0
  for partition in 0..<partitions {
    let marks = try topics.watermarks(PartitionID(topic: topic, partition: Int32(partition)))
    kept += Int(marks.end - marks.earliest)
  }
  guard kept == partitions * perPartition else {
    throw BenchmarkError("the broker kept \(kept) of \(partitions * perPartition) messages")
  }
}

/// The child: reads everything that the topic holds and does nothing with it.
func consume(_ brokers: String, _ topic: String) throws {
  let settings = KafkaSettings(brokers: brokers)
  let topics = try KafkaTopics(settings: settings)
  let ids = (0..<(try topics.partitions(of: topic))).map {
    PartitionID(topic: topic, partition: $0)
  }
  var wanted: Int64 = 0
  for id in ids { wanted += try topics.watermarks(id).end }
  let consumer = try KafkaConsumer(
    settings: settings, groupID: nil, memoryBudgetBytes: 256 << 20, log: .silent)
  try consumer.assign(ids.map { ($0, .beginning) })
  var count: Int64 = 0
  while count < wanted {
    count += Int64(try consumer.poll(timeoutMs: 1_000) { _, _ in }.messages)
  }
}

/// A job, and what it may take of CPU in terms of raw consumption.
struct Job {
  var name: String
  var pipeline: String
  var lanes: Int
  var most: Double
}

/// Several runs of each, one after the other by turns.
func compare(
  _ folder: URL, _ worker: Worker, _ job: Job, _ environment: [String: String]
) throws -> (raw: [ChildProcess], worker: [ChildProcess]) {
  var raw: [ChildProcess] = []
  var whole: [ChildProcess] = []
  for _ in 0..<rounds {
    raw.append(
      try ChildProcess.run("/proc/self/exe", ["consume"], environment: environment))
    whole.append(
      try worker.run(
        job.pipeline, in: folder,
        ["--lanes", "\(job.lanes)", "--until-end", "--close", "--accept-empty"],
        environment: environment))
  }
  return (raw, whole)
}

func report(
  _ folder: URL, _ worker: Worker, _ job: Job, partitions: Int, perPartition: Int,
  users: BenchmarkEvents.Users
) throws {
  let broker = try EmbeddedBroker()
  try fill("full", on: broker, partitions: partitions, perPartition: perPartition, users: users)
  try broker.createTopic("empty", partitions: partitions)
  let brokers = [brokersVariable: broker.bootstrapServers]
  let start = try compare(folder, worker, job, brokers.merging([topicVariable: "empty"]) { $1 })
  let full = try compare(folder, worker, job, brokers.merging([topicVariable: "full"]) { $1 })
  let events = Double(partitions * perPartition)
  let nanoseconds = { (full: [ChildProcess], empty: [ChildProcess]) in
    (full.map(\.cpuSeconds).median - empty.map(\.cpuSeconds).median) * 1e9 / events
  }
  let raw = nanoseconds(full.raw, start.raw)
  let whole = nanoseconds(full.worker, start.worker)
  guard full.worker.allSatisfy({ $0.output.contains("applied \(Int(events))\n") }) else {
    throw BenchmarkError("the worker did not apply all \(Int(events)) messages")
  }
  let rate = { (full: [ChildProcess], empty: [ChildProcess]) in
    events / (full.map(\.wallSeconds).median - empty.map(\.wallSeconds).median)
  }
  let reached = rate(full.worker, start.worker)
  print(
    String(
      format: "%-5@ %5d  %10d  %-7@  %9.0f  %6.0f  %7.0f  %5.2f  %9.0f  %9.0f",
      job.name as NSString, job.lanes, partitions, users.rawValue as NSString, events, raw, whole,
      whole / raw, rate(full.raw, start.raw), reached))
  let group = "\(job.name) job beside a broker, \(partitions) partitions, \(users.rawValue) users"
  let what = "CPU against raw consumption, \(job.lanes) lane\(job.lanes == 1 ? "" : "s")"
  try Figures.note(Figure(group, what, whole / raw, "x", .atMost(job.most)))
  if job.lanes > 1 {
    try Figures.note(
      Figure(group, "throughput", reached / 1e6, "M events/s", .atLeast(1.2)))
  }
}

do {
  let environment = ProcessInfo.processInfo.environment
  if CommandLine.arguments.dropFirst().first == "consume",
    let brokers = environment[brokersVariable], let topic = environment[topicVariable]
  {
    try consume(brokers, topic)
    exit(0)
  }
  let worker = try Worker()
  print("median of \(rounds) runs, ns CPU/event of the process beyond its start; lz4, since the")
  print("embedded broker keeps 5 MiB of a partition")
  print("                                                   CPU              events/s")
  print("job   lanes  partitions  users       events     raw   worker  ratio        raw     worker")
  let bench = Job(name: "bench", pipeline: Worker.pipeline, lanes: 1, most: 2)
  let all = Job(name: "full", pipeline: Worker.fullPipeline, lanes: 2, most: 3)
  try Worker.inFolder { folder in
    for users in [BenchmarkEvents.Users.uniform, .zipf] {
      try report(folder, worker, bench, partitions: 4, perPartition: 50_000, users: users)
      try report(folder, worker, bench, partitions: 64, perPartition: 25_000, users: users)
      try report(folder, worker, all, partitions: 128, perPartition: 25_000, users: users)
    }
  }
} catch {
  FileHandle.standardError.write(Data("BrokerBenchmark: \(error)\n".utf8))
  exit(1)
}
