import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore

extension ReplayPlan {
  /// Makes a request definite: asks the brokers, or reads what an interrupted replay into the same
  /// file wanted.
  ///
  /// - Parameters:
  ///   - readsFiles: Whether events come from files, not from Kafka.
  ///   - dataPath: The file that the replay writes.
  /// - Throws: `WorkerError` for a range that the log cannot give, and for a file of another
  ///   replay; `StoreError`, `KafkaError`.
  public static func resolve(
    _ request: ReplayRequest, pipeline: Pipeline, readsFiles: Bool, dataPath: String,
    log: Log = .silent
  ) throws -> ReplayPlan {
    var plan = ReplayPlan()
    plan.speed = request.speed
    plan.live = try request.like.map { try live(at: $0, pipeline) }
    plan.closesAtEnd = request.closesAtEnd || (readsFiles && plan.live == nil)
    if case .time(let time) = request.to { plan.until = time }
    if case .time(let time) = request.from { plan.from = time }
    if let begun = try begun(request, dataPath) {
      plan.goOn(begun)
      return plan
    }
    if readsFiles {
      try plan.refuseOffsets(request)
    } else {
      var options = WorkerOptions(dataPath: dataPath, lanes: 1)
      options.replay = plan
      options.log = log
      try plan.locate(request, pipeline, try KafkaSide(pipeline, options))
    }
    if let live = plan.live { plan.ends = live.positions }
    plan.followsWhole = plan.followsWhole || (readsFiles && request.from == nil)
    plan.note(request)
    return plan
  }

  /// The live run that is to be followed.
  private static func live(at path: String, _ pipeline: Pipeline) throws -> LiveLog {
    let live = try LiveLog.read(path: path)
    guard live.pipeline == pipeline.plan.name else {
      throw WorkerError(
        .refused, "\(path) is of pipeline \(live.pipeline), not of \(pipeline.plan.name)",
        whatToDo: "name a file that this pipeline wrote")
    }
    guard live.snapshotID > 0 else {
      throw WorkerError(
        .refused, "\(path) has no snapshot yet: there is nothing to follow",
        whatToDo: "wait for its worker's first one")
    }
    return live
  }

  /// The manifest of an interrupted replay of the same range; nil for a new file.
  private static func begun(
    _ request: ReplayRequest, _ dataPath: String
  ) throws -> [String: String]? {
    guard FileManager.default.fileExists(atPath: dataPath) else { return nil }
    let manifest = try LiveLog.read(path: dataPath).manifest
    guard manifest.keys.contains(where: { $0.hasPrefix(ManifestKey.startPrefix) }) else {
      return nil
    }
    let stored = manifest[Key.request]
    if stored == nil, request.goesOnFromBackup { return nil }
    guard stored == request.text else {
      let what = stored.map { $0.isEmpty ? "a replay of everything" : "a replay \($0)" }
      throw WorkerError(
        .refused,
        "\(dataPath) was made by \(what ?? "weir run"), not by this replay",
        whatToDo: "name a new file with --into, or give the same range to go on with it")
    }
    return manifest
  }

  /// Keys of a replay's own, beside those that other commands read.
  private enum Key {
    static let request = ManifestKey.replayPrefix + "request"
    static let ends = ManifestKey.replayPrefix + "ends"
    static let asked = ManifestKey.replayPrefix + "asked_wall_ms"
    static let cut = ManifestKey.replayPrefix + "cut"
  }

  /// Takes over where an interrupted replay wanted to end. One that follows a live run goes on to
  /// where that is now.
  private mutating func goOn(_ manifest: [String: String]) {
    until = manifest[ManifestKey.replayUntilMs].flatMap(Int64.init).map(EventTime.init(ms:))
    asked = manifest[Key.asked].flatMap(Int64.init).map(WallTime.init(ms:))
    cut = Set(Self.offsets(manifest[Key.cut]).keys)
    ends = live?.positions ?? Self.offsets(manifest[Key.ends])
    notes = ["going on where it was interrupted"]
  }

  private static func offsets(_ text: String?) -> [PartitionID: Int64] {
    guard let text,
      case .offsets(let offsets) = ReplayBound.parse(text, zone: .utc, now: WallTime(ms: 0))
    else { return [:] }
    return offsets
  }

  private mutating func note(_ request: ReplayRequest) {
    let now = SystemClock.now()
    asked = now
    manifest = [
      Key.asked: String(now.ms),
      Key.request: request.text, ManifestKey.replayFrom: request.from?.text ?? "the beginning",
      ManifestKey.replayTo: request.to?.text ?? (live == nil ? "the end" : "where the live run is"),
    ]
    if let live { manifest[ManifestKey.replayLike] = live.path }
    if !ends.isEmpty { manifest[Key.ends] = ReplayBound.text(ends) }
    if !cut.isEmpty { manifest[Key.cut] = ReplayBound.text(ends.filter { cut.contains($0.key) }) }
    if knownFrom > .distantPast { manifest[ManifestKey.replayKnownFromMs] = String(knownFrom.ms) }
    if let until { manifest[ManifestKey.replayUntilMs] = String(until.ms) }
    if until != nil || closesAtEnd { manifest[ManifestKey.replayBounded] = "true" }
  }

