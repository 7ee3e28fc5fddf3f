import Foundation
import KafkaClient
import StreamCore
import WorkerRuntime

/// One soak, from the empty folder to the tally.
struct SoakRun {
  private let plan: SoakPlan
  private let folder: URL
  private let halt = Halt()
  private static let sampleMs: Int64 = 500
  /// Bytes of log for each event, with room to spare, and of everything else.
  private static let bytesPerEvent: Int64 = 350
  private static let otherBytes: Int64 = 1 << 30

  init(_ plan: SoakPlan) {
    self.plan = plan
    folder = plan.parent.appendingPathComponent(
      "weir-soak-\(ProcessInfo.processInfo.processIdentifier)")
  }

  /// Runs it. The folder is deleted unless something was found.
  func run() throws -> Tally {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try checkRoom()
    let pipeline = try writePipeline()
    let cluster = try EmbeddedBroker()
    try cluster.createTopic(SoakPlan.topic, partitions: plan.partitions)
    try cluster.createTopic(SoakPlan.deadLetters, partitions: 1)
    let subjects = ["killed", "steady"].map {
      Subject(
        $0, plan, pipeline: pipeline, servers: cluster.bootstrapServers, folder: folder, halt: halt)
    }
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    let stream = EventStream(plan, servers: cluster.bootstrapServers, halt: halt)
    for subject in subjects { try subject.start() }
    stream.start(folder)
    var tally = Tally(plan: plan)
    disturb(cluster, stream, subjects, stop, &tally)
    tally.sent = stream.end()
    if halt.faults.isEmpty {
      do {
        try finish(cluster, subjects, pipeline, &tally)
      } catch {
        halt.raise("\(error)")
      }
    }
    tally.faults += halt.faults
    tally.judge()
    if tally.faults.isEmpty {
      try FileManager.default.removeItem(at: folder)
    } else {
      tally.folder = folder.path
    }
    return tally
  }

  private func checkRoom() throws {
    let needed =
      Int64(plan.rate) * plan.lengthMs / 1_000 * Self.bytesPerEvent + Self.otherBytes
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
    guard let free = (attributes[.systemFreeSize] as? NSNumber)?.int64Value, free > needed else {
      throw SoakError(
        "\(folder.path) needs \(Text.mebibytes(needed)) of free disk: give another place with "
          + "--folder, or soak for less time with --for")
    }
  }

  /// The demo's pipeline, with two settings of its own: state is saved so often that a restart
  /// finds what it has to read again still on the broker, and no silence makes a partition idle,
  /// which a replay of files would have to be told of.
  private func writePipeline() throws -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let source = root.appendingPathComponent("pipelines/shop.yaml")
    var text = try String(contentsOf: source, encoding: .utf8)
    for (old, new) in [
      ("idle_after: 10s", "idle_after: 1h"),
      ("snapshot_every: 1s", "snapshot_every: 1s\nstate_every: 3s"),
    ] {
      guard text.contains(old) else {
        throw SoakError("\(source.path) has no `\(old)`, which a soak changes")
      }
      text = text.replacingOccurrences(of: old, with: new)
    }
    let path = folder.appendingPathComponent("soak.yaml")
    try text.write(to: path, atomically: true, encoding: .utf8)
    return path.path
  }

  /// Samples and disturbs until the stream's time is over.
  private func disturb(
    _ cluster: EmbeddedBroker, _ stream: EventStream, _ subjects: [Subject], _ stop: StopFlag,
    _ tally: inout Tally
  ) {
    let maker = FaultMaker(
      plan, cluster: cluster, stream: stream, killed: subjects[0], steady: subjects[1], halt: halt)
    let done = Outcome<FaultCounts>()
    let thread = Thread { done.set(maker.run()) }
    thread.name = "faults"
    thread.start()
    let watch = Stopwatch()
    while done.value == nil {
      var least = Int64.max
      tally.samples.begin(seconds: watch.seconds)
      for subject in subjects {
        let read = subject.read
        least = min(least, read)
        tally.samples.take(subject, read: read, sent: stream.sent, seconds: watch.seconds)
        if subject.hasFailed {
          halt.raise("\(subject.name) ended by itself: \(subject.lastWords)")
        }
      }
      stream.note(leastRead: least)
      if stop.isRaised { halt.raise("it was interrupted") }
      halt.goesOn(afterMs: Self.sampleMs)
      if halt.isRaised { _ = awaited(within: 120) { done.value != nil } }
    }
    tally.counts = done.value ?? FaultCounts()
  }

  /// Lets the workers read to the end and close, replays what was sent, and compares.
  private func finish(
    _ cluster: EmbeddedBroker, _ subjects: [Subject], _ pipeline: String, _ tally: inout Tally
  ) throws {
    try checkBroker(cluster, tally.sent)
    let total = tally.sent.counts.reduce(0, +)
    for subject in subjects {
      let isThere = try awaited(within: 180, everyMs: 200) {
        if subject.hasFailed { throw SoakError("\(subject.name) ended: \(subject.lastWords)") }
        return subject.read >= total
      }
      guard isThere else {
        throw SoakError("\(subject.name) has read \(subject.read) of \(total) and gets no further")
      }
    }
    for subject in subjects { try subject.close() }
    let replay = folder.appendingPathComponent("replay.sqlite").path
    let watch = Stopwatch()
    let process = try WorkerProcess(
      plan.weir,
      ["replay", pipeline, "--quiet", "--into", replay, "--in-order", "--input"]
        + tally.sent.paths, logPath: folder.appendingPathComponent("replay.log").path)
    guard process.awaitEnd(seconds: 3_600) == 0 else {
      throw SoakError("the replay failed: \(process.text.suffix(2_000))")
    }
    tally.replaySeconds = watch.seconds
    for subject in subjects {
      try tally.reckoning.take(subject.name, subject.data, sent: tally.sent)
    }
    try tally.reckoning.take("replay", replay, sent: tally.sent)
    try tally.reckoning.compare()
  }

  /// The broker has to have taken what was sent, once: otherwise nothing could be said.
  private func checkBroker(_ cluster: EmbeddedBroker, _ sent: EventStream.Report) throws {
    let topics = try KafkaTopics(settings: KafkaSettings(brokers: cluster.bootstrapServers))
    for (partition, count) in sent.counts.enumerated() {
      let marks = try topics.watermarks(
        PartitionID(topic: SoakPlan.topic, partition: Int32(partition)))
      guard marks.end == count else {
        throw SoakError(
          "set-up: the broker has \(marks.end) events of partition \(partition), \(count) were sent"
        )
      }
    }
  }
}

/// What a thread leaves behind.
///
/// `@unchecked Sendable`: read and written under the lock.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: Value?

  var value: Value? { lock.withLock { stored } }

  func set(_ value: Value) { lock.withLock { stored = value } }
}
