import Foundation
import KafkaClient
import PipelineSpec
import StreamCore
import Synchronization
import WorkerRuntime

/// What `weir doctor` looks at: the settings of a worker, whether it runs or not.
struct DoctorCase: Sendable {
  /// Topics of one cluster.
  struct Cluster: Sendable {
    var settings: KafkaSettings
    /// Each with the source that reads it and, where it has one, the topic of its dead letters.
    var topics: [(source: String, topic: String, deadLetters: String?)]
    /// Bootstrap servers, one by one.
    var addresses: [String] {
      settings.brokers.split(separator: ",")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
  }

  /// How long one question to a broker may take.
  static let brokerMs: Int32 = 4_000

  /// The pipeline; nil: none was named, or its file is wrong.
  var pipeline: Pipeline?
  /// What is wrong with its file.
  var faults: [String] = []
  /// The public file; nil: nobody named one.
  var dataPath: String?
  /// Where the console would be.
  var listen: ConsoleAddress?
  /// The machine's clock.
  var now: @Sendable () -> WallTime = SystemClock.now
  /// The newest timestamp of a record, once the topics were looked at.
  let newest = Shared<Int64>()

  /// Clusters in the order of their first source.
  var clusters: [Cluster] {
    guard let pipeline else { return [] }
    var clusters: [Cluster] = []
    for source in pipeline.plan.sources {
      guard let kafka = pipeline.kafka[source.name] else { continue }
      let topic = (source.name, kafka.topic, kafka.deadLetters)
      let known = clusters.firstIndex {
        $0.settings.brokers == kafka.brokers && $0.settings.options == kafka.options
      }
      if let known {
        clusters[known].topics.append(topic)
      } else {
        clusters.append(
          Cluster(
            settings: KafkaSettings(brokers: kafka.brokers, options: kafka.options),
            topics: [topic]))
      }
    }
    return clusters
  }

  /// A value that one check leaves for later ones.
  final class Shared<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    var current: Value? { value.withLock { $0 } }
    func set(_ new: Value?) { value.withLock { $0 = new } }
  }
}

/// The answer of a check, asked on one thread and waited for on another.
///
/// `@unchecked Sendable`: what it holds is read and written under the condition's lock.
final class DoctorAnswer: @unchecked Sendable {
  private let condition = NSCondition()
  private var findings: [DoctorFinding]?

  func ask(_ body: @escaping @Sendable () -> [DoctorFinding]) {
    let thread = Thread { [self] in
      let found = body()
      condition.withLock {
        findings = found
        condition.broadcast()
      }
    }
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// What was found; nil when it took longer than `ms`.
  func wait(ms: Int64) -> [DoctorFinding]? {
    let deadline = Date(timeIntervalSinceNow: Double(ms) / 1_000)
    return condition.withLock {
      while findings == nil {
        if !condition.wait(until: deadline) { break }
      }
      return findings
    }
  }
}
