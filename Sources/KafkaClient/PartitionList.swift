import CRdKafka
import StreamCore

/// librdkafka's list of partitions, owned.
struct PartitionList: ~Copyable {
  let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  /// Lists `partitions`, each with the offset that `offset` gives by its index.
  init(_ partitions: [PartitionID], offset: (Int) -> Int64 = { _ in -1001 }) throws {
    guard let list = rd_kafka_topic_partition_list_new(Int32(clamping: partitions.count)) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "making a list of partitions")
    }
    pointer = list
    for (index, id) in partitions.enumerated() {
      rd_kafka_topic_partition_list_add(list, id.topic, id.partition)?.pointee.offset =
        offset(index)
    }
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  /// The entries, in the order given.
  var entries: UnsafeMutableBufferPointer<rd_kafka_topic_partition_t> {
    UnsafeMutableBufferPointer(start: pointer.pointee.elems, count: Int(pointer.pointee.cnt))
  }

  /// Throws the first entry's error, naming its partition.
  func throwFirstError(_ what: String) throws {
    for entry in entries where entry.err != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(entry.err, what, partition: entry.id)
    }
  }
}

extension rd_kafka_topic_partition_t {
  var id: PartitionID {
    PartitionID(topic: topic.map { String(cString: $0) } ?? "", partition: partition)
  }
}
