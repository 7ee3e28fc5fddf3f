import CRdKafka

/// A Kafka cluster inside this process: librdkafka's mock cluster, reached over TCP by any client
/// of any process on this machine. For demonstrations and tests; nothing is written to disk.
///
/// Limits. Each partition keeps 5 MiB of batches as they were sent (compressed ones count as
/// compressed), or 100,000 batches, and drops the oldest without a word. A topic that a client asks
/// for by name comes into being with four partitions. It does not look up offsets by time, does not
/// create topics for clients, does not add partitions, does not abort transactions.
///
/// `@unchecked Sendable`: the mock cluster serves requests and these calls on a thread of its own.
public final class EmbeddedBroker: @unchecked Sendable {
  private let cluster: OpaquePointer
  private let handle: KafkaHandle

  /// What clients connect to: `host:port`, comma separated.
  public let bootstrapServers: String

  /// Starts `brokers` brokers (1...16), with ids 1, 2, 3…, on free ports of the loopback interface.
  ///
  /// - Throws: `KafkaError` when sockets cannot be had.
  public init(brokers: Int = 1) throws {
    guard (1...16).contains(brokers) else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "the embedded broker",
        detail: "\(brokers) brokers were asked for", hint: "take 1 to 16")
    }
    guard let conf = rd_kafka_conf_new() else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "starting the embedded broker")
    }
    handle = try KafkaHandle(RD_KAFKA_PRODUCER, taking: conf, log: .silent)
    guard let cluster = rd_kafka_mock_cluster_new(handle.pointer, Int32(brokers)) else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__FAIL, "starting the embedded broker", detail: "no socket could be had")
    }
    self.cluster = cluster
    bootstrapServers = rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster)
    handle.destroy()
  }

  /// Creates `topic` with `partitions` partitions.
  ///
  /// - Throws: `KafkaError` when the topic is there already or the number is not positive.
  public func createTopic(_ topic: String, partitions: Int) throws {
    try check(
      rd_kafka_mock_topic_create(cluster, topic, Int32(clamping: partitions), 1),
      "creating topic \(topic) on the embedded broker")
  }

  /// A kind of request that can be made to fail.
  public enum Request: Int16, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case initProducerID = 22
  }

  /// Lets the next `count` requests of a kind fail with protocol error `code` (6 is "not leader",
  /// 29 "topic authorization failed", see the protocol's list).
  public func injectErrors(_ request: Request, code: Int32, count: Int) {
    let errors = [rd_kafka_resp_err_t](repeating: rd_kafka_resp_err_t(code), count: max(0, count))
    errors.withUnsafeBufferPointer { errors in
      rd_kafka_mock_push_request_errors_array(
        cluster, request.rawValue, errors.count, errors.baseAddress)
    }
  }

  /// Takes back the errors of a kind of request that have not happened yet.
  public func clearErrors(_ request: Request) {
    rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
  }

  /// Lets every look-up of `topic`, and every message sent to it, fail with protocol error `code`
  /// (3 is "unknown topic") until it is set to 0.
  public func setError(topic: String, code: Int32) {
    rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(code))
  }

  /// Closes a broker's connections and port. Its topics stay.
  public func setDown(_ broker: Int) throws {
    try check(
      rd_kafka_mock_broker_set_down(cluster, Int32(clamping: broker)),
      "taking broker \(broker) down")
  }

  /// Lets a broker take connections again.
  public func setUp(_ broker: Int) throws {
    try check(
      rd_kafka_mock_broker_set_up(cluster, Int32(clamping: broker)), "bringing broker \(broker) up")
  }

  /// Makes `broker` the leader of a partition.
  public func setLeader(of topic: String, partition: Int32, to broker: Int) throws {
    try check(
      rd_kafka_mock_partition_set_leader(cluster, topic, partition, Int32(clamping: broker)),
      "moving the leader of \(topic)/\(partition)")
  }

  /// Delays every answer of a broker by `ms` milliseconds.
  public func setRoundTrip(_ broker: Int, ms: Int) throws {
    try check(
      rd_kafka_mock_broker_set_rtt(cluster, Int32(clamping: broker), Int32(clamping: ms)),
      "delaying broker \(broker)")
  }

  private func check(_ code: rd_kafka_resp_err_t, _ what: String) throws {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(code, what) }
  }
}
