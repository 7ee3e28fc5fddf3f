import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore

/// The worker's dealings with Kafka beside reading: which partitions there are, where to begin,
/// where they end. Used by the coordinator alone.
final class KafkaSide {
  private struct Cluster {
    var settings: KafkaSettings
    var topics: KafkaTopics
  }

  private let pipeline: Pipeline
  private var clusters: [Cluster] = []
  private var clusterOfSource: [Int?] = []
  private let log: KafkaLog
  private var partitionCounts: [String: Int32] = [:]
  /// All partitions with the index of their source, in order.
  private(set) var partitions: [(id: PartitionID, sourceIndex: Int)] = []
  /// Where each partition ended at the start, when the worker is to end there.
  private(set) var untilEnd: [PartitionID: Int64]?
  /// How far each partition's log has been read.
  var positions: [PartitionID: Int64] = [:]
  private var watch: PartitionWatch
  /// How long the broker may take to confirm an idle partition; no answer is no idleness.
  private static let confirmTimeoutMs: Int32 = 1_000

  /// A topic that is waited for is not waited for any longer once `stop` is raised.
  init(_ pipeline: Pipeline, _ options: WorkerOptions, stop: StopFlag = StopFlag()) throws {
    self.pipeline = pipeline
    log = KafkaLog(options.log)
    watch = PartitionWatch(expected: [:])
    var keys: [String] = []
    for (index, source) in pipeline.plan.sources.enumerated() {
      guard let kafka = pipeline.kafka[source.name] else {
        throw WorkerError(
          .usage, "source \(source.name) of pipeline \(pipeline.plan.name) names no Kafka topic",
          whatToDo: "give it a kafka block, or read files with --input")
      }
      let key = kafka.brokers + "\n" + kafka.options.sorted { $0.key < $1.key }.description
      if let known = keys.firstIndex(of: key) {
        clusterOfSource.append(known)
      } else {
        let settings = KafkaSettings(brokers: kafka.brokers, options: kafka.options)
        keys.append(key)
        clusters.append(
          Cluster(settings: settings, topics: try KafkaTopics(settings: settings, log: log)))
        clusterOfSource.append(clusters.count - 1)
      }
      // A broker that says that there is no such topic yet is a step done; silence is none.
      let count = try clusters[clusterOfSource[index] ?? 0].topics.partitions(of: kafka.topic) {
        if $0.isUnknownTopic { options.progress.beat() }
        return kafka.waitsForTopic && !stop.isRaised
      }
      partitionCounts[kafka.topic] = count
      for number in 0..<count {
        partitions.append((PartitionID(topic: kafka.topic, partition: number), index))
      }
    }
    partitions.sort { $0.id < $1.id }
    watch = PartitionWatch(expected: partitionCounts)
    if options.untilEnd, options.replay == nil {
      var ends: [PartitionID: Int64] = [:]
      for (id, source) in partitions { ends[id] = try topics(source).watermarks(id).end }
      untilEnd = ends
    }
  }

  /// The cluster that a source's topic is in, by number.
  func cluster(of sourceIndex: Int) -> Int { clusterOfSource[sourceIndex] ?? 0 }

  /// Name of the source that a partition belongs to.
  func sourceName(of id: PartitionID) -> String? {
    partitions.first { $0.id == id }.map { pipeline.plan.sources[$0.sourceIndex].name }
  }

  /// Whether records of a source that are not applied go to a topic.
  func hasDeadLetters(_ sourceIndex: Int) -> Bool {
    source(sourceIndex)?.deadLetters != nil
  }

  private func source(_ index: Int) -> KafkaSource? {
    pipeline.kafka[pipeline.plan.sources[index].name]
  }

  /// Look-ups at the cluster of a source.
  func topics(_ sourceIndex: Int) -> KafkaTopics { clusters[cluster(of: sourceIndex)].topics }

  /// How the cluster of a source is reached.
  func settings(_ sourceIndex: Int) -> KafkaSettings {
    clusters[cluster(of: sourceIndex)].settings
  }

  private var groupID: String { pipeline.plan.consumerGroup }

  /// Where a partition is begun that no file knows.
  func startOffset(_ id: PartitionID, _ sourceIndex: Int) throws -> Int64 {
    let marks = try topics(sourceIndex).watermarks(id)
    switch source(sourceIndex)?.start ?? .earliest {
    case .earliest: return marks.earliest
    case .latest: return marks.end
    case .time(let time):
      return try topics(sourceIndex).offsets(atTime: time.ms, [id])[id] ?? marks.end
    }
  }

