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
    let former = try? Pipeline.parse(text: document, file: path, environment: [:])
    guard let former, PipelineIdentity(former).definitionDigest == digest else {
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
      name: plan.name, definition: plan.definition, tzdataVersion: plan.tzdataVersion,
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
  /// From when on results of stages that began after the file did are complete, by their names.
  func begins(_ manifest: [String: String]) -> [String: EventTime] {
    var found: [String: EventTime] = [:]
    for (key, stage) in StageRegister(manifest: manifest)?.stages ?? [:] {
      guard let name = StageName(text: key), let from = stage.fromMs.map(EventTime.init(ms:)) else {
        continue
      }
      let lifecycle =
        name.kind == .lifecycle ? lifecycles.first { $0.name == name.name } : nil
      for own in lifecycle?.resultNames ?? [name.name] { found[own] = from }
    }
    return found
  }
}

// MARK: - Doing it

extension Upgrading {
  /// Takes state and results over to the new definition. Each is one transaction, state first: a
  /// kill in between is made good by the next start with the changed file.
  func apply(
    _ pipeline: Pipeline, _ results: ResultsFile, _ state: StateFile, now: WallTime
  ) throws {
    let old = StagePlan(former, keyed: Worker.isKeyed(former))
    let new = StagePlan(pipeline.plan, keyed: Worker.isKeyed(pipeline.plan))
    let isTranslated = try !state.isOfFormerDefinition
    var reachMs: Int64?
    for owner in try state.owners() {
      let records = try state.records(of: owner)
      let own = try StateTranslator.reach(records, of: isTranslated ? new : old)
      reachMs = own.map { max($0, reachMs ?? Int64.min) } ?? reachMs
    }
    if !isTranslated {
      let translator = try StateTranslator(from: old, to: new, kept: plan.kept)
      try state.rewrite { records in
        guard records.allSatisfy(\.isReadable) else {
          throw WorkerError(
            .refused, "the state beside \(results.path) was written by another version of Weir",
            whatToDo: "go on with the version that wrote it, or build a file from history")
        }
        return try translator.translate(records)
      }
    }
    let reach = reachMs ?? EventTime.distantPast.ms
    try results.upgrade(
      try upgrade(pipeline, results, reachMs: reach, now: now),
      document: pipeline.definitionDocument)
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
      let from = plan.completeFromMs(change, reachMs: reachMs)
      register.add(name, digests[name] ?? "", fromMs: from)
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
