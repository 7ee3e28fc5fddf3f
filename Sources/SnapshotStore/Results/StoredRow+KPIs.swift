import GRDB
import StreamCore

extension KPIRow: StoredRow {
  static let table = ResultTable.kpis

  var stage: String { kpi }
  var windowStart: EventTime { periodStart }
  var windowEnd: EventTime { asOf }
  var agingEnd: EventTime { periodEnd }
  var place: String { "of the period that ends at \(periodEnd.ms)" }
  var said: String {
    "value \(value), previous \(previous.map { "\($0)" } ?? "null"), moved by "
      + "\(movedBy ?? "null"), \(moved.map { "\($0)" } ?? "null")"
  }
  var isSane: Bool {
    asOf <= periodEnd && ![value, previous ?? 0, moved ?? 0].contains(where: \.isNaN)
      && (moved == nil || movedBy != nil)
  }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(kpi)
    sink.put(periodStart)
    sink.put(asOf)
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(periodEnd)
    sink.put(value)
    sink.put(optional: previous)
    sink.put(optional: movedBy)
    sink.put(optional: moved)
    sink.put(approximate)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      kpi: row.text(0), periodStart: EventTime(ms: row.int(1)),
      periodEnd: EventTime(ms: row.int(3)), asOf: EventTime(ms: row.int(2)), value: row.double(4),
      previous: row.optionalDouble(5), movedBy: row.optionalText(6), moved: row.optionalDouble(7),
      approximate: row.bool(8), status: ResultStatus(stored: row.text(9)))
  }
}

extension KPINode {
  /// Puts `nodes` in place of those that are stored. O(nodes).
  static func replace(with nodes: [KPINode], _ db: Database) throws {
    try db.execute(sql: "DELETE FROM kpi_tree")
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO kpi_tree (kpi, parent, position, title, layer, period, formula, unit, owner,
        target, direction) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    for node in nodes {
      var binder = ColumnBinder(insert)
      binder.put(node.kpi)
      binder.put(optional: node.parent)
      binder.put(Int64(node.position))
      binder.put(optional: node.title)
      binder.put(node.layer.rawValue)
      binder.put(node.period)
      binder.put(node.formula)
      binder.put(optional: node.unit)
      binder.put(optional: node.owner)
      binder.put(optional: node.target)
      binder.put(node.direction.rawValue)
      try insert.execute()
    }
  }

  /// The table `kpi_tree`, by position and name.
  static func all(_ db: Database) throws -> [KPINode] {
    try Filter().rows(
      db,
      """
      SELECT kpi, parent, position, title, layer, period, formula, unit, owner, target, direction
      FROM kpi_tree
      """, "ORDER BY position, kpi"
    ) {
      KPINode(
        kpi: $0.text(0), parent: $0.optionalText(1), position: Int($0.int(2)),
        title: $0.optionalText(3), layer: KPILayer(rawValue: $0.text(4)) ?? .process,
        period: $0.text(5), formula: $0.text(6), unit: $0.optionalText(7),
        owner: $0.optionalText(8), target: $0.optionalDouble(9),
        direction: KPIDirection(rawValue: $0.text(10)) ?? .up)
    }
  }
}
