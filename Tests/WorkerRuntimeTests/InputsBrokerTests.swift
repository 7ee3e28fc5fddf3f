import KafkaClient
import StreamCore
import StreamTestKit
import Testing

@testable import WorkerRuntime

@Suite("Producing files into a broker")
struct InputsBrokerTests {
  @Test("a sorted file is in the topic whole, in order in each partition, a user in one of them")
  func ecom() throws {
    let folder = try InputsFolder()
    let path = try inputsSharedData("ecom/ecom.csv.gz")
    let source = inputsSource(user: "user_id", time: "timestamp")
    let broker = try EmbeddedBroker()
    try broker.createTopic("shop", partitions: 4)
    let settings = KafkaSettings(brokers: broker.bootstrapServers)
    let producer = try KafkaProducer(settings: settings, log: .silent)
    let report = try TopicProducer(
      source: source,
      options: ProduceOptions(topic: "shop", sorts: true, spillDirectory: folder.path),
      clock: MachineClock(), sink: producer
    ).run(files: [path])
    #expect(report.delivered == 31_106)
    #expect(report.failed == 0)

    let partitions = (0..<4).map { PartitionID(topic: "shop", partition: $0) }
    let consumer = try KafkaConsumer(
      settings: settings, groupID: nil, headers: [], memoryBudgetBytes: 32 << 20, log: .silent)
    defer { consumer.close() }
    try consumer.assign(partitions.map { ($0, .beginning) })
    let keys = EventKeys(source: source, format: .json)
    var partitionOfUser: [String: Int] = [:]
    var lastTimes = [Int64](repeating: .min, count: 4)
    var faults = 0
    var read = 0
    var ends: Set<Int> = []
    let deadline = Deadline(seconds: Patience.ms / 1_000)
    while ends.count < 4, !deadline.isOver {
      let outcome = try consumer.poll(timeoutMs: 1_000) { partition, messages in
        keys.beginBlock()
        for index in messages.indices {
          var message = messages[index]
          let user = String(decoding: keys.user(of: &message).bytes, as: UTF8.self)
          let time = keys.key(of: &message).time?.ms ?? .min
          if time < lastTimes[partition] { faults += 1 }
          lastTimes[partition] = time
          if partitionOfUser.updateValue(partition, forKey: user) ?? partition != partition {
            faults += 1
          }
          read += 1
        }
      }
      for end in outcome.ends { ends.insert(end.assigned) }
    }
    #expect(read == 31_106)
    #expect(partitionOfUser.count == 600)
    #expect(faults == 0, "records out of order, or users in two partitions")
  }
}
