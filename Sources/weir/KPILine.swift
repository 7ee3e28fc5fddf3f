import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// A KPI and its newest periods, as `--json` prints it.
struct KPILine: Encodable {
  /// How far one period had come.
  struct Period: Encodable {
    var periodStart: String
    var periodEnd: String
    var asOf: String
    var value: Double
    /// Over the same part of the period before, of what was settled then: up to `comparedAsOf`.
    var previous: Double?
    /// By which share of `previous` it was more.
    var change: Double?
    /// Until the period's end: the share of the target that the value has reached.
    var reached: Double?
    /// At its end: by which share of the target it is more; negative: less.
    var off: Double?
    /// At its end: whether the target is met.
    var met: Bool?
    var movedBy: String?
    var moved: Double?
    /// When `previous`, `change` and what moved it were so: the value may be newer.
    var comparedAsOf: String?
    var estimated: Bool
    var status: String
    /// When the input ended, where it did so before the period.
    var inputEnded: String?
    /// Whether the period goes on, or may still change.
    let isOpen: Bool

    private enum CodingKeys: String, CodingKey {
      case periodStart, periodEnd, asOf, value, previous, change, reached, off, met, movedBy, moved,
        comparedAsOf, estimated, status, inputEnded
    }

    init(_ period: KPIPeriod, _ node: KPINode?, inputEnd: EventTime?, zone: Zone) {
      let row = period.newest
      periodStart = Instants.text(row.periodStart, zone: zone)
      periodEnd = Instants.text(row.periodEnd, zone: zone)
      asOf = Instants.text(row.asOf, zone: zone)
      value = row.value
      estimated = row.approximate
      status = row.status.rawValue
      isOpen = row.asOf < row.periodEnd || row.status == .provisional
      if row.isCutShort(by: inputEnd) {
        inputEnded = inputEnd.map { Instants.text($0, zone: zone) }
      } else if let settled = period.settled {
        compare(settled, zone)
      }
      guard let node, let target = node.target else { return }
      if isOpen || inputEnded != nil {
        let share = row.value / target
        reached = share.isFinite ? share : nil
      } else {
        off = Self.share(of: row.value - target, in: target)
        met = node.direction == .up ? row.value >= target : row.value <= target
      }
    }

    /// Takes over how a settled row compares.
    private mutating func compare(_ row: KPIRow, _ zone: Zone) {
      previous = row.previous
      change = row.previous.flatMap { Self.share(of: row.value - $0, in: $0) }
      movedBy = row.movedBy
      moved = row.moved
      if previous == nil, movedBy == nil { return }
      comparedAsOf = Instants.text(row.asOf, zone: zone)
    }

    /// Nil where there is no share: of nothing, and of what overflows.
    private static func share(of part: Double, in whole: Double) -> Double? {
      let share = part / abs(whole)
      return share.isFinite ? share : nil
    }
  }

  var kpi: String
  var title: String?
  var parent: String?
  var depth: Int
  var layer: String?
  var period: String?
  var formula: String?
  var unit: String?
  var owner: String?
  var target: Double?
  var direction: String?
  var periods: [Period]

  /// Shows a KPI; without a node the pipeline has it no more.
  init(
    _ name: String, _ node: KPINode?, depth: Int, _ periods: [KPIPeriod],
    inputEnd: EventTime?, zone: Zone
  ) {
    kpi = name
    self.depth = depth
    title = node?.title
    parent = node?.parent
    layer = node?.layer.rawValue
    period = node?.period
    formula = node?.formula
    unit = node?.unit
    owner = node?.owner
    target = node?.target
    direction = node?.direction.rawValue
    self.periods = periods.map { Period($0, node, inputEnd: inputEnd, zone: zone) }
  }

  // MARK: - Text

