import ArgumentParser
import SnapshotStore
import StreamCore

/// `weir report kpis`: the tree of KPIs.
struct ReportKPIs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kpis",
    abstract: "Show the KPIs as a tree: how far their periods have come, and against what.",
    discussion: """
      A value is that of its period so far, `before` that of the same part of the period before, and \
      `change` how much more it is. A target is for the end of a period: until then `off` is the part \
      of it that the value has reached, and at the end how far the value is from it. `moved by` is the \
      child that accounts for most of the change, with what it accounts for. A provisional value is of \
      a slice that goes on; `before`, `change` and `moved by` are then as of the newest slice that is \
      settled, which is said. Of a period that the end of the input cut short, only the value and its \
      part of the target are shown.

      --json prints an array with an object for each KPI, in the order of the tree: kpi, depth, \
      periods and, where the pipeline has it, title, parent, layer, period, formula, unit, owner, \
      target, direction. A period, the newest first, is {periodStart, periodEnd, asOf, value, \
      estimated, status} and, where there is one, previous, change, movedBy, moved, all as of \
      comparedAsOf; reached until the period's end, off and met at its end; inputEnded where the input \
      ended before. change, reached and off are shares.

      EXAMPLES
        weir report kpis shop.sqlite
        weir report kpis shop.sqlite --kpi growth --periods 12
        weir report kpis shop.sqlite --csv
      """)

  @Argument(help: "The results file.") var file: String

  @Option(help: ArgumentHelp("Only this KPI and those below it.", valueName: "name"))
  var kpi: String?

  @Option(help: ArgumentHelp("Show so many periods of each, the newest first.", valueName: "n"))
  var periods = 1

  @OptionGroup var list: ListOptions

  /// More periods are a question for the tables.
  private static let periodsMax = 1000

  func validate() throws {
    guard (1...Self.periodsMax).contains(periods) else {
      throw ValidationError("--periods takes a number from 1 to \(Self.periodsMax).")
    }
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    if let kpi { try source.check(kpi, of: .kpis) }
    let lines = try lines(source)
    if list.json {
      try Terminal.printJSON(lines)
    } else if list.csv {
      print(KPILine.csv(lines), terminator: "")
    } else if lines.isEmpty {
      print(try source.nothing(of: .kpis, chosen: false))
    } else {
      print(KPILine.table(lines))
      print(try source.state(zone: source.zone))
    }
  }

  /// The chosen part of the tree, and then what only has rows: of KPIs that the pipeline gave up.
  private func lines(_ source: ReportSource) throws -> [KPILine] {
    var lines: [KPILine] = []
    var depths: [String: Int] = [:]
    let tree = try source.reader.kpiTree()
    let inputEnd = try source.reader.inputEnd()
    func line(_ name: String, _ node: KPINode?, depth: Int) throws -> KPILine {
      let periods = try source.reader.kpiPeriods(of: name, limit: periods)
      return KPILine(name, node, depth: depth, periods, inputEnd: inputEnd, zone: source.zone)
    }
    for node in tree {
      let above = node.parent.flatMap { depths[$0] }
      guard kpi == nil || node.kpi == kpi || above != nil else { continue }
      let depth = above.map { $0 + 1 } ?? 0
      depths[node.kpi] = depth
      lines.append(try line(node.kpi, node, depth: depth))
    }
    let known = Set(tree.map(\.kpi))
    for name in try source.reader.names(of: .kpis)
    where !known.contains(name) && (kpi == nil || kpi == name) {
      lines.append(try line(name, nil, depth: 0))
    }
    return lines
  }
}
