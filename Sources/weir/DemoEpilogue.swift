import StreamCore
import WorkerRuntime

/// What a demonstration says at its end: where the file is, and what to do with it.
struct DemoEpilogue {
  var summary: RunSummary
  var zone: Zone

  /// Queries that show what is in the file.
  var queries: [String] {
    let offsetSeconds = zone.offsetMs(at: DemoOptions.openingDefault) / 1_000
    return [
      "SELECT dimensions->>'channel' AS channel, sum(value) AS revenue FROM metrics "
        + "WHERE metric='revenue' GROUP BY 1 ORDER BY 2 DESC",
      "SELECT time(window_start_ms/1000+\(offsetSeconds),'unixepoch') AS minute, "
        + "dimensions->>'channel' AS channel, round(value,2) AS error_rate FROM metrics "
        + "WHERE metric='payment_error_rate' AND samples>9 ORDER BY value DESC LIMIT 5",
      "SELECT partition, next_offset, read, applied, duplicate, late, rejected FROM partitions",
    ]
  }

  /// The queries as command lines.
  var commands: [String] {
    queries.map { "sqlite3 -box \(Self.quoted(summary.dataPath)) \"\($0)\"" }
  }

  var text: String {
    let fates = summary.fates
    return """

       The shop is closed: \(Terminal.count(fates.read, "event")) read, \
      \(Terminal.grouped(fates.applied)) applied.
       Everything that Weir computed is one SQLite file, \(summary.dataPath). Try:

      weir alerts list \(Self.quoted(summary.dataPath))
      weir report funnel \(Self.quoted(summary.dataPath))
      \(commands.joined(separator: "\n"))

       Read next: pipelines/shop.yaml, what was computed here; README.md, a pipeline of your
       own; docs/ARCHITECTURE.md, how it works.
      """
  }

  /// A path as one word of a shell's command line.
  static func quoted(_ path: String) -> String {
    let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "._-/+".contains($0) }
    if isPlain, !path.isEmpty, !path.hasPrefix("-") { return path }
    let safe = path.hasPrefix("-") ? "./" + path : path
    return "'"
      + safe.split(separator: "'", omittingEmptySubsequences: false).joined(
        separator: #"'\''"#) + "'"
  }
}
