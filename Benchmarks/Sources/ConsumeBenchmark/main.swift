// Raw consumption: how fast messages come out of `KafkaConsumer.poll` when nothing is done with
// them.
//
//   swift run -c release ConsumeBenchmark [MESSAGES] [PARTITIONS] [BUDGET_MIB]
//
// The embedded broker and the producer live in this process; the consumer is a child, so that its
// CPU time can be told apart. The broker keeps 5 MiB a partition as it was sent, so the default
// relies on the compression of lz4: the benchmark refuses to run on less than all of the messages.
// The log is read several times over from its beginning, the first time is warm-up.

import Glibc
import KafkaClient
import StreamCore

let topic = "bench"
let arguments = CommandLine.arguments

func number(_ index: Int, _ fallback: Int) -> Int {
  arguments.count > index ? Int(arguments[index]) ?? fallback : fallback
}

/// User and system time of this process, in seconds.
func cpuSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

/// Fills the topic with tracked events of about 400 bytes.
func fill(_ settings: KafkaSettings, messages: Int, partitions: Int) throws {
  var options = settings
  options.options["batch.size"] = "1000000"
  options.options["linger.ms"] = "50"
  let producer = try KafkaProducer(settings: options, compression: .lz4, log: .silent)
  let clock = ContinuousClock.now
  for index in 0..<messages {
    let user = (index &* 2_654_435_761) % 1_000_000
    let text =
      "{\"type\":\"track\",\"event\":\"product_view\",\"message_id\":\"m-\(index)\","
      + "\"user_id\":\"user-\(user)\",\"timestamp\":\"2026-01-01T00:00:00.000Z\","
      + "\"context\":{\"ip\":\"10.0.0.1\",\"city\":\"Shanghai\",\"user_agent\":\"Mozilla/5.0 (X11; "
      + "Linux x86_64) AppleWebKit/537.36\",\"library\":{\"name\":\"analytics.js\"}},"
      + "\"properties\":{\"sku\":\"SKU-\(index % 5_000)\",\"total\":\(index % 1_000).50,"
      + "\"currency\":\"CNY\",\"channel\":\"mini-program\",\"campaign\":\"spring\"}}"
    var value = text
    try value.withUTF8 { value in
      try producer.send(
        topic: topic, partition: Int32(index % partitions), value: UnsafeRawBufferPointer(value))
    }
  }
  try producer.flush(timeoutMs: 120_000)
  let elapsed = ContinuousClock.now - clock
  print("produced \(messages) messages in \(elapsed)")
}

/// One reading of the whole log.
struct Round {
  var messagesPerSecond: Double
  var cpuNanoseconds: Double
  var cores: Double
  var messagesPerPoll: Int
  var bytesPerMessage: Int
}

func readAll(_ consumer: KafkaConsumer, messages: Int, partitions: Int) throws -> Round {
  try consumer.assign(
    (0..<partitions).map { (PartitionID(topic: topic, partition: Int32($0)), .beginning) })
  var (count, bytes, polls) = (0, 0, 0)
  var start = ContinuousClock.now
  var cpu = cpuSeconds()
  while count < messages {
    let outcome = try consumer.poll(timeoutMs: 1_000) { _, run in
      for message in run { bytes += Int(message.payloadCount) }
    }
    // The clock runs from the first message: looking up the beginning is not consumption.
    if count == 0, outcome.messages > 0 { (start, cpu) = (ContinuousClock.now, cpuSeconds()) }
    count += outcome.messages
    polls += 1
  }
  let elapsed = (ContinuousClock.now - start).components
  let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
  let used = cpuSeconds() - cpu
  return Round(
    messagesPerSecond: Double(count) / seconds, cpuNanoseconds: used * 1e9 / Double(count),
    cores: used / seconds, messagesPerPoll: count / polls, bytesPerMessage: bytes / count)
}

func consume(_ brokers: String, messages: Int, partitions: Int, budgetMiB: Int) throws {
  let consumer = try KafkaConsumer(
    settings: KafkaSettings(brokers: brokers), groupID: nil, memoryBudgetBytes: budgetMiB << 20,
    log: KafkaLog { level, _, line in print("\(level): \(line)") })
  _ = try readAll(consumer, messages: messages, partitions: partitions)
  var rounds: [Round] = []
  for _ in 0..<9 {
    rounds.append(try readAll(consumer, messages: messages, partitions: partitions))
  }
  rounds.sort { $0.messagesPerSecond > $1.messagesPerSecond }
  for (name, round) in [("best", rounds[0]), ("median", rounds[rounds.count / 2])] {
    print(
      "\(name) of \(rounds.count):", "\(rounded(round.messagesPerSecond / 1e6)) M messages/s,",
      "\(rounded(round.cpuNanoseconds)) ns of CPU a message, \(rounded(round.cores)) cores,",
      "\(round.bytesPerMessage) bytes a message, \(round.messagesPerPoll) messages a poll")
  }
}

let messages = number(1, 400_000)
let partitions = number(2, 4)
let budgetMiB = number(3, 256)

if let brokers = getenv("CONSUME_BENCHMARK_BROKERS").map({ String(cString: $0) }) {
  try consume(brokers, messages: messages, partitions: partitions, budgetMiB: budgetMiB)
} else {
  let broker = try EmbeddedBroker()
  try broker.createTopic(topic, partitions: partitions)
  let settings = KafkaSettings(brokers: broker.bootstrapServers)
  try fill(settings, messages: messages, partitions: partitions)
  let topics = try KafkaTopics(settings: settings)
  var kept = 0
  for partition in 0..<partitions {
    let marks = try topics.watermarks(PartitionID(topic: topic, partition: Int32(partition)))
    kept += Int(marks.end - marks.earliest)
  }
  guard kept == messages else {
    print("the embedded broker kept \(kept) of \(messages): take fewer, or more partitions")
    exit(1)
  }
  setenv("CONSUME_BENCHMARK_BROKERS", broker.bootstrapServers, 1)
  var child = pid_t()
  var pointers = arguments.map { strdup($0) } + [nil]
  guard posix_spawn(&child, "/proc/self/exe", nil, nil, &pointers, environ) == 0 else {
    print("the consuming process could not be started")
    exit(1)
  }
  var status: Int32 = 0
  waitpid(child, &status, 0)
  exit(status == 0 ? 0 : 1)
}
