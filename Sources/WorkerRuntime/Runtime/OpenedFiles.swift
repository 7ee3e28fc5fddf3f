import PipelineSpec
import SnapshotStore
import StreamCore

/// The two files of a worker, open, and what they say about where to go on.
struct OpenedFiles {
  let results: ResultsFile
  let stateFile: StateFile
  /// The state to go on from; nil for a new file.
  let state: LoadedState?
  /// Copies of files as they were before they were migrated.
  let keptCopies: [String]

  init(_ pipeline: Pipeline, _ options: WorkerOptions) throws {
    if let pseudonyms = pipeline.plan.pseudonyms, pseudonyms.key == nil {
      throw WorkerError(
        .usage, "the key of pseudonymize is not known",
        whatToDo: "set WEIR_PSEUDONYM_KEY, or name the key in the pipeline file")
    }
    var identity = PipelineIdentity(pipeline)
    let upgrading = try Self.upgrading(pipeline, options)
    if let upgrading { identity.formerDigests = [upgrading.formerDigest] }
    let store = StoreOptions(
      keep: Self.keepRules(pipeline.storage.keep),
      maxWalBytes: pipeline.storage.maxWalBytes)
    var results = try ResultsFile.open(path: options.dataPath, identity: identity, options: store)
    do {
      stateFile = try StateFile.open(
        path: StateFile.path(besides: options.dataPath), identity: identity, options: store)
    } catch {
      try? results.close()
      throw error
    }
    keptCopies = [results.keptCopy, stateFile.keptCopy].compactMap(\.self)
    do {
      if let upgrading {
        try stateFile.follow(results)
        try Self.check(
          results.resume, try stateFile.load(notAheadOf: results.resume), options.dataPath)
        try upgrading.apply(pipeline, results, stateFile, options)
        options.log.note(
          .info, "upgrade",
          "\(options.dataPath) goes on under the changed file: \(upgrading.plan.summary)")
        results = try Self.reopened(results, pipeline, options, store)
      } else {
        try Self.enter(pipeline, results)
        try stateFile.follow(results)
      }
      state = try stateFile.load(notAheadOf: results.resume)
      try Self.check(results.resume, state, options.dataPath)
      self.results = results
    } catch {
      try? stateFile.close()
      try? results.close()
      throw error
    }
  }

  /// What a changed pipeline file does to the file; nil when it is new or has this definition.
  /// Throws when that is refused. Replays begin files of their own: they change none.
  private static func upgrading(_ pipeline: Pipeline, _ options: WorkerOptions) throws -> Upgrading?
  {
    guard options.replay == nil, ResultsFile.exists(path: options.dataPath) else { return nil }
    let upgrading = try Upgrading.plan(pipeline, against: options.dataPath)
    try upgrading?.check(options.dataPath)
    return upgrading
  }

  /// Opens the file again: what it says of where to go on has changed.
  private static func reopened(
    _ results: ResultsFile, _ pipeline: Pipeline, _ options: WorkerOptions, _ store: StoreOptions
  ) throws -> ResultsFile {
    try results.close()
    return try ResultsFile.open(
      path: options.dataPath, identity: PipelineIdentity(pipeline), options: store)
  }

  /// Notes the stages in a file that does not know them, and texts that decide no result.
  private static func enter(_ pipeline: Pipeline, _ results: ResultsFile) throws {
    let register = try results.register() ?? StageRegister(digests: pipeline.plan.stageDigests)
    try results.enter(register, document: pipeline.definitionDocument)
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
