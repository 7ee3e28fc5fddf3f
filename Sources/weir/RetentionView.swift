import SnapshotStore
import StreamCore

/// Shows triangles of retention.
struct RetentionView {
  /// What stands in the cells.
  enum Content { case percent, counts, amounts }

  let content: Content
  let isStyled: Bool
  /// Columns of periods to show.
  let periodsMax: Int

  /// One triangle: cohorts below each other, periods beside each other.
  func table(_ triangle: RetentionTriangle) -> String {
    let periods = Array(firstPeriod...max(firstPeriod, min(triangle.lastPeriod, periodsMax)))
    let shown = triangle.cohorts.map { cohort in
      periods.map { cohort.cells.indices.contains($0) ? cohort.cells[$0] : nil }
    }
    let hasOpen = triangle.cohorts.contains { $0.cells.contains(where: \.isProvisional) }
    let values = zip(triangle.cohorts, shown).flatMap { cohort, cells in
      cells.map { $0.flatMap { measure($0, of: cohort) } ?? 0 }
    }
    let shades = Shades(isStyled: isStyled, greatest: values.max() ?? 0)
    var table = TextTable(
      [("cohort", .left), ("users", .right)]
        + periods.map { ("\($0)" + (hasOpen ? " " : ""), .right) })
    for (cohort, cells) in zip(triangle.cohorts, shown) {
      let users = cohort.users.map(Terminal.grouped) ?? "?"
      let isOpen = cohort.cells.first?.isProvisional ?? false
      let texts = cells.map { cell in
        cell.map { text($0, of: cohort, shades, hasOpen: hasOpen) } ?? ""
      }
      let styles = cells.map { cell in
        cell.flatMap { measure($0, of: cohort) }.flatMap(shades.style)
      }
      table.add(
        [cohort.cohort, users + (hasOpen ? (isOpen ? "*" : " ") : "")] + texts,
        styles: [nil, nil] + styles)
    }
    var notes: [String] = []
    if let legend = shades.legend(figure) { notes.append(legend) }
    if hasOpen { notes.append("* can still change") }
    return table.text() + (notes.isEmpty ? "" : notes.joined(separator: "; ") + "\n")
  }

  /// Users are a column of their own, so period 0 says nothing new but for amounts.
  private var firstPeriod: Int { content == .amounts ? 0 : 1 }

  /// What a cell is shaded by.
  private func measure(_ cell: RetentionTriangle.Cell, of cohort: RetentionTriangle.Cohort)
    -> Double?
  {
    content == .amounts ? cell.perHead : cohort.share(cell)
  }

  private func text(
    _ cell: RetentionTriangle.Cell, of cohort: RetentionTriangle.Cohort, _ shades: Shades,
    hasOpen: Bool
  ) -> String {
    let measure = measure(cell, of: cohort)
    let said = content == .counts ? Terminal.grouped(cell.users) : measure.map(figure) ?? "?"
    let padding = String(repeating: " ", count: max(0, 4 - said.count))
    return shades.mark(measure ?? 0) + padding + said
      + (hasOpen ? (cell.isProvisional ? "*" : " ") : "")
  }

  private func figure(_ measure: Double) -> String {
    content == .amounts ? Figures.amount(measure) : Figures.shortPercent(measure)
  }
}

/// One cell of a retention table, as `--json` prints it.
struct RetentionLine: Encodable {
  var retention: String
  var cohort: String
  var period: Int
  var dimensions: DimensionValues
  var users: Int64
  var share: Double?
  var amount: Double?
  var amountExact: String?
  var amountPerHead: Double?
  var status: String

  /// Every cell that exists, cohort by cohort.
  static func lines(_ triangle: RetentionTriangle, periodsMax: Int) -> [RetentionLine] {
    triangle.cohorts.flatMap { cohort in
      cohort.cells.prefix(periodsMax + 1).enumerated().map { period, cell in
        RetentionLine(
          retention: triangle.retention, cohort: cohort.cohort, period: period,
          dimensions: triangle.dimensions, users: cell.users, share: cohort.share(cell),
          amount: cell.amount?.doubleValue, amountExact: cell.amount?.description,
          amountPerHead: cell.perHead,
          status: (cell.isProvisional ? ResultStatus.provisional : .final).rawValue)
      }
    }
  }

  static func csv(_ lines: [RetentionLine]) -> String {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return CSVText.text(
      header: [
        "retention", "cohort", "period", "dimensions", "users", "share", "amount",
        "amount_per_head", "status",
      ],
      lines.map {
        [
          $0.retention, $0.cohort, "\($0.period)", Dimensions.json($0.dimensions), "\($0.users)",
          text($0.share), text($0.amountExact), text($0.amountPerHead), $0.status,
        ]
      })
  }
}
