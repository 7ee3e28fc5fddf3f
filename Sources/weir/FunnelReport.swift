import PipelineSpec
import SnapshotStore
import StreamCore

/// Shows blocks of funnels.
struct FunnelReport {
  private static let barColumns = 24

  let zone: Zone
  /// Dimensions that the blocks are split by.
  let by: [String]
  /// Whether entry windows are added up.
  let total: Bool

  /// The table of one funnel.
  func table(_ blocks: [FunnelBlock]) -> String {
    var table = TextTable(
      [("entered", .left)] + by.map { ($0, .left) } + [
        ("step", .left), (total ? "entries" : "users", .right), ("of all", .right),
        ("of before", .right), ("p50", .right), ("p90", .right), ("", .left), ("", .left),
      ])
    for block in blocks {
      for (index, step) in block.steps.enumerated() {
        let head =
          index == 0
          ? [entered(block)] + by.map { (block.dimensions[$0] ?? .null).description }
          : [String](repeating: "", count: 1 + by.count)
        table.add(
          head + [
            step.name, Terminal.grouped(step.users), Figures.percent(step.fromStart),
            index == 0 ? "" : Figures.percent(step.fromPrevious),
            index == 0 ? "" : Figures.duration(ms: step.p50Ms),
            index == 0 ? "" : Figures.duration(ms: step.p90Ms),
            Figures.bar(step.fromStart ?? 0, width: Self.barColumns),
            index == 0 && block.isProvisional ? "provisional" : "",
          ])
      }
    }
    return table.text()
  }

  /// The entry window, by its day where it is one.
  private func entered(_ block: FunnelBlock) -> String {
    if block.windows > 1, block.firstDay != block.lastDay {
      return "\(block.firstDay) … \(block.lastDay)"
    }
    let hours = (block.entryEnd.ms - block.entryStart.ms) / 3_600_000
    return (23...25).contains(hours) || block.windows > 1
      ? block.firstDay : Instants.text(block.entryStart, zone: zone)
  }

  /// Steps as `--json` and `--csv` show them, one by one.
  func lines(_ blocks: [FunnelBlock]) -> [FunnelLine] {
    blocks.flatMap { block in
      block.steps.map { FunnelLine(block, $0, zone: zone) }
    }
  }
}

/// One step of a funnel, as `--json` prints it.
struct FunnelLine: Encodable {
  var funnel: String
  var entryStart: String
  var entryEnd: String
  var entryDay: String
  var windows: Int
  var dimensions: DimensionValues
  var step: Int
  var stepName: String
  var users: Int64
  var conversionFromStart: Double?
  var conversionFromPrevious: Double?
  var p50Ms: Int64?
  var p90Ms: Int64?
  var status: String

  init(_ block: FunnelBlock, _ step: FunnelBlock.Step, zone: Zone) {
    funnel = block.funnel
    entryStart = Instants.text(block.entryStart, zone: zone)
    entryEnd = Instants.text(block.entryEnd, zone: zone)
    entryDay = block.firstDay
    windows = block.windows
    dimensions = block.dimensions
    self.step = step.step
    stepName = step.name
    users = step.users
    conversionFromStart = step.fromStart
    conversionFromPrevious = step.fromPrevious
    p50Ms = step.p50Ms
    p90Ms = step.p90Ms
    status = (block.isProvisional ? ResultStatus.provisional : .final).rawValue
  }

  static func csv(_ lines: [FunnelLine]) -> String {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return CSVText.text(
      header: [
        "funnel", "entry_start", "entry_end", "entry_day", "windows", "dimensions", "step",
        "step_name", "users", "conversion_from_start", "conversion_from_previous", "p50_ms",
        "p90_ms", "status",
      ],
      lines.map {
        [
          $0.funnel, $0.entryStart, $0.entryEnd, $0.entryDay, "\($0.windows)",
          Dimensions.json($0.dimensions), "\($0.step)", $0.stepName, "\($0.users)",
          text($0.conversionFromStart), text($0.conversionFromPrevious), text($0.p50Ms),
          text($0.p90Ms), $0.status,
        ]
      })
  }
}
