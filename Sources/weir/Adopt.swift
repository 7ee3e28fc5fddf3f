import ArgumentParser
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir adopt`: a replayed file takes a worker's place.
struct Adopt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a replayed file into service in place of a worker's.",
    discussion: """
      The replay has computed the results. What people did and were told is carried over from \
      LIVE.sqlite: thresholds and requests for them, acknowledgements, verdicts, silences, and \
      what became of each message, so that nobody is paged twice and nobody is missed. What the \
      replay would have sent and LIVE.sqlite does not know stays suppressed, but for alerts that \
      fire still: the worker tells of them, together, when it has caught up. LIVE.sqlite is only \
      read. Where it is lost, leave it out.

      Stop the worker first. NEW.sqlite has to have read what LIVE.sqlite has; a replay with \
      --like LIVE.sqlite goes on from where it is and knows its thresholds. The definition may be \
      another, the pipeline's name may not. All is done or nothing; a file that is in service \
      stays as it is.

      EXAMPLES
        weir adopt shop.sqlite --into new.sqlite
        weir adopt --into new.sqlite --by ann      after the disk of the other one was lost
      """)

  @Argument(help: "The file that was in service.") var live: String?

  @Option(help: ArgumentHelp("The file that the replay made.", valueName: "new.sqlite"))
  var into: String

  @OptionGroup var person: PersonOptions

  @Flag(help: "Take the file also when stages of it are complete only from later on.")
  var acceptPartial = false

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    for path in [live, into].compactMap({ $0 }) where path.hasSuffix(".yaml") {
      throw ValidationError("\(path) is a pipeline file; give the file of its results.")
    }
  }

  func run() throws {
    var adoption = Adoption(new: into, inPlaceOf: live, by: try person.name())
    adoption.acceptsPartial = acceptPartial
    let outcome = try adoption.apply(now: SystemClock.now()).get()
    if json { return try Terminal.printJSON(Summary(outcome, self)) }
    switch outcome {
    case .inService(let service):
      let from = service.from.isEmpty ? "" : " in place of \(service.from)"
      print(
        "\(into) is in service already: \(service.by) adopted it\(from) at "
          + "\(EventTime(ms: service.adopted.ms).text); nothing was changed")
    case .adopted(let report): tell(report)
    }
  }

  private func tell(_ report: Adoption.Report) {
    if let live {
      print("from \(live), which stays as it is:")
      for (number, noun) in counts(report) { print("  \(Terminal.count(Int64(number), noun))") }
      for state in OutboxState.allCases {
        guard let number = report.messages[state] else { continue }
        print("  \(Terminal.count(Int64(number), "message")) \(state.rawValue)")
      }
    }
    if !report.goneRules.isEmpty {
      print(
        "of rules that the pipeline does not have any more, kept as history: "
          + report.goneRules.joined(separator: ", "))
    }
    if report.untoldEnds > 0 {
      print(
        "\(Terminal.count(Int64(report.untoldEnds), "alert")) of \(live ?? "") still "
          + "\(report.untoldEnds == 1 ? "fires" : "fire") and not in \(into): nobody will be told "
          + "of the end; see `weir alerts list \(live ?? "") --state firing`")
    }
    print("\(into) is in service; go on with `weir run PIPELINE.yaml --data \(into)`")
  }

  private func counts(_ report: Adoption.Report) -> [(Int, String)] {
    [
      (report.thresholds, "threshold value"), (report.requests, "waiting request"),
      (report.acknowledgements, "acknowledgement"), (report.verdicts, "verdict"),
      (report.silences, "silence"),
    ].filter { $0.0 > 0 }
  }

  /// What `--json` prints.
  private struct Summary: Encodable {
    var file: String
    var from: String
    var adopted: Bool
    var adoptedAt: String?
    var adoptedBy: String?
    var thresholds: Int?
    var requests: Int?
    var acknowledgements: Int?
    var verdicts: Int?
    var silences: Int?
    var messages: [String: Int]?
    var goneRules: [String]?
    var untoldEnds: Int?

    init(_ outcome: Adoption.Outcome, _ command: Adopt) {
      file = command.into
      switch outcome {
      case .inService(let service):
        from = service.from
        adopted = false
        adoptedAt = EventTime(ms: service.adopted.ms).text
        adoptedBy = service.by
      case .adopted(let report):
        from = command.live ?? ""
        adopted = true
        thresholds = report.thresholds
        requests = report.requests
        acknowledgements = report.acknowledgements
        verdicts = report.verdicts
        silences = report.silences
        messages = Dictionary(
          uniqueKeysWithValues: report.messages.map { ($0.key.rawValue, $0.value) })
        goneRules = report.goneRules
        untoldEnds = report.untoldEnds
      }
    }
  }
}