  /// Refuses to begin an empty file where the group says that there was one before.
  func refuseEmptyFile(resume: ResumePoint?, accepts: Bool) throws {
    guard resume == nil, !accepts else { return }
    for (index, cluster) in clusters.enumerated() {
      let own = partitions.filter { self.cluster(of: $0.sourceIndex) == index }.map(\.id)
      let committed = try cluster.topics.committed(group: groupID, own)
      guard let (id, offset) = committed.sorted(by: { $0.key < $1.key }).first else { continue }
      throw WorkerError(
        .refused,
        "the file is new, but group \(groupID) has committed offsets (\(id) up to \(offset)): a "
          + "file of this pipeline existed before",
        whatToDo: "put that file and its state back, restore a backup with `weir restore DIR "
          + "--into FILE`, or begin from the topic's start with --accept-empty")
    }
  }

  /// Refuses to go on with other partitions than the file was made from.
  func checkPartitions(known: [PartitionID: Int64]?) throws {
    guard let known else { return }
    let now = Set(partitions.map(\.id))
    let gained = now.subtracting(known.keys).sorted()
    let gone = Set(known.keys).subtracting(now).sorted()
    guard let first = gained.first ?? gone.first else { return }
    let what = gained.isEmpty ? "is gone" : "is new since the file was begun"
    throw WorkerError(
      .refused,
      "partition \(first) \(what) (\(gained.count) gained, \(gone.count) gone): users may have "
        + "moved between partitions, and results would not be those of an undisturbed run",
      whatToDo: "compute the results anew into another file with --data NEW.sqlite")
  }

  /// Stops the worker when a topic has changed its partitions.
  func checkPartitionCounts(nowMs: Int64) throws {
    let changes = try watch.check(nowMs: nowMs) {
      var all: [String: Int32] = [:]
      for cluster in clusters {
        all.merge(try cluster.topics.all(timeoutMs: 2_000)) { a, _ in a }
      }
      return all
    }
    guard let change = changes.first else { return }
    throw WorkerError(
      .refused, "\(change)",
      whatToDo: "compute the results anew into another file with --data NEW.sqlite")
  }

  /// Whether nothing lies beyond what was read, as the broker says; nil when it does not answer.
  func isAtEnd(_ seen: IdleWatch.Seen) -> Bool? {
    guard let found = partitions.first(where: { $0.id == seen.id }),
      let marks = try? topics(found.sourceIndex).watermarks(
        seen.id, timeoutMs: Self.confirmTimeoutMs)
    else { return nil }
    return marks.end <= max(seen.nextOffset, seen.logPosition ?? 0)
  }

  /// A feed of some partitions of one cluster. With `limits`, of a replay, it commits nothing and
  /// produces nothing.
  func makeFeed(
    _ assignments: [Worker.Assignment], gate: DriftGate, gateIndices: [Int], lanes: Int,
    limits: ReadLimits?, now: @escaping @Sendable () -> WallTime
  ) throws -> KafkaFeed {
    let sourceIndex = assignments[0].sourceIndex
    let cluster = clusters[cluster(of: sourceIndex)]
    let consumer = try KafkaConsumer(
      settings: cluster.settings, groupID: limits == nil ? groupID : nil,
      headers: pipeline.plan.sources[sourceIndex].headers,
      memoryBudgetBytes: Self.prefetchBytes / max(1, lanes), log: log)
    try consumer.assign(assignments.map { ($0.id, .offset($0.startOffset)) })
    var letters: [String: String] = [:]
    for assignment in assignments where limits == nil {
      if let topic = source(assignment.sourceIndex)?.deadLetters {
        letters[assignment.id.topic] = topic
      }
    }
    let sink =
      letters.isEmpty
      ? nil
      : DeadLetterSink(
        producer: try KafkaProducer(settings: cluster.settings, givesUpAfterMs: nil, log: log),
        topics: letters)
    return KafkaFeed(
      consumer: consumer, gate: gate, gateIndices: gateIndices,
      continuesOnLostOffsets: source(sourceIndex)?.continuesOnLostOffsets ?? false,
      deadLetters: sink, limits: limits, log: log, now: now)
  }

  /// Memory for messages that were fetched and not yet handled, over all lanes.
  static let prefetchBytes = 256 << 20
}

extension PipelinePlan {
  /// The consumer group whose committed offsets show lag monitors how far the worker is.
  public var consumerGroup: String { "weir-\(name)" }
}
