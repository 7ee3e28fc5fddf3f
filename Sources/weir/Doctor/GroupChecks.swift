import Foundation
import KafkaClient
import SnapshotStore
import StreamCore
import WorkerRuntime

/// The consumer group, whose committed offsets show lag monitors how far a worker is. They also say
/// that there was a file before, and a worker without that file will not begin.
enum GroupChecks {
  @Sendable static func commits(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let group = patient.pipeline?.plan.consumerGroup, !patient.clusters.isEmpty else {
      return []
    }
    let newFile = patient.dataPath.flatMap { isNew($0) ? $0 : nil }
    var committed: [PartitionID: Int64] = [:]
    for cluster in patient.clusters {
      guard let topics = try? KafkaTopics(settings: cluster.settings),
        let all = try? topics.all(timeoutMs: DoctorCase.brokerMs)
      else {
        return [
          .warning("not looked at: no broker answers", "make the check of brokers right first")
        ]
      }
      let partitions = cluster.topics.flatMap { source in
        (0..<(all[source.topic] ?? 0)).map { PartitionID(topic: source.topic, partition: $0) }
      }
      if partitions.isEmpty { continue }
      do {
        let own = try topics.committed(group: group, partitions, timeoutMs: DoctorCase.brokerMs)
        committed.merge(own) { $1 }
      } catch {
        return [unreadable(group, error, newFile)]
      }
    }
    return [judged(group, committed, newFile)]
  }

  /// Whether a worker would begin the file: it is not there, or nothing was ever read into it.
  private static func isNew(_ path: String) -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return true }
    return (try? ResultsReader.open(path: path).partitions().isEmpty) ?? false
  }

  private static func unreadable(
    _ group: String, _ error: any Error, _ newFile: String?
  ) -> DoctorFinding {
    let what = "the committed offsets of group \(group) cannot be read: \(error)"
    let whatToDo = "give these credentials the right to read the group and to commit for it"
    guard let newFile else {
      return .warning("\(what); lag monitors will see nothing of this worker", whatToDo)
    }
    return .problem(
      "\(what); without them no worker begins \(newFile)",
      "\(whatToDo), or begin with --accept-empty")
  }

  private static func judged(
    _ group: String, _ committed: [PartitionID: Int64], _ newFile: String?
  ) -> DoctorFinding {
    guard let (id, offset) = committed.min(by: { $0.key < $1.key }) else {
      return .ok("group \(group) has committed nothing yet")
    }
    let partitions = Terminal.count(Int64(committed.count), "partition")
    guard let newFile else {
      return .ok("group \(group) has committed offsets of \(partitions), for lag monitors")
    }
    return .problem(
      "group \(group) has committed offsets (\(id) up to \(offset)), so a file of this pipeline "
        + "existed before, but \(newFile) has nothing: no worker begins it",
      "put that file and its state back, restore a backup with `weir restore DIR --into FILE`, or "
        + "begin from the topic's start with --accept-empty")
  }
}
