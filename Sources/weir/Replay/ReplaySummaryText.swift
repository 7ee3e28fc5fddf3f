import PipelineSpec
import StreamCore
import WorkerRuntime

/// What a replay says at its end, beside what every run does: from when on each stage is complete.
struct ReplaySummaryText {
  var pipeline: PipelinePlan
  var summary: RunSummary
  var elapsed: Duration

  /// Several lines.
  var text: String {
    var lines: [String] = []
    if !summary.scope.completeFrom.isEmpty {
      var table = TextTable(["stage", "complete from", "because"])
      for (stage, lookBack) in pipeline.lookBacks {
        table.add([stage.description, start(stage), reason(stage, lookBack)])
      }
      lines.append(table.text())
    }
    if let until = summary.scope.until {
      lines.append("up to \(Instants.text(until, zone: pipeline.zone))")
    }
    let elapsedMs = Int64(elapsed / .milliseconds(1))
    let perSecond = summary.fates.read * 1_000 / max(1, elapsedMs)
    lines.append(
      "replayed in \(Terminal.clock(ms: elapsedMs)), \(Terminal.grouped(perSecond)) events/s")
    return lines.joined(separator: "\n")
  }

  private func start(_ stage: StageName) -> String {
    guard let start = summary.scope.completeFrom[stage] else { return "the beginning" }
    return start >= .distantFuture ? "never" : Instants.text(start, zone: pipeline.zone)
  }

  private func reason(_ stage: StageName, _ lookBack: LookBack) -> String {
    switch lookBack {
    case .open where summary.scope.completeFrom[stage] ?? .distantPast >= .distantFuture:
      "it looks back on everything before: --warmup all reads it"
    case .open: "it looks back on everything before, which was read"
    case .finite(0): "it looks back on nothing"
    case .finite(let ms): "it looks back \(Durations.text(ms: ms))"
    }
  }
}
