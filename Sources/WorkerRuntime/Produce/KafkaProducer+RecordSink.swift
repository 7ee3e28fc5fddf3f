import KafkaClient

extension KafkaProducer: RecordSink {
  /// Hands a record to the client, which copies it and lets its key choose the partition.
  ///
  /// - Throws: `KafkaError`.
  public func send(
    topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, timestampMs: Int64
  ) throws {
    // The argument that this one lacks chooses the producer's own method.
    try send(topic: topic, partition: nil, key: key, value: value, timestampMs: timestampMs)
  }

  /// What became of the records sent so far, as of the reports taken in.
  public var delivery: DeliveryCounts {
    DeliveryCounts(delivered: report.delivered, failed: report.failed)
  }
}
