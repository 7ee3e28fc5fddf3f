import CRdKafka

/// How to reach Kafka, for consumers, producers and look-ups alike.
public struct KafkaSettings: Sendable {
  /// Bootstrap servers: `host:port`, comma separated.
  public var brokers: String
  /// Any librdkafka property by name. A name that does not exist, a value that it does not take and
  /// a property that the client sets itself are refused when a client is made.
  public var options: [String: String]
  /// What brokers call us in their logs and quotas, unless the options say otherwise.
  public var clientID: String

  /// Makes settings; nothing is checked until a client is made of them.
  public init(brokers: String, options: [String: String] = [:], clientID: String = "weir") {
    self.brokers = brokers
    self.options = options
    self.clientID = clientID
  }

  /// Properties that decide what is read and what is not; they follow from the pipeline.
  private static let owned: [String: String] = [
    "bootstrap.servers": "the brokers are named in their own field",
    "metadata.broker.list": "the brokers are named in their own field",
    "group.id": "it follows from the pipeline",
    "enable.auto.commit": "offsets are kept with the results and committed behind them",
    "enable.auto.offset.store": "offsets are kept with the results and committed behind them",
    "auto.commit.enable": "offsets are kept with the results and committed behind them",
    "enable.partition.eof": "the end of a partition has to be known",
    "auto.offset.reset": "lost offsets are reported, never skipped",
    "queued.max.messages.kbytes": "it follows from the memory budget",
    "queue.buffering.max.kbytes": "it follows from the memory budget",
    "delivery.report.only.error": "every delivery is counted",
  ]

  /// A librdkafka configuration: `defaults`, then the options, then `fixed`. The caller owns it.
  func configuration(
    defaults: [(String, String)] = [], fixed: [(String, String)] = []
  ) throws -> OpaquePointer {
    guard brokers.utf8.contains(where: { $0 != 0x20 && $0 != 0x2C }) else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "brokers", detail: "no address is given",
        hint: "name at least one as host:port")
    }
    guard let conf = rd_kafka_conf_new() else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "making a configuration")
    }
    do {
      try Self.set(conf, "client.id", clientID)
      for (name, value) in defaults { try Self.set(conf, name, value) }
      for (name, value) in options.sorted(by: { $0.key < $1.key }) {
        if let reason = Self.owned[name] {
          throw KafkaError(
            RD_KAFKA_RESP_ERR__INVALID_ARG, "Kafka option \(name)",
            detail: "it is not yours to set",
            hint: reason)
        }
        try Self.set(conf, name, value)
      }
      for (name, value) in fixed { try Self.set(conf, name, value) }
      try Self.set(conf, "bootstrap.servers", brokers)
    } catch {
      rd_kafka_conf_destroy(conf)
      throw error
    }
    return conf
  }

  private static func set(_ conf: OpaquePointer, _ name: String, _ value: String) throws {
    var reason = [CChar](repeating: 0, count: 512)
    switch rd_kafka_conf_set(conf, name, value, &reason, reason.count) {
    case RD_KAFKA_CONF_OK: return
    case RD_KAFKA_CONF_UNKNOWN:
      let near = nearestNames(to: name, among: propertyNames(conf))
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "Kafka option \(name)",
        detail: "librdkafka has no property of this name",
        hint: near.isEmpty
          ? "see librdkafka's CONFIGURATION.md for all names"
          : "did you mean \(near.joined(separator: " or "))?")
    default:
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "Kafka option \(name)",
        detail: isSecret(name) ? "librdkafka does not take its value" : text(reason),
        hint: "see librdkafka's CONFIGURATION.md for the values that it takes")
    }
  }

  /// Whether a property's value must not be shown, not even in librdkafka's own words.
  private static func isSecret(_ name: String) -> Bool {
    ["password", "secret", "key", "pem", "token", "oauth", "username", "jaas"]
      .contains { name.contains($0) }
  }

  private static func propertyNames(_ conf: OpaquePointer) -> [String] {
    var count = 0
    guard let pairs = rd_kafka_conf_dump(conf, &count) else { return [] }
    defer { rd_kafka_conf_dump_free(pairs, count) }
    return stride(from: 0, to: count, by: 2).compactMap { pairs[$0].map { String(cString: $0) } }
  }
}

/// The text of a C buffer, up to its terminator.
func text(_ buffer: [CChar]) -> String {
  let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
  return String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
