import Charts
import SnapshotStore
import StreamCore

/// A KPI as the pipeline describes it, and how it stands.
struct KPIState: Sendable {
  var node: KPINode
  /// Nil without a row.
  var standing: KPIStanding?
  /// How deep in the tree it lies; 0 for roots.
  var depth: Int
  /// Whether its formula reads an average, a quantile or a ratio, which do not grow from 0.
  var readsLevels = false
  /// The greatest clock of an input that has ended: a period that it cut short is judged by nobody.
  var inputEnd: EventTime?

  /// What people read in place of the name.
  var title: String { node.title ?? node.kpi }
  var unit: ValueUnit { Numbers.unit(node.unit) }
  /// The newest row.
  var row: KPIRow? { standing?.newest }
  /// The newest row of the same period whose part is over: only that may be held against the same
  /// part of another period. Nil before there is one.
  var settled: KPIRow? {
    guard let settled = standing?.settled, settled.periodStart == row?.periodStart,
      !settled.isCutShort(by: inputEnd)
    else { return nil }
    return settled
  }

  /// When the input ended, where that cut the newest period short: nobody holds what there is of it
  /// against a whole one, or against the target.
  var cutShortAt: EventTime? {
    row.flatMap { $0.isCutShort(by: inputEnd) ? inputEnd : nil }
  }

  /// All of a file, each behind its parent. O(KPIs · log rows).
  static func all(_ asked: Asked, points: Int = 60) throws -> [KPIState] {
    let nodes = try asked.reader.kpiTree()
    let standings = try asked.reader.latestKPIs(points: points)
    let facts = try asked.facts()
    let inputEnd = try asked.reader.inputEnd()
    let byName = Dictionary(standings.map { ($0.kpi, $0) }) { first, _ in first }
    var depths: [String: Int] = [:]
    var states = nodes.map { node -> KPIState in
      let depth = node.parent.flatMap { depths[$0] }.map { $0 + 1 } ?? 0
      depths[node.kpi] = depth
      return KPIState(
        node: node, standing: byName[node.kpi], depth: depth,
        readsLevels: facts.readsLevels(node.formula), inputEnd: inputEnd)
    }
    // Rows of KPIs that the pipeline has no more are shown all the same.
    for standing in standings where depths[standing.kpi] == nil {
      let node = KPINode(
        kpi: standing.kpi, parent: nil, position: states.count, title: nil, layer: .operational,
        period: "", formula: "", unit: nil, owner: nil, target: nil, direction: .up)
      states.append(
        KPIState(node: node, standing: standing, depth: 0, inputEnd: inputEnd))
    }
    return states
  }

  /// The value of the whole period before; nil where it is not known.
  var previousTotal: Double? {
    guard let last = standing?.before.last, last.asOf == last.periodEnd else { return nil }
    return last.value
  }

  /// Whether the value is the same at any part of a period, as shares and ratios are: such is held
  /// against the target itself.
  var isLevel: Bool { unit == .share || readsLevels }

  /// Where the value should be by now, to come to the target in the end: the target's part that the
  /// last period had reached of its own end at the same part. Nil where that is not known, and
  /// where the last period did not grow from 0 towards an end of the target's sign.
  var expected: Double? {
    guard let target = node.target, let row = settled else { return nil }
    return row.asOf == row.periodEnd || isLevel ? target : part.map { target * $0 }
  }

  /// The part of its end that the last period had reached by now, above 0 and at most 1.
  private var part: Double? {
    guard !isLevel, let target = node.target, let previous = settled?.previous,
      let total = previousTotal, target != 0, (total < 0) == (target < 0)
    else { return nil }
    let part = previous / total
    return part > 0 && part <= 1 ? part : nil
  }

  /// Where the period ends if it goes on like the last one; nil where that has no meaning, and when
  /// the period is over.
  var forecast: Double? {
    guard let target = node.target, let row = settled, row.asOf < row.periodEnd, let part,
      row.value != 0, (row.value < 0) == (target < 0)
    else { return nil }
    let end = row.value / part
    return end.isFinite ? end : nil
  }

  /// Whether it is where it should be by now; nil where nobody says.
  var isOnPace: Bool? {
    guard let expected, let row = settled else { return nil }
    return node.direction == .up ? row.value >= expected : row.value <= expected
  }

  /// A bar towards the target, with a mark where it should be; nil without a target.
  func meter(_ words: Words) -> Meter? {
    guard let target = node.target, target > 0, let row else { return nil }
    let said = words.overview.ofTarget(
      ValueUnit.share.short(row.value / target), Numbers.described(target, unit, words))
    let mood: Meter.Mood = isOnPace.map { $0 ? .good : .bad } ?? .plain
    return Meter(
      share: row.value / target, mark: expected.map { $0 / target }, mood: mood, label: said)
  }

  /// The period so far, over the period before; nil without a row.
  func sparkline(_ words: Words) -> Sparkline? {
    guard let standing, !standing.current.isEmpty else { return nil }
    func points(_ rows: [KPIRow]) -> [Sparkline.Point] {
      rows.map { row in
        let length = Double(max(row.periodEnd.ms - row.periodStart.ms, 1))
        return Sparkline.Point(
          place: Double(row.asOf.ms - row.periodStart.ms) / length, value: row.value)
      }
    }
    return Sparkline(
      points: points(standing.current.filter { $0.status != .provisional }),
      behind: points(standing.before),
      label: words.overview.sparkline(title))
  }
}
