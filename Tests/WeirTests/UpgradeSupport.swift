import Foundation
import SnapshotStore
import StreamTestKit
import Testing

/// Rows of a results file, through SQLite's own program.
enum SettledRows {
  /// Table, column of the stage, column of the window's start, and the settled rows' condition.
  private static let tables: [String: (stage: String, start: String, settled: String)] = [
    "metrics": ("metric", "window_start_ms", "status <> 'provisional'"),
    "funnels": ("funnel", "entry_start_ms", "status <> 'provisional'"),
    "retention": ("retention", "unit_start_ms", "status <> 'provisional'"),
    "sessions": ("session", "day_start_ms", "status <> 'provisional'"),
    "kpis": ("kpi", "period_start_ms", "status <> 'provisional'"),
    "risks": ("rule", "opened_ms", "status = 'final'"),
    "alerts": ("rule", "window_start_ms", "status <> 'provisional' AND kind = 'alert'"),
  ]

  private static let names = ["risks": "findings", "alerts": "alert_transitions"]

  /// What SQLite answers, a line a row.
  static func query(_ path: String, _ sql: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-readonly", path, sql]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "sqlite3 \(path): \(sql)")
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The settled rows of `KIND.NAME` of windows that begin at `fromMs` or later, in order. Of
  /// findings, what settles them; all columns of other tables.
  static func of(_ stage: String, in path: String, fromMs: Int64 = .min) throws -> [String] {
    let dot = try #require(stage.firstIndex(of: "."))
    let (kind, name) = (String(stage[..<dot]), String(stage[stage.index(after: dot)...]))
    if kind == "lifecycle" {
      return try query(
        path,
        """
        SELECT * FROM metrics WHERE metric LIKE '\(name).%' AND status <> 'provisional'
        AND window_start_ms >= \(fromMs) ORDER BY metric, window_start_ms, dimensions
        """)
    }
    let table = try #require(tables[kind])
    // A cohort is whole, or it is left out.
    let start = kind == "retention" ? "unixepoch(cohort) * 1000" : table.start
    let columns =
      kind == "risks" ? "finding_id, rule, entity, opened_ms, closed_ms, figures, status" : "*"
    return try query(
      path,
      """
      SELECT \(columns) FROM \(names[kind] ?? kind) WHERE \(table.stage) = '\(name)'
      AND \(start) >= \(fromMs) AND (\(table.settled))
      """
    ).sorted()
  }
}

/// A topic that a test fills bit by bit, and runs of the real program over it.
struct UpgradeRig {
  let folder: TemporaryFolder
  let broker: TestBroker
  let topic: String
  let logs: [[HistoryEvent]]

  init(_ history: EventHistory, partitions: Int = 2) throws {
    folder = try TemporaryFolder()
    broker = try TestBroker()
    topic = try broker.topic(partitions)
    logs = history.partitioned(partitions)
  }

  init(seed: UInt64, events: Int) throws {
    try self.init(KillPipeline.history(seed: seed, events: events))
  }

  var environment: [String: String] { ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic] }

  /// Produces every partition's records of a part of the history, a share from 0 to 1.
  func produce(_ part: Range<Double>) throws {
    let slices = logs.map { log in
      log[Int(Double(log.count) * part.lowerBound)..<Int(Double(log.count) * part.upperBound)]
        .map { (payload: $0.payload, timestampMs: $0.recordMs) }
    }
    try broker.produce(slices, to: topic)
  }

  /// Records of a part of the history, from the start.
  func count(upTo share: Double) -> Int64 {
    logs.reduce(0) { $0 + Int64(Double($1.count) * share) }
  }

  /// Starts a worker with a pipeline's text, which goes on until it is ended.
  func start(_ text: String, _ data: String) throws -> RunningCommand {
    let pipeline = try folder.write(text, to: "pipeline.yaml")
    return try RunningCommand(
      ["run", pipeline, "--accept-empty", "--data", folder.file(data)], environment: environment)
  }

  /// Runs a pipeline's text over what the topic has.
  func run(_ text: String, _ data: String, closing: Bool = false) async throws -> Outcome {
    let pipeline = try folder.write(text, to: "pipeline.yaml")
    return try await Command.run(
      ["run", pipeline, "--until-end", "--accept-empty", "--data", folder.file(data)]
        + (closing ? ["--close"] : []), environment: environment)
  }

  /// What `weir check --against --json` says.
  func check(_ text: String, _ data: String) async throws -> (code: Int32, json: CheckedUpgrade) {
    let pipeline = try folder.write(text, to: "checked.yaml")
    let outcome = try await Command.run([
      "check", pipeline, "--against", folder.file(data), "--json",
    ])
    let report = try JSONDecoder().decode(CheckedReport.self, from: Data(outcome.output.utf8))
    return (outcome.code, try #require(report.against, "\(outcome)"))
  }

  /// What `weir check --against` prints for people.
  func words(_ text: String, _ data: String) async throws -> String {
    let pipeline = try folder.write(text, to: "checked.yaml")
    return try await Command.run(["check", pipeline, "--against", folder.file(data)]).output
  }
}

/// The part of the report that tests read.
private struct CheckedReport: Decodable { var against: CheckedUpgrade? }

/// What a changed file does, as `weir check --against --json` prints it.
struct CheckedUpgrade: Decodable {
  struct Stage: Decodable {
    var stage: String
    var change: String
    var digest: String?
    var because: [String]
    var accepted: Bool?
  }

  var goesOn: Bool
  var stages: [Stage]
  var refusals: [String]
  var waysOn: [String]

  enum CodingKeys: String, CodingKey {
    case stages, refusals
    case goesOn = "goes_on"
    case waysOn = "ways_on"
  }

  func names(_ change: String) -> [String] {
    stages.filter { $0.change == change }.map(\.stage)
  }
}
