import GRDB
import StreamCore

/// Replaces settled rows of a stopped worker's file by those of a replay of the same history.
///
/// Rows of metrics (formulas and lifecycles too), funnels, retention and sessions only: what people
/// were told by alerts and findings was told. A window is restated when both files have closed it,
/// none has removed it by `keep`, and the replay holds it completely: then a row that differs is
/// replaced, one that the replay lacks is removed, and one that only the replay has is added, each
/// with a row in `restatements`; equal ones stay as they are. Afterwards such windows of both files
/// hold the same, and the file's result digest is that of its rows.
///
/// A worker that goes on with the file lets all of that stand.
public struct Restatement: Sendable {
  /// A stage to restate.
  public struct Stage: Sendable, Equatable {
    /// Which.
    public var name: StageName
    /// For how long after its window's end a row can still change, lateness aside: the `within` of
    /// a funnel, the `max` of sessions, 0 of the others; in milliseconds.
    public var settlesAfterMs: Int64

    /// Names a stage; its `settlesAfterMs` lets windows without rows count as closed.
    public init(_ name: StageName, settlesAfterMs: Int64 = 0) {
      self.name = name
      self.settlesAfterMs = settlesAfterMs
    }
  }

  /// What became of the rows of one metric, funnel, retention or session.
  public struct Count: Sendable, Equatable {
    /// The table's name.
    public var table: String
    /// The name in the table.
    public var stage: String
    /// Rows with other values than before.
    public var replaced = 0
    /// Rows that were not there.
    public var inserted = 0
    /// Rows that are gone.
    public var removed = 0
    /// Rows that were equal.
    public var unchanged = 0
    /// Rows of windows that are not closed, or not complete, in one of the files; left alone.
    public var leftAlone = 0

    /// Rows that were changed in any way.
    public var changes: Int { replaced + inserted + removed }
  }

  /// Path of the replayed file.
  public var replay: String
  /// Path of the file to change.
  public var live: String
  /// What to restate; stages without an open look-back.
  public var stages: [Stage]
  /// Windows that start at or after this; nil: the first.
  public var from: EventTime?
  /// Windows that end at or before this; nil: the last.
  public var to: EventTime?
  /// Who wants it.
  public var by: String
  /// Why.
  public var reason: String

  /// Names what is to be restated, and for whom.
  public init(
    replay: String, live: String, stages: [Stage], from: EventTime? = nil, to: EventTime? = nil,
    by: String, reason: String
  ) {
    self.replay = replay
    self.live = live
    self.stages = stages
    self.from = from
    self.to = to
    self.by = by
    self.reason = reason
  }

