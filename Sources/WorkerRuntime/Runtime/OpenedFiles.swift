import PipelineSpec
import SnapshotStore
import StreamCore

/// The two files of a worker, open, and what they say about where to go on.
struct OpenedFiles {
  let results: ResultsFile
  let stateFile: StateFile
  /// The state to go on from; nil for a new file.
  let state: LoadedState?

  init(_ pipeline: Pipeline, _ options: WorkerOptions) throws {
    let plan = pipeline.plan
    let identity = PipelineIdentity(
      name: plan.name, definition: plan.definition, tzdataVersion: plan.tzdataVersion,
      weirVersion: WeirVersion.current)
    let store = StoreOptions(
      keep: Self.keepRules(pipeline.storage.keep),
      maxWalBytes: pipeline.storage.maxWalBytes)
    results = try ResultsFile.open(path: options.dataPath, identity: identity, options: store)
    do {
      stateFile = try StateFile.open(
        path: StateFile.path(besides: options.dataPath), identity: identity, options: store)
    } catch {
      try? results.close()
      throw error
    }
    do {
      state = try stateFile.load(notAheadOf: results.resume)
      try Self.check(results.resume, state, options.dataPath)
    } catch {
      try? stateFile.close()
      try? results.close()
      throw error
    }
  }

  /// The store's rules: each holds up to the largest window below the next one's, as the pipeline
  /// file means it.
  static func keepRules(_ rules: [StorageOptions.KeepRule]) -> [KeepRule] {
    let ascending = rules.sorted { $0.windowMs < $1.windowMs }
    return ascending.enumerated().map { index, rule in
      let next = index + 1 < ascending.count ? ascending[index + 1].windowMs - 1 : rule.windowMs
      return KeepRule(windowMs: next, keepMs: rule.durationMs)
    }
  }

  /// Results without state can be gone on from only where nothing has been read yet.
  private static func check(
    _ resume: ResumePoint?, _ state: LoadedState?, _ path: String
  ) throws {
    guard state == nil, let resume, resume.partitions.contains(where: { $0.fates.read > 0 }) else {
      return
    }
    throw WorkerError(
      .refused,
      "\(path) has results up to snapshot \(resume.snapshotID) but its state file "
        + "\(StateFile.path(besides: path)) is missing or empty",
      whatToDo: "put the state file back beside it, or compute the results anew into another file "
        + "with --data NEW.sqlite")
  }
}

/// The version of this program.
public enum WeirVersion {
  /// As `weir --version` prints it.
  public static let current = "0.1.0"
}