  private func refuseOffsets(_ request: ReplayRequest) throws {
    for case .offsets in [request.from, request.to] {
      throw WorkerError(
        .usage, "files have no offsets that last: they are sorted anew in every run",
        whatToDo: "give --from and --to as times")
    }
  }
}

// MARK: - Kafka

extension ReplayPlan {
  /// Finds where each partition begins and ends.
  private mutating func locate(
    _ request: ReplayRequest, _ pipeline: Pipeline, _ kafka: KafkaSide
  ) throws {
    let marks = try kafka.watermarks()
    ends = marks.mapValues(\.end)
    starts = marks.mapValues(\.earliest)
    if case .offsets(let offsets) = request.to {
      try check(offsets, "--to", marks)
      ends.merge(offsets) { $1 }
      cut = Set(offsets.filter { $0.value < marks[$0.key]?.end ?? 0 }.keys)
    }
    if let until, let found = try kafka.offsets(atTime: until) {
      if found == marks.mapValues(\.end) {
        notes.append("--to is past the last record: it means the end of the log")
        self.until = nil
      } else if found == marks.mapValues(\.earliest) {
        notes.append("--to is before the first record: there is nothing to report")
      }
    }
    if let live {
      followsWhole = request.from == nil
      try follow(live, marks)
    }
    switch request.from {
    case nil: break
    case .offsets(let offsets):
      try check(offsets, "--from", marks)
      starts.merge(offsets) { $1 }
    case .time(let time): try locate(from: time, request, pipeline, kafka, marks)
    }
    if eventsFrom > .distantPast {
      knownFrom = eventsFrom
      return
    }
    let midway = starts.filter { $0.value > 0 }
    guard !midway.isEmpty, !followsWhole else { return }
    knownFrom = try kafka.completeFrom(midway, maxAheadMs: pipeline.plan.time.maxAheadMs)
    let isCutByUs = midway.contains { $0.value > marks[$0.key]?.earliest ?? 0 }
    let text = Instants.text(knownFrom, zone: pipeline.plan.zone)
    if isCutByUs {
      eventsFrom = knownFrom
      from = max(from, eventsFrom)
      notes.append(
        "records before the first offsets are not read: events are complete from \(text) on, by "
          + "the first records' timestamps and max_ahead")
    } else {
      notes.append(
        "the log has lost its beginning: up to \(text), and where stages look back on everything, "
          + "results are those of what it still holds")
    }
  }

  private func check(
    _ offsets: [PartitionID: Int64], _ option: String,
    _ marks: [PartitionID: KafkaTopics.Watermarks]
  ) throws {
    for (id, offset) in offsets.sorted(by: { $0.key < $1.key }) {
      guard let held = marks[id] else {
        throw WorkerError(
          .usage, "\(option) names \(id), which the pipeline does not read",
          whatToDo: "it reads \(marks.keys.sorted().map(\.description).joined(separator: ", "))")
      }
      guard (held.earliest...held.end).contains(offset) else {
        throw WorkerError(
          .usage, "\(option) \(id)=\(offset) is not in the log",
          whatToDo: "it holds offsets from \(held.earliest) up to \(held.end)")
      }
    }
  }

  /// Begins where a live run began, as far as the log still goes back.
  private mutating func follow(
    _ live: LiveLog, _ marks: [PartitionID: KafkaTopics.Watermarks]
  ) throws {
    let now = Set(marks.keys)
    if let id = now.symmetricDifference(live.positions.keys).sorted().first {
      throw WorkerError(
        .refused, "\(live.path) and the topics do not have the same partitions: \(id)",
        whatToDo: "replay without --like")
    }
    for (id, held) in marks.sorted(by: { $0.key < $1.key }) {
      guard let position = live.positions[id], position <= held.end else {
        throw WorkerError(
          .refused,
          "\(live.path) has read \(id) up to \(live.positions[id] ?? 0), but its log ends at "
            + "\(held.end): the topic was made anew or cut",
          whatToDo: "replay without --like")
      }
      let start = live.starts[id] ?? held.earliest
      starts[id] = max(start, held.earliest)
      if start < held.earliest {
        followsWhole = false
        notes.append(
          "\(id) was read from offset \(start); its log now begins at \(held.earliest)")
      }
    }
  }

  /// Begins early enough for everything that results from `time` on look back on.
  private mutating func locate(
    from time: EventTime, _ request: ReplayRequest, _ pipeline: Pipeline, _ kafka: KafkaSide,
    _ marks: [PartitionID: KafkaTopics.Watermarks]
  ) throws {
    let backMs: Int64
    switch request.warmUp {
    case .all: return
    case .longest: backMs = pipeline.plan.longestLookBackMs
    case .duration(let ms): backMs = ms
    }
    let events = EventTime(ms: time.ms - backMs)
    let records = EventTime(ms: events.ms - pipeline.plan.time.maxAheadMs)
    guard let found = try kafka.offsets(atTime: records) else {
      notes.append(
        "these brokers look no offsets up by time: the log is read from its beginning, and "
          + "results are reported from \(Instants.text(time, zone: pipeline.plan.zone)) on")
      return
    }
    if found == marks.mapValues(\.end) {
      notes.append("--from is past the last record: there is nothing to report")
    }
    let first = starts
    starts.merge(found) { max($0, $1) }
    if starts == first {
      notes.append("the log begins after what --from and its warm-up want: it is read whole")
    } else {
      eventsFrom = events
    }
  }
}
