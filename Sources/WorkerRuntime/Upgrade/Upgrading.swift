import PipelineSpec
import SnapshotStore
import StreamCore

/// The definition that a file of results has, and what a changed pipeline file does to it.
public struct Upgrading: Sendable {
  /// What becomes of each stage.
  public var plan: UpgradePlan
  /// The definition that the file has.
  public var former: PipelinePlan
  /// Its digest.
  public var formerDigest: String

  /// What `pipeline` does to the file at `path`; nil when the file has its definition.
  ///
  /// Throws a `StoreError` when it cannot be read or is of another pipeline, and a `WorkerError`
  /// when it does not say what its definition was.
  public static func plan(_ pipeline: Pipeline, against path: String) throws -> Upgrading? {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return try plan(pipeline, manifest: try reader.manifest(), path: path)
  }

  static func plan(
    _ pipeline: Pipeline, manifest: [String: String], path: String
  ) throws -> Upgrading? {
    let pipeline = pipeline.assumingKey(of: manifest[ManifestKey.definitionDocument] ?? "")
    let identity = PipelineIdentity(pipeline)
    guard let digest = manifest[ManifestKey.definitionDigest],
      digest != identity.definitionDigest, manifest[ManifestKey.pipeline] == pipeline.plan.name
    else { return nil }
    let document = manifest[ManifestKey.definitionDocument] ?? ""
    let former = try? pipeline.parse(former: document, file: path)
    guard let former, PipelineIdentity(former).definitionDigest == digest else {
      let names = Pipeline.variables(in: document)
      guard names.isEmpty else { throw otherValues(names, pipeline.plan.name, path) }
      throw WorkerError(
        .refused,
        "\(path) was made by another definition of '\(pipeline.plan.name)' (\(digest.prefix(12)), "
          + "now \(identity.definitionDigest.prefix(12))), and does not tell it stage by stage",
        whatToDo: "start this version of Weir once with the pipeline file that made it, so that it "
          + "notes its stages; or build a file with the new definition from history (`weir replay "
          + "--into NEW.sqlite --like \(path)`, then `weir adopt \(path) --into NEW.sqlite`)")
    }
    return Upgrading(
      plan: UpgradePlan(from: former.plan, to: pipeline), former: former.plan,
      formerDigest: digest)
  }

  /// What a definition was that reads variables cannot be told once they have other values.
  private static func otherValues(
    _ names: [String], _ pipeline: String, _ path: String
  ) -> WorkerError {
    let list = names.map { "${\($0)}" }.joined(separator: ", ")
    return WorkerError(
      .refused,
      "\(path) was made by another definition of '\(pipeline)', which reads \(list): files keep "
        + "the name of such a variable and not its value, and with the values that they have now "
        + "it is none that the file knows",
      whatToDo: "give them the values that they had when the file was made, and a value that is to "
        + "change a variable of another name; or build a file with the new definition from history "
        + "(`weir replay --into NEW.sqlite --like \(path)`, then `weir adopt \(path) --into "
        + "NEW.sqlite`)")
  }

  /// Throws when the change is refused, with every reason and the ways on.
  func check(_ path: String) throws {
    guard !plan.refusals.isEmpty else { return }
    let setting = UpgradePlan.Setting(pipeline: "PIPELINE.yaml", data: path, reachMs: nil)
    throw WorkerError(
      .refused,
      "\(path) cannot go on under the changed definition: "
        + plan.refusals.joined(separator: "; "),
      whatToDo: plan.waysOn(setting).joined(separator: "; ")
        + "; `weir check PIPELINE.yaml --against \(path)` tells it stage by stage")
  }
}

extension PipelineIdentity {
  /// The identity of a pipeline under this version of Weir.
  init(_ pipeline: Pipeline) {
    let plan = pipeline.plan
    self.init(
      name: plan.name, definition: plan.definition,
      shown: pipeline.shown.definition(plan.definition), tzdataVersion: plan.tzdataVersion,
      weirVersion: WeirVersion.current)
  }
}

extension PipelinePlan {
  /// Digest of what decides each stage's results, by `KIND.NAME`; without those that only explain.
  var stageDigests: [String: String] {
    Dictionary(
      uniqueKeysWithValues: stageDefinitions.filter { !$0.isHidden }.map {
        ($0.stage.description, StageRegister.digest(of: $0.text))
      })
  }
}

