import CRdKafka
import StreamCore

/// What went wrong between us and Kafka: what, where, why, what to do.
///
/// Never holds a payload, a key, a header or the value of a secret option.
public struct KafkaError: Error, Sendable, CustomStringConvertible {
  /// Who can put it right.
  public enum Domain: String, Sendable {
    /// The configuration: a name, an option, an access right.
    case user
    /// The network or the brokers.
    case external
    /// The client itself.
    case `internal`
  }

  /// Who can put it right.
  public var domain: Domain
  /// librdkafka's error code: negative for its own, positive for the protocol's.
  public var code: Int32
  /// The code's name, such as `_TRANSPORT` or `UNKNOWN_TOPIC_OR_PART`.
  public var codeName: String
  /// What happened, to what, in one sentence without a full stop.
  public var message: String
  /// Whether the client that raised it is of no more use and has to be made anew.
  public var isFatal: Bool
  /// Whether the same call may succeed later without anybody changing anything.
  public var isRetriable: Bool
  /// What to do about it.
  public var hint: String?
  /// The partition concerned.
  public var partition: PartitionID?
  /// The offset concerned.
  public var offset: Int64?

  /// Whether a topic or a partition is not there.
  public var isUnknownTopic: Bool {
    let code = rd_kafka_resp_err_t(self.code)
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
      || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
  }

  public var description: String {
    var text = message
    if let partition {
      text += " (\(partition)" + (offset.map { " offset \($0)" } ?? "") + ")"
    }
    if let hint { text += "; " + hint }
    return text
  }

  /// An error of code `code`; its domain, retry and hint follow from the code.
  ///
  /// - Parameters:
  ///   - what: what was being done, such as `reading the topic's partitions`.
  ///   - detail: the reason that librdkafka gave, which names hosts but no secrets; nil stands for
  ///     the code's own text.
  init(
    _ code: rd_kafka_resp_err_t, _ what: String, detail: String? = nil, isFatal: Bool = false,
    hint: String? = nil, partition: PartitionID? = nil, offset: Int64? = nil
  ) {
    self.code = code.rawValue
    codeName = rd_kafka_err2name(code).map { String(cString: $0) } ?? "\(code.rawValue)"
    domain = code.domain
    self.isFatal = isFatal
    isRetriable = !isFatal && code.isTransient
    let reason = detail ?? rd_kafka_err2str(code).map { String(cString: $0) } ?? codeName
    message = "\(what): \(reason)"
    self.hint = hint ?? code.hint(reason: reason)
    self.partition = partition
    self.offset = offset
  }

  /// Takes over and destroys an error object of librdkafka.
  init(taking error: OpaquePointer, _ what: String, partition: PartitionID? = nil) {
    let code = rd_kafka_error_code(error)
    let detail = rd_kafka_error_string(error).map { String(cString: $0) }
    let isFatal = rd_kafka_error_is_fatal(error) != 0
    let isRetriable = rd_kafka_error_is_retriable(error) != 0
    rd_kafka_error_destroy(error)
    self.init(code, what, detail: detail, isFatal: isFatal, partition: partition)
    if isRetriable { self.isRetriable = true }
  }
}

extension rd_kafka_resp_err_t {
  /// Whether the error passes by itself: a broker away, a leader moving, a time-out.
  var isTransient: Bool {
    switch self {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
      RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
      RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
      RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__WAIT_CACHE,
      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
      RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
      RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
      return true
    default: return false
    }
  }

  /// Whether access was denied: only a person can help.
  var isDenied: Bool {
    switch self {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR__SSL:
      return true
    default: return false
    }
  }

  var domain: KafkaError.Domain {
    switch self {
    case RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR__CONFLICT,
      RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
      RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS,
      RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_CONFIG,
      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return .user
    default:
      if isDenied { return .user }
      return rawValue > 0 || isTransient ? .external : .internal
    }
  }

  /// What to do about an error of this code; `reason` is librdkafka's text.
  func hint(reason: String) -> String? {
    switch self {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
      RD_KAFKA_RESP_ERR__TIMED_OUT:
      return reason.hasSuffix("refused") || reason.contains("refused (")
        ? "is the broker running, and is the address the one it listens on?"
        : "check the brokers' addresses, the network and security.protocol"
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "check the spelling of the broker's host name and the name service"
    case RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return "check security.protocol, the sasl.* and the ssl.* options"
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "the user of these credentials needs the right to read or write this topic"
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "the user of these credentials needs the right to read this consumer group"
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "grant IdempotentWrite, or set the option enable.idempotence to false"
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
      RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return "check the topic's name, or create it"
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return "raise message.max.bytes here and max.message.bytes of the topic"
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return "the brokers take messages more slowly than they are made; see their state"
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      return "the brokers did not take the message in time; see message.timeout.ms"
    default: return nil
    }
  }
}
