import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// Where the events of a backtest come from.
public enum BacktestInput: Sendable {
  /// What the pipeline's topics hold when it starts.
  case kafka
  /// Files, as `FileInputs` opens them.
  case files([String], inOrder: Bool)
}

/// What the candidates of a backtest gave.
public struct BacktestResult: Sendable {
  /// From the first hour with an event to the last event.
  public var range: Range<EventTime>
  /// Fates of the events.
  public var fates: FateCounts
  /// Records of entities and users at the end.
  public var records: RecordTotals
  /// From when on alerts and findings of all candidates of a rule are reported, by its name, where
  /// not from the start: `distantFuture` is never. What began before is left out of `alerts`.
  public var completeFrom: [String: EventTime]
  /// Alerts and findings by key of the candidate, in order of time.
  public var alerts: [String: [BacktestAlert]]
  /// What each alert watches, by name of its rule.
  public var series: [String: [BacktestSeries]]
}

/// Runs all candidates over the events, once, in files that are gone afterwards.
public struct BacktestRun {
  private let plan: BacktestPlan
  private let input: BacktestInput
  /// Threads that run partition tasks.
  public var lanes = 1
  /// Told of trouble that is survived.
  public var log = Log.silent
  /// Told how it goes, about once a second.
  public var onStatus: @Sendable (WorkerStatus) -> Void = { _ in }
  /// How far the reading of files has come.
  public var progress = InputProgress(totalBytes: nil)
  /// Which part of the events is looked at: everything unless it says otherwise.
  public var request = ReplayRequest()
  /// Whether what alerts watch is read back, too.
  public var readsSeries = false

  /// Prepares a run; nothing is opened yet.
  public init(_ plan: BacktestPlan, input: BacktestInput) {
    self.plan = plan
    self.input = input
  }

  /// Reads everything; nil when it was stopped before the end. Its files are removed whatever
  /// happens, but for a kill.
  ///
  /// - Throws: What a worker throws, and `InputError` of files.
  public func run(stop: StopFlag = StopFlag()) throws -> BacktestResult? {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("weir-backtest-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw WorkerError(
        .outside,
        "no folder for the results can be made in \(folder.deletingLastPathComponent().path)",
        whatToDo: "set TMPDIR to a folder that this user may write to")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("backtest.sqlite").path
    let summary = try worker(dataPath: path, stop: stop).run()
    guard summary.reachedEnd else { return nil }
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return try BacktestReading(reader: reader, plan: plan).result(
      of: summary, withSeries: readsSeries)
  }

  /// The worker that judges the candidates.
  private func worker(dataPath: String, stop: StopFlag) throws -> Worker {
    var options = WorkerOptions(dataPath: dataPath, lanes: lanes)
    options.log = log
    options.onStatus = onStatus
    var request = request
    request.closesAtEnd = request.to == nil
    var from = WorkerInput.kafka
    var readsFiles = false
    if case .files(let files, let inOrder) = input {
      readsFiles = true
      from = .logs(
        try FileInputs.open(
          files, plan: plan.pipeline.plan, inOrder: inOrder, dataPath: dataPath,
          progress: progress))
    }
    let replay = try ReplayPlan.resolve(
      request, pipeline: plan.pipeline, readsFiles: readsFiles, dataPath: dataPath, log: log)
    replay.notes.forEach { log($0) }
    options.replay = replay
    return try Worker(pipeline: plan.pipeline, input: from, options: options, stop: stop)
  }
}

/// Reads back what a run stored.
struct BacktestReading {
  let reader: ResultsReader
  let plan: BacktestPlan

  func result(of summary: RunSummary, withSeries: Bool) throws -> BacktestResult {
    let completeFrom = completeFrom(summary.scope)
    var alerts: [String: [BacktestAlert]] = [:]
    var series: [String: [BacktestSeries]] = [:]
    for rule in plan.rules {
      for candidate in rule.candidates {
        alerts[candidate.key] = try self.alerts(
          of: candidate.key, rule.plan, from: completeFrom[rule.name])
      }
      if withSeries, case .alert(let alert) = rule.plan {
        series[rule.name] = try watched(by: alert)
      }
    }
    return BacktestResult(
      range: try range(), fates: summary.fates, records: summary.records,
      completeFrom: completeFrom, alerts: alerts, series: series)
  }

  /// What one candidate gave, of what began at `from` or later.
  private func alerts(
    of key: String, _ plan: BacktestRule.Plan, from: EventTime?
  ) throws -> [BacktestAlert] {
    switch plan {
    case .alert(let alert):
      var query = AlertQuery()
      query.rule = key
      query.from = from
      query.limit = .max
      return BacktestAlerts.of(
        try reader.alerts(query).map(\.alert), window: alert.window,
        zone: self.plan.pipeline.plan.zone, delayMs: self.plan.delaysMs[key] ?? 0)
    case .risk(let risk):
      var query = FindingQuery()
      query.rule = key
      query.limit = .max
      let found = try reader.findings(query).map(\.finding)
      return BacktestAlerts.of(
        found.filter { $0.opened >= from ?? .distantPast }, withinMs: risk.withinMs)
    }
  }

  /// The latest of a rule's candidates counts: another `clear` may look back further.
  private func completeFrom(_ scope: ReportScope) -> [String: EventTime] {
    var found: [String: EventTime] = [:]
    for rule in plan.rules {
      let starts = rule.candidates.compactMap {
        scope.completeFrom[StageName(rule.isRisk ? .risks : .alerts, $0.key)]
      }
      found[rule.name] = starts.max()
    }
    return found
  }

  /// From the first hour with an event to the greatest clock.
  private func range() throws -> Range<EventTime> {
    let query = MetricQuery(metric: BacktestPlan.eventsMetric, limit: 1)
    let start = try reader.metrics(query).first?.windowStart ?? EventTime(ms: 0)
    let latest = try reader.snapshots(limit: 1).first?.watermark
    return start..<max(start, latest ?? start)
  }
}