  /// An aligned table, a line for each period.
  static func table(_ lines: [KPILine]) -> String {
    var table = TextTable([
      ("KPI", .left), ("period", .left), ("value", .right), ("unit", .left), ("before", .right),
      ("change", .right), ("target", .right), ("off", .right), ("moved by", .left),
      ("owner", .left), ("", .left),
    ])
    for line in lines {
      let name = String(repeating: "  ", count: line.depth) + line.name
      guard !line.periods.isEmpty else {
        table.add([
          name, line.period ?? "", "", line.unitText, "", "", line.figure(line.target), "", "",
          line.owner ?? "", "no value yet",
        ])
        continue
      }
      for (index, period) in line.periods.enumerated() {
        let isFirst = index == 0
        table.add([
          isFirst ? name : "", period.span, line.figure(period.value), line.unitText,
          line.figure(period.previous), signed(period.change), line.figure(line.target),
          standing(period), line.mover(period),
          isFirst ? line.owner ?? "" : "", line.marks(period),
        ])
      }
    }
    return table.text()
  }

  private var name: String { title.map { $0 == kpi ? kpi : "\($0) (\(kpi))" } ?? kpi }

  /// A share is shown as a percentage, which says its unit.
  private var isShare: Bool { unit == "%" }
  private var unitText: String { isShare ? "" : unit ?? "" }

  private func figure(_ value: Double?) -> String {
    guard let value else { return "" }
    return isShare ? String(format: "%.2f%%", value * 100) : Self.number(value)
  }

  private func mover(_ period: Period) -> String {
    guard let child = period.movedBy else { return "" }
    guard let moved = period.moved else { return child }
    let points = isShare ? String(format: "%+.2f points", moved * 100) : nil
    return "\(child) \(points ?? (moved < 0 ? "" : "+") + Self.number(moved))"
  }

  private func marks(_ period: Period) -> String {
    var marks: [String] = []
    if let end = period.inputEnded {
      marks.append("input ended on \(Period.short(end))")
    } else if period.isOpen {
      marks.append("so far")
    }
    if period.estimated { marks.append("estimated") }
    if period.status != ResultStatus.final.rawValue { marks.append(period.status) }
    if let at = period.comparedAsOf, at != period.asOf {
      marks.append("change as of \(Period.short(at))")
    }
    if layer == nil { marks.append("not in the pipeline any more") }
    return marks.joined(separator: ", ")
  }

  /// `12.50`, `1,250`, `-3.40`; large ones without a fraction.
  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1000
      ? String(format: "%.0f", value) : Figures.amount(value)
  }

  /// How the value stands to the target.
  private static func standing(_ period: Period) -> String {
    if let reached = period.reached { return String(format: "%.1f%% of it", reached * 100) }
    return period.met == true ? "met" : signed(period.off)
  }

  /// `+13.6%`, `-0.5%`.
  private static func signed(_ share: Double?) -> String {
    share.map { String(format: "%+.1f%%", $0 * 100) } ?? ""
  }

  // MARK: - CSV

  /// A header row and a row for each period.
  static func csv(_ lines: [KPILine]) -> String {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return CSVText.text(
      header: [
        "kpi", "parent", "title", "layer", "unit", "owner", "period_start", "period_end", "as_of",
        "value", "previous", "change", "target", "direction", "reached", "off", "met", "moved_by",
        "moved", "compared_as_of", "estimated", "status", "input_ended",
      ],
      lines.flatMap { line in
        line.periods.map {
          [
            line.kpi, text(line.parent), text(line.title), text(line.layer), text(line.unit),
            text(line.owner), $0.periodStart, $0.periodEnd, $0.asOf, "\($0.value)",
            text($0.previous), text($0.change), text(line.target), text(line.direction),
            text($0.reached), text($0.off), text($0.met), text($0.movedBy), text($0.moved),
            text($0.comparedAsOf), "\($0.estimated)", $0.status, text($0.inputEnded),
          ]
        }
      })
  }
}

extension KPILine.Period {
  /// `2026-01-05 … 2026-02-01`: days as far as both ends are at midnight, times otherwise.
  fileprivate var span: String {
    isOpen ? "\(Self.short(periodStart)) … \(Self.short(asOf))" : Self.short(periodStart)
  }

  fileprivate static func short(_ time: String) -> String {
    let parts = time.split(separator: "T", maxSplits: 1)
    guard parts.count == 2, parts[1].hasPrefix("00:00:00") else { return time }
    return String(parts[0])
  }
}
