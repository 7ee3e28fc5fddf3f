import SnapshotStore
import StreamCore

extension Worker {
  /// Refuses to go on live with a file that a replay made.
  static func checkService(_ resume: ResumePoint?, _ options: WorkerOptions) throws {
    guard options.replay == nil, let resume,
      resume.manifest.keys.contains(where: { $0.hasPrefix(ManifestKey.replayPrefix) })
    else { return }
    throw WorkerError(
      .refused, "\(options.dataPath) was made by a replay and is in no service",
      whatToDo: "take it into service with `weir adopt LIVE.sqlite --into \(options.dataPath)`, "
        + "or choose another file with --data")
  }

  /// What is reported of this run: what an earlier life wrote down, or what the replay wants.
  func reportScope(_ resume: ResumePoint?) -> ReportScope {
    guard let resume else {
      guard let replay = options.replay else { return .everything }
      if let live = replay.live, replay.followsWhole {
        return ReportScope(
          pipeline.plan, completeFrom: Self.completeFrom(live.manifest), until: replay.until)
      }
      return ReportScope(
        pipeline.plan, events: replay.eventsFrom, from: replay.from, until: replay.until)
    }
    return ReportScope(
      pipeline.plan, completeFrom: Self.completeFrom(resume.manifest), until: options.replay?.until)
  }

  /// From when on stages are complete, as a manifest says.
  private static func completeFrom(_ manifest: [String: String]) -> [StageName: EventTime] {
    var starts: [StageName: EventTime] = [:]
    for (key, value) in manifest where key.hasPrefix(ManifestKey.completeFromPrefix) {
      let text = String(key.dropFirst(ManifestKey.completeFromPrefix.count))
      if let stage = StageName(text: text), let ms = Int64(value) {
        starts[stage] = EventTime(ms: ms)
      }
    }
    return starts
  }

  /// What the manifest keeps for later lives and other commands.
  func firstManifest(
    _ assignments: [Assignment], _ resume: ResumePoint?
  ) -> [String: String] {
    var manifest = options.replay?.manifest ?? [:]
    guard resume == nil else { return manifest }
    for assignment in assignments {
      manifest[ManifestKey.start(of: assignment.id)] = String(assignment.startOffset)
    }
    for (stage, start) in scope.completeFrom {
      manifest[ManifestKey.completeFrom(stage.description)] = String(start.ms)
    }
    return manifest
  }

  /// Lifts the clocks of partitions that a replay has read to their end: of those to which nothing
  /// came for long when it began, as a live run would have. One that follows a live run lifts them
  /// where that did.
  func liftEnded(_ seen: [IdleWatch.Seen], _ replay: ReplayPlan) throws {
    if replay.live != nil { return }
    if replay.closesAtEnd {
      let ended = seen.filter { $0.isAtEnd && $0.clock ?? .distantPast < .distantFuture }
      return try lift(
        ended.map {
          IdleWatch.Lift(id: $0.id, offset: $0.nextOffset, clock: .distantFuture, kind: .close)
        })
    }
    var quiet = IdleWatch(time: pipeline.plan.time)
    quiet.update(seen, confirmed: Set(seen.filter(\.isQuiet).map(\.id)))
    try lift(quiet.liftsAlong(seen))
  }
}
