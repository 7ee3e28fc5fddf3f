import PipelineSpec
import StreamCore

/// What a proposal cannot know from the records.
public struct ProposalOptions: Sendable {
  /// The pipeline's name; what is not legal in one is replaced.
  public var name = "events"
  /// What the records are of, for the comment at the top.
  public var origin = ""
  /// Brokers and topic, of records of a topic.
  public var kafka: (brokers: String, topic: String)?
  /// IANA zone of the pipeline.
  public var zone = "UTC"
  /// How rows of CSV are read; nil for JSON. Numbers with separators between thousands are added
  /// where the profile has them for sure.
  public var csv: CSVFormat?
  /// Directory of the time-zone data.
  public var zoneinfo = "/usr/share/zoneinfo"

  /// The defaults.
  public init() {}
}

/// A pipeline file proposed from a profile. It passes `weir check` and `weir test`: that was tried.
public struct Proposal: Sendable {
  /// The file.
  public var text: String
  /// The pipeline's name in it.
  public var name: String
  /// Names of the stages in it.
  public var stages: Stages
  /// Whether stages were left out because the file with all of them did not pass.
  public var isReduced = false

  /// Names of proposed stages, and what they are of.
  public struct Stages: Sendable {
    /// Events by name, and the length of its windows.
    public var events = "events"
    /// All events, and the length of its windows.
    public var allEvents = "all_events"
    /// Users by day.
    public var activeUsers: String?
    /// Users by day and a dimension, with the dimension's name in the results and for people.
    public var usersBy: (metric: String, dimension: String, label: String)?
    /// Values of that dimension that are safe to show.
    public var safeValues: Set<String> = []
    /// Sums of amounts by day, with what they are of.
    public var amounts: [(metric: String, label: String)] = []
    /// Sums of the first amount by a dimension.
    public var amountBy: (metric: String, dimension: String, label: String)?
    /// Mean and 99th percentile of readings, where events are that.
    public var levels: [String] = []
    /// The funnel.
    public var funnel: String?
    /// The retention table.
    public var retention: String?
    /// The alert.
    public var alert: String?
  }

  /// Why there is no proposal.
  public struct Impossible: Error, Sendable, CustomStringConvertible {
    /// What is missing, and what to do.
    public let description: String
  }

  /// Proposes a pipeline for what was profiled.
  ///
  /// - Throws: `Impossible` when no event can be made of the records.
  public static func make(
    _ profile: Profile, options: ProposalOptions
  ) throws(Impossible) -> Proposal {
    guard profile.roles.isUsable else {
      throw Impossible(
        description: "no pipeline can be proposed without the time of events; say where it is with "
          + "--field time=PATH")
    }
    guard profile.usable > 0 else {
      throw Impossible(
        description: "no pipeline can be proposed: none of \(profile.records) records is an event")
    }
    guard profile.betterRoles == nil else {
      throw Impossible(
        description: "no pipeline can be proposed: the first records and all of them together "
          + "disagree on how times are written; write one by hand, with docs/pipeline.md")
    }
    var options = options
    switch profile.commas {
    case .groups: options.csv?.thousands = NumberGroups(separator: ",")
    // That option reads decimals behind a comma, too.
    case .decimals(isColumn: true): options.csv?.thousands = NumberGroups(separator: ".")
    case .decimals(isColumn: false), .none: break
    }
    var reason = ""
    for detail in ProposalWriter.Detail.allCases {
      var writer = ProposalWriter(profile, options, detail)
      var proposal = writer.write()
      proposal.isReduced = detail != .full
      guard let fault = fault(of: proposal, options) else { return proposal }
      reason = fault
    }
    throw Impossible(
      description:
        "no pipeline can be proposed for these fields: \(reason); write one by hand, with "
        + "docs/pipeline.md")
  }

  /// Why a proposal passes check and test not; nil when it does.
  private static func fault(of proposal: Proposal, _ options: ProposalOptions) -> String? {
    do {
      let pipeline = try Pipeline.parse(
        text: proposal.text, file: "proposal", zoneinfo: options.zoneinfo)
      return try PipelineTestRunner.run(pipeline).lazy.compactMap(\.mismatches.first).first
    } catch let faults as PipelineFaults {
      return faults.faults.first.map { "\($0.message) (line \($0.line))" } ?? "\(faults)"
    } catch {
      return "\(error)"
    }
  }
}