  /// Changes the file, all of it in one transaction, and tells what became of the rows, by table
  /// and name.
  ///
  /// Throws a `StoreError` for the files' troubles, `locked` while a worker holds the file to
  /// change. A refusal, which changes nothing, for no name or no reason, stages that are not
  /// restated, and a replay by another pipeline or another definition.
  /// O(rows of the stages in the range), in memory O(rows of one window).
  public func apply(
    now: WallTime, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> Result<[Count], Refusal> {
    let source = try LiveLog.read(path: replay)
    let target = try LiveLog.read(path: live)
    do throws(Refusal) {
      try check(source, target)
    } catch {
      return .failure(error)
    }
    let file = try ResultsFile.open(
      path: live, identity: PipelineIdentity(target), options: options)
    do throws(StoreError) {
      let counts = try file.restate(self, now: now)
      try file.close()
      return .success(counts)
    } catch {
      try? file.close()
      throw error
    }
  }

  private func check(_ source: LiveLog, _ target: LiveLog) throws(Refusal) {
    try ThresholdDesk.check(by, is: "the name of who restates", option: "--by")
    try ThresholdDesk.check(reason, is: "a reason", option: "--reason")
    guard FileSystem.resolved(replay) != FileSystem.resolved(live) else {
      throw Refusal("both are \(live)", whatToDo: "Name the file that a replay made")
    }
    guard source.pipeline == target.pipeline else {
      throw Refusal(
        "\(replay) is of the pipeline '\(source.pipeline)', \(live) of '\(target.pipeline)'",
        whatToDo: "Replay with the pipeline file of '\(target.pipeline)'")
    }
    guard source.definitionDigest == target.definitionDigest else {
      throw Refusal(
        "\(replay) was made by another definition of '\(target.pipeline)' than \(live)",
        whatToDo:
          "Rows of one file follow one definition: replay all of the log and take over with "
          + "`weir adopt \(live) --into \(replay)`")
    }
    for stage in stages {
      guard stage.name.kind.table != nil else {
        throw Refusal(
          "\(stage.name) is not restated: what people were told was told",
          whatToDo: "Name metrics, funnels, retention, sessions, lifecycles or KPIs")
      }
      let start = source.completeFrom(stage.name)
      guard start < .distantFuture else {
        throw Refusal(
          "\(stage.name) looks back without an end, and \(replay) does not begin at the beginning",
          whatToDo: "Leave it out, or replay all of the log and take over with `weir adopt \(live) "
            + "--into \(replay)`")
      }
    }
  }
}

extension StageName.Kind {
  /// Where its rows are; nil where they are not restated.
  var table: ResultTable? {
    switch self {
    case .metrics, .lifecycle: .metrics
    case .funnels: .funnels
    case .retention: .retention
    case .sessions: .sessions
    case .kpis: .kpis
    case .risks, .alerts: nil
    }
  }
}

extension LiveLog {
  /// From when on the rows of `stage` are complete.
  func completeFrom(_ stage: StageName) -> EventTime {
    let text = manifest[ManifestKey.completeFrom(stage.description)]
    return text.flatMap(Int64.init).map(EventTime.init(ms:)) ?? .distantPast
  }
}

extension ResultsFile {
  /// Restates what `order` says, in one transaction.
  func restate(
    _ order: Restatement, now: WallTime
  ) throws(StoreError) -> [Restatement.Count] {
    let reader = try ResultsReader.open(path: order.replay)
    defer { reader.close() }
    return try connection.run("restating") { db in
      try reader.connection.read("reading the replay") { replay in
        var next = settlement
        var counts: [Restatement.Count] = []
        try db.inTransaction(.immediate) {
          let cause = RestatementLog.Cause(
            now: now, by: order.by, reason: order.reason, replay: order.replay,
            replayDigest: try Manifest.get(replay, Manifest.resultDigest) ?? "")
          let source = try LiveLog(replay, path: order.replay)
          for stage in order.stages {
            guard let table = stage.name.kind.table else { continue }
            for name in try Self.names(stage.name, table, [db, replay]) {
              var restater = try StageRestater(
                live: db, replay: replay, source: source, table: table, stage: stage, name: name,
                cause: cause)
              counts.append(
                try restater.run(from: order.from?.ms, to: order.to?.ms, &next[table]))
            }
          }
          for table in ResultTable.all where next[table].digest != settlement[table].digest {
            try Manifest.set(db, Manifest.resultDigest(of: table.name), next[table].digest.hex)
          }
          try Manifest.set(db, Manifest.resultDigest, next.digest.hex)
          return .commit
        }
        settlement = next
        return counts.sorted { ($0.table, $0.stage) < ($1.table, $1.stage) }
      }
    }
  }

  /// What a stage is called in its table; a lifecycle has a name for each of its numbers.
  private static func names(
    _ stage: StageName, _ table: ResultTable, _ files: [Database]
  ) throws -> [String] {
    guard stage.kind == .lifecycle else { return [stage.name] }
    var names: Set<String> = []
    for db in files {
      let select = try BoundStatement(
        db,
        "SELECT DISTINCT \(table.stage) FROM \(table.name) "
          + "WHERE \(table.stage) >= ? AND \(table.stage) < ?")
      select.bind(1, stage.name + ".")
      select.bind(2, stage.name + "/")
      try select.execute { names.insert($0.text(0)) }
    }
    return names.sorted()
  }
}
