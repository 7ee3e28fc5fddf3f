import StreamCore
import WorkerRuntime

/// What a run says at its end: what became of the events, by stage, and where the results are.
enum RunSummaryTable {
  /// Several aligned lines.
  static func text(_ summary: RunSummary) -> String {
    let fates = summary.fates
    var lines = [
      "read \(fates.read)  rejected \(fates.rejected)  filtered \(fates.filtered)  "
        + "late \(fates.late)  duplicate \(fates.duplicate)  applied \(fates.applied)"
    ]
    if !summary.rejected.isEmpty {
      let reasons = summary.rejected.map { "\($0.reason) \($0.count)" }.joined(separator: "  ")
      lines.append("rejected because: \(reasons)")
    }
    lines.append("")
    var rows = [["stage", "matched", "unusable", "late", "why"]]
    for counts in summary.stages {
      rows.append([
        counts.name, String(counts.matched), String(counts.unusable), String(counts.late),
        why(counts, fates),
      ])
    }
    lines += aligned(rows)
    if summary.records.count > 0 {
      let each = summary.records.bytes / summary.records.count
      lines.append(
        "records of users and keys  \(summary.records.count), \(each) bytes each")
    }
    lines.append("")
    lines.append("results  \(summary.dataPath)")
    lines.append("digest   \(summary.resultDigest)")
    lines += times(summary.times)
    if fates.rejected * 2 > fates.read {
      lines.append("")
      lines.append(
        "Over half of the events were unusable: see the table rejected_events, and "
          + "`weir check PIPELINE --sample FILE`.")
    }
    return lines.joined(separator: "\n")
  }

  /// Where wall time went.
  private static func times(_ times: RunTimes) -> [String] {
    let pause = { hundredths in
      times.pauses.count > 0
        ? milliseconds(Int64(times.pauses.quantile(hundredths: hundredths))) : "0.0"
    }
    let longest = milliseconds(times.longestPauseMicroseconds)
    let share = Int((times.stateShare * 1_000).rounded())
    return [
      "pauses   \(times.pauses.count): p50 \(pause(50)) ms, p99 \(pause(99)) ms, "
        + "longest \(longest) ms",
      "state    saved \(times.stateSaves) times in \(times.stateSavesMs) ms, "
        + "\(share / 10).\(share % 10)% of the time",
    ] + (times.readyAfterMs.map { ["ready    after \($0) ms"] } ?? [])
  }

  private static func milliseconds(_ microseconds: Int64) -> String {
    let tenths = (microseconds + 50) / 100
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func why(_ counts: MetricCounts, _ fates: FateCounts) -> String {
    if counts.matched == 0 && fates.applied > 0 { return "no event met its condition" }
    if counts.withoutKey > 0 {
      return "\(counts.withoutKey) events had not the user or key that it goes by"
    }
    if counts.unusable > 0 { return "its value was missing or no number" }
    if counts.late > 0 { return "later than its own lateness" }
    return ""
  }

  private static func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 || column == row.count - 1 ? cell + blanks : blanks + cell
      }.joined(separator: "  ").trimmingEnd()
    }
  }
}

extension String {
  /// Without blanks at its end.
  func trimmingEnd() -> String {
    var copy = self[...]
    while copy.last == " " { copy.removeLast() }
    return String(copy)
  }
}
