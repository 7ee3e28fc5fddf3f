import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// What a changed pipeline file does to a file of results: for people and for programs.
struct CheckAgainst: Encodable {
  /// The file of results.
  var data: String
  /// Whether `weir run` goes on with it.
  var goesOn: Bool
  var stages: [Stage]
  var refusals: [String]
  var waysOn: [String]
  private let rows: [[String]]

  struct Stage: Encodable {
    var stage: String
    var change: UpgradePlan.Kind
    var digest: String?
    var because: [String]
    var accepted: Bool?
    var completeFromMs: Int64?

    enum CodingKeys: String, CodingKey {
      case stage, change, digest, because, accepted
      case completeFromMs = "complete_from_ms"
    }
  }

  enum CodingKeys: String, CodingKey {
    case data, stages, refusals
    case goesOn = "goes_on"
    case waysOn = "ways_on"
  }

  /// Compares `pipeline`, the file `name`, with the file of results at `path`.
  init(_ pipeline: Pipeline, named name: String, path: String) throws {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    let reachMs = try reader.partitions().compactMap(\.clock?.ms).max()
    let setting = UpgradePlan.Setting(pipeline: name, data: path, reachMs: reachMs)
    data = path
    try Self.checkName(pipeline, try reader.manifest()[ManifestKey.pipeline] ?? "", path)
    let upgrading = try Upgrading.plan(pipeline, against: path)
    let plan = upgrading?.plan ?? UpgradePlan(from: pipeline.plan, to: pipeline)
    goesOn = plan.refusals.isEmpty
    refusals = plan.refusals
    waysOn = plan.refusals.isEmpty ? [] : plan.waysOn(setting)
    rows = plan.rows(setting)
    stages = plan.changes.map { change in
      Stage(
        stage: change.stage.description, change: change.kind, digest: change.digest,
        because: change.because, accepted: change.kind == .redefined ? change.isAccepted : nil,
        completeFromMs: reachMs.flatMap { plan.completeFromMs(change, reachMs: $0) })
    }
  }

  private static func checkName(_ pipeline: Pipeline, _ stored: String, _ path: String) throws {
    guard stored != pipeline.plan.name else { return }
    throw WorkerError(
      .refused, "\(path) belongs to the pipeline '\(stored)', not to '\(pipeline.plan.name)'",
      whatToDo: "compare it with the pipeline file of '\(stored)'")
  }

  /// A table in words, and what to do.
  var text: String {
    var table = TextTable(["stage", "", "what happens"])
    rows.forEach { table.add($0) }
    var lines = [table.text(indent: 2)]
    let others = Set(stages.map(\.change)) != [.unchanged]
    if goesOn {
      lines.append(
        others
          ? "weir run goes on with \(data) and does this when it starts"
          : "\(data) has this definition: weir run goes on with it")
    } else {
      lines.append("weir run refuses to go on with \(data):")
      lines += refusals.map { "  - \($0)" }
      lines.append("ways on:")
      lines += waysOn.map { "  - \($0)" }
    }
    return lines.joined(separator: "\n")
  }
}
