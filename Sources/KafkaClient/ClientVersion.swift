import CRdKafka

/// Which librdkafka this is.
public enum ClientVersion {
  /// The version of the library that is loaded, such as `2.0.2`.
  public static var librdkafka: String {
    rd_kafka_version_str().map { String(cString: $0) } ?? "unknown"
  }
}