extension PipelinePlan {
  /// From when on results of stages that began after the file did are complete, by the names by
  /// which rules read them.
  func begins(_ register: StageRegister?) -> [String: EventTime] {
    var found: [String: EventTime] = [:]
    for (stage, from) in register?.beginnings ?? [:] {
      switch stage.kind {
      case .metrics, .funnels, .retention, .sessions: found[stage.name] = from
      case .lifecycle:
        let lifecycle = lifecycles.first { $0.name == stage.name }
        for own in lifecycle?.resultNames ?? [] { found[own] = from }
      // No rule reads them.
      case .kpis, .risks, .alerts: break
      }
    }
    return found
  }
}

extension StageRegister {
  /// From when on each stage that began after the file did speaks for itself.
  var beginnings: [StageName: EventTime] {
    var found: [StageName: EventTime] = [:]
    for (key, stage) in stages {
      if let name = StageName(text: key), let from = stage.fromMs {
        found[name] = EventTime(ms: from)
      }
    }
    return found
  }

  /// Alert rules that began after the file did, and the end of the last window in which another
  /// rule of their name said something.
  var judgedThrough: [String: EventTime] {
    let alerts = beginnings.filter { $0.key.kind == .alerts }
    return Dictionary(uniqueKeysWithValues: alerts.map { ($0.key.name, $0.value) })
  }
}

// MARK: - Doing it

extension Upgrading {
  /// Takes state and results over to the new definition: the new state is written beside the old,
  /// the results follow, and with them it is done. A kill before leaves both files as they were,
  /// one after it is made good by the next start, whatever file that is with.
  func apply(
    _ pipeline: Pipeline, _ results: ResultsFile, _ state: StateFile, _ options: WorkerOptions
  ) throws {
    let old = StagePlan(former, keyed: Worker.isKeyed(former))
    let new = StagePlan(pipeline.plan, keyed: Worker.isKeyed(pipeline.plan))
    let translator = try StateTranslator(from: old, to: new, kept: plan.kept)
    // Results may be ahead of state: what was settled by the old definition since stays its own.
    let clocks = results.resume?.partitions.compactMap(\.clock?.ms) ?? []
    var reachMs = clocks.max() ?? EventTime.distantPast.ms
    for owner in try state.owners() {
      let headers = try state.records(of: owner, stage: StateTranslator.headerStage)
      try headers.checkReadable(beside: results.path)
      reachMs = max(try StateTranslator.reach(headers, of: old) ?? reachMs, reachMs)
    }
    let upgrade = try upgrade(pipeline, results, reachMs: reachMs, now: options.now())
    let progress = options.progress
    try state.prepareUpgrade(to: upgrade.register, onProgress: { progress.beat() }) { records in
      try records.checkReadable(beside: results.path)
      return try translator.translate(records)
    }
    try results.upgrade(upgrade, document: pipeline.definitionDocument)
    try state.follow(results)
  }

  private func upgrade(
    _ pipeline: Pipeline, _ results: ResultsFile, reachMs: Int64, now: WallTime
  ) throws -> FileUpgrade {
    var register = try results.register() ?? StageRegister(digests: former.stageDigests)
    let digests = pipeline.plan.stageDigests
    var completeFromMs: [String: Int64] = [:]
    var ended: [UpgradePlan.Change] = []
    for change in plan.changes where change.kind != .unchanged {
      let name = change.stage.description
      if change.kind != .added {
        ended.append(change)
        register.removed.append(
          RemovedStage(
            stage: name, id: register.stages[name]?.id ?? 0, untilMs: reachMs + 1,
            dropMs: reachMs + plan.keepRemovedMs))
        register.stages[name] = nil
      }
      guard change.kind != .removed else { continue }
      // A rule that comes back, or means something else, leaves alone what it said before.
      let from =
        change.stage.kind == .alerts
        ? try results.judgedThrough(rule: change.stage.name)?.ms
        : plan.completeFromMs(change, reachMs: reachMs)
      register.add(name, digests[name] ?? "", fromMs: from)
      if change.stage.kind == .alerts { continue }
      if let from, reachMs > EventTime.distantPast.ms { completeFromMs[name] = from }
    }
    let names = { (kind: UpgradePlan.Kind) in plan.stages(kind).map(\.stage.description) }
    register.upgrades.append(
      StoredUpgrade(
        wallMs: now.ms, snapshot: results.resume?.snapshotID ?? 0, weir: WeirVersion.current,
        from: formerDigest, to: PipelineIdentity(pipeline).definitionDigest,
        added: names(.added), redefined: names(.redefined), removed: names(.removed),
        fromMs: reachMs + 1))
    return FileUpgrade(
      register: register, completeFromMs: completeFromMs, ended: ended.map(\.stage.description),
      endedRules: ended.filter { $0.stage.kind == .alerts || $0.stage.kind == .risks }
        .map(\.stage.name))
  }
}
