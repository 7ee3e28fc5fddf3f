import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir restore`: a backup takes the place of lost files.
struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of a worker's files.",
    discussion: """
      Takes the newest backup in a directory whose bytes are what was copied, or the one that is \
      named. `weir run` then goes on from it: it reads again what came after the backup, and holds \
      the same results as if nothing had been lost. What ended before the loss and is decided again \
      is not sent, since it may have been; when the worker has caught up it tells each destination \
      once, in one message, what fires and what ended meanwhile. What people did after the backup \
      (thresholds, acknowledgements, silences, verdicts) is lost with the files.

      EXAMPLES
        weir restore /var/backups/weir --into shop.sqlite
        weir restore /var/backups/weir --into shop.sqlite --at 2026-01-01T12:00:00Z
        weir restore /var/backups/weir/shop-20260101T060000Z --into shop.sqlite --replace
      """)

  @Argument(help: "A directory of backups, or one of them.") var backup: String

  @Option(help: ArgumentHelp("Path that the results file gets.", valueName: "file.sqlite"))
  var into: String

  @Option(
    help: ArgumentHelp(
      "The newest backup that was complete by then: a date (UTC) or RFC 3339.", valueName: "time"))
  var at: String?

  @Option(
    help: ArgumentHelp(
      "When the files were lost (default: now). What ended later was told by nobody and is told as "
        + "ever.", valueName: "time"))
  var lostAt: String?

  @Flag(help: "Rename files that are in the way; without it they are refused.")
  var replace = false

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    _ = try time(at, "--at")
    _ = try time(lostAt, "--lost-at")
    if into.hasSuffix(".yaml") {
      throw ValidationError("\(into) is a pipeline file; give the path of the results.")
    }
  }

  func run() throws {
    var restoration = Restoration(from: backup, into: into)
    restoration.asOf = try time(at, "--at")
    restoration.lost = try time(lostAt, "--lost-at")
    restoration.replaces = replace
    let report = try restoration.apply(now: SystemClock.now())
    if json { return try Terminal.printJSON(Summary(report, into)) }
    for skipped in report.skipped {
      print("passed over, as it is damaged: \(skipped.path): \(skipped.problem)")
    }
    if let aside = report.setAside { print("what was there is now \(aside)") }
    print("restored \(into) from \(BackupText.line(report.backup))")
    for partition in report.backup.manifest.partitions {
      print("  \(partition.topic)/\(partition.partition) from offset \(partition.nextOffset)")
    }
    if report.withheld > 0 {
      print(
        "  \(Terminal.count(Int64(report.withheld), "message")) that waited in it may have been "
          + "sent since, and will not be")
    }
    print("what ended by \(EventTime(ms: report.lost.ms).text) is not told one by one again")
    print("go on with `weir run PIPELINE.yaml --data \(into)`")
  }

  private func time(_ text: String?, _ option: String) throws -> WallTime? {
    guard let text else { return nil }
    if let time = Instants.parse(text, zone: .utc) { return WallTime(ms: time.ms) }
    throw ValidationError(
      "\(option) \(text) is no time; write 2026-01-01 or 2026-01-01T08:00:00Z.")
  }

  /// What `--json` prints.
  private struct Summary: Encodable {
    var file: String
    var backup: BackupSummary
    var passedOver: [String]
    var setAside: String?
    var lostAt: String
    var withheldMessages: Int

    init(_ report: Restoration.Report, _ into: String) {
      file = into
      backup = BackupSummary(report.backup)
      passedOver = report.skipped.map(\.path)
      setAside = report.setAside
      lostAt = EventTime(ms: report.lost.ms).text
      withheldMessages = report.withheld
    }
  }
}
