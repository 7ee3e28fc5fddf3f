import ArgumentParser
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir backup`: a copy of a worker's files by hand.
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy a worker's files, verify the copy, and keep it in a directory of its own.",
    discussion: """
      Works on a stopped file and beside a running worker. A worker makes such copies itself when \
      its pipeline file has `backup: {every: 6h, dir: DIR}`; `weir restore` goes on from one. Nothing \
      is removed.

      EXAMPLES
        weir backup shop.sqlite --into /var/backups/weir
        weir backup shop.sqlite --into /srv/analysts --archive     the public file alone
        weir backup --list /var/backups/weir                       what is there
      """)

  @Argument(help: "The results file; its state file is beside it.") var file: String?

  @Option(help: ArgumentHelp("The directory that the copy goes into.", valueName: "dir"))
  var into: String?

  @Flag(help: "Copy the results file alone: for reading, not to go on from.") var archive = false

  @Option(help: ArgumentHelp("List the copies in a directory, newest first.", valueName: "dir"))
  var list: String?

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if list != nil, file != nil || into != nil || archive {
      throw ValidationError("--list looks at a directory; give nothing else.")
    }
    if list == nil, file == nil || into == nil {
      throw ValidationError("Give a file and where its copy goes: weir backup FILE --into DIR.")
    }
  }

  func run() throws {
    if let list {
      let sets = BackupSet.all(in: list)
      if json { return try Terminal.printJSON(sets.map(BackupSummary.init)) }
      if sets.isEmpty { print("\(list): no copies") }
      for set in sets { print("\(set.manifest.kind.rawValue)  \(BackupText.line(set))") }
      return
    }
    guard let file, let into else { return }
    let maker = BackupMaker(archive ? .archive : .backup, into: into, now: SystemClock.now)
    let made = try maker.keepingAll.make(ofFileAt: file)
    if json { return try Terminal.printJSON(BackupSummary(made)) }
    print(BackupText.line(made))
  }
}

extension BackupMaker {
  /// The same, removing nothing.
  fileprivate var keepingAll: BackupMaker {
    var maker = self
    maker.keep = .forever
    return maker
  }
}

/// Copies in words.
enum BackupText {
  /// `DIR: as of 2026-01-01T06:00:00Z, snapshot 12, 1.2 MiB, result digest 3f…`
  static func line(_ set: BackupSet) -> String {
    "\(set.path): as of \(EventTime(ms: set.taken.ms).text), snapshot \(set.manifest.snapshotID), "
      + "\(Terminal.grouped(set.bytes)) bytes, result digest \(set.manifest.resultDigest)"
  }
}

/// What `--json` prints of a copy.
struct BackupSummary: Encodable {
  private struct Position: Encodable {
    var topic: String
    var partition: Int32
    var nextOffset: Int64
  }

  private var path: String
  private var kind: String
  private var pipeline: String
  private var taken: String
  private var snapshot: Int64
  private var bytes: Int64
  private var resultDigest: String
  private var partitions: [Position]

  init(_ set: BackupSet) {
    path = set.path
    kind = set.manifest.kind.rawValue
    pipeline = set.manifest.pipeline
    taken = EventTime(ms: set.taken.ms).text
    snapshot = set.manifest.snapshotID
    bytes = set.bytes
    resultDigest = set.manifest.resultDigest
    partitions = set.manifest.partitions.map {
      Position(topic: $0.topic, partition: $0.partition, nextOffset: $0.nextOffset)
    }
  }
}
