import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// Puts the rows of a replay in place of those of a stopped worker's file.
struct Restating {
  var pipeline: PipelinePlan
  /// The replay's file.
  var replay: String
  /// The file to change.
  var live: String

  /// Throws where the end of the replay would find that it may not change the file, as far as that
  /// can be told before.
  func check() throws {
    let log = try LiveLog.read(path: live)
    let own = PipelineIdentity(
      name: pipeline.name, definition: pipeline.definition, tzdataVersion: "", weirVersion: "")
    guard log.pipeline == pipeline.name, log.definitionDigest == own.definitionDigest else {
      let other = log.pipeline == pipeline.name ? "another definition" : "another pipeline"
      throw Refusal(
        "\(live) is of \(other)",
        whatToDo: "Rows of one file follow one definition: replay into a new file and take over "
          + "with weir adopt")
    }
  }

  /// Changes the file and tells what became of its rows.
  ///
  /// - Parameter request: The range; without bounds by time everything is restated.
  func run(request: ReplayRequest, by: String, reason: String, isQuiet: Bool) throws {
    var change = Restatement(
      replay: replay, live: live, stages: stages, by: by, reason: reason)
    if case .time(let from) = request.from { change.from = from }
    if case .time(let to) = request.to { change.to = to }
    change.from = max(change.from ?? .distantPast, try firstComplete())
    let counts = try change.apply(now: SystemClock.now()).get()
    if !isQuiet { print(text(counts)) }
  }

  /// What lies before this the replay has not seen, or not whole: where the log has lost its
  /// beginning, and before the first row of any stage.
  private func firstComplete() throws -> EventTime {
    let reader = try ResultsReader.open(path: replay)
    defer { reader.close() }
    let first = firstEvent(try reader.stages())
    let known = try reader.manifest()[ManifestKey.replayKnownFromMs].flatMap(Int64.init)
    guard let known else { return first }
    return max(first, EventTime(ms: known + pipeline.longestLookBackMs))
  }

  /// A time before which there is no event: the latest beginning of the first windows of metrics
  /// that take every event; without any, the earliest of all.
  private func firstEvent(_ stages: [StageSummary]) -> EventTime {
    let whole = pipeline.metrics.filter { metric in
      metric.condition == nil && metric.window.overlap == 1
        && (metric.aggregate == .count || metric.aggregate == .distinctUsers)
    }
    let starts = stages.filter { stage in whole.contains { $0.name == stage.name } }.map(\.start)
    return starts.max() ?? stages.map(\.start).min() ?? .distantFuture
  }

  /// Stages that look back on no more than was read.
  private var stages: [Restatement.Stage] {
    pipeline.lookBacks.compactMap { stage, lookBack in
      guard case .finite = lookBack else { return nil }
      switch stage.kind {
      case .alerts, .risks: return nil
      case .funnels:
        let within = pipeline.funnels.first { $0.name == stage.name }?.withinMs
        return Restatement.Stage(stage, settlesAfterMs: within ?? 0)
      case .sessions:
        let longest = pipeline.sessions.first { $0.name == stage.name }?.maxMs
        return Restatement.Stage(stage, settlesAfterMs: longest ?? 0)
      case .metrics, .retention, .lifecycle, .kpis: return Restatement.Stage(stage)
      }
    }
  }

  private func text(_ counts: [Restatement.Count]) -> String {
    let numbers = ["replaced", "added", "removed", "equal", "left alone"]
    var table = TextTable(
      [("stage", .left)] + numbers.map { ($0, TextTable.Alignment.right) })
    for count in counts {
      let figures = [
        count.replaced, count.inserted, count.removed, count.unchanged, count.leftAlone,
      ]
      table.add([count.stage] + figures.map { Terminal.grouped(Int64($0)) })
    }
    let changes = counts.reduce(0) { $0 + $1.changes }
    let open = pipeline.lookBacks.filter { $0.lookBack == .open }.map(\.stage.description)
    var text = "\n" + table.text()
    text +=
      "\(live): \(Terminal.count(Int64(changes), "row")) restated, in its table restatements\n"
    if !open.isEmpty {
      text +=
        "left as they are, because they look back on everything: \(open.joined(separator: ", "))"
    }
    return text
  }
}
