/// A grid of shares or amounts, darker where they are greater: the triangle of a retention.
///
/// Cells that are not finished are hatched.
public struct HeatMap: Chart {
  /// One field.
  public struct Cell: Hashable, Sendable {
    /// Nil or no number: nothing is there yet.
    public var value: Double?
    /// Whether it may still change.
    public var isUnfinished: Bool

    /// Makes a cell.
    public init(_ value: Double?, isUnfinished: Bool = false) {
      self.value = value
      self.isUnfinished = isUnfinished
    }
  }

  /// One line of cells.
  public struct Row: Hashable, Sendable {
    /// What it is, e.g. a cohort.
    public var name: String
    /// Beside the name, e.g. how many users it has; `""` for nothing.
    public var note: String
    /// From left to right; rows may end early.
    public var cells: [Cell]

    /// Makes a row.
    public init(name: String, note: String = "", cells: [Cell]) {
      self.name = name
      self.note = note
      self.cells = cells
    }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// What the numbers are.
  public var unit: ValueUnit
  /// Names of the columns, from left to right.
  public var columns: [String]
  /// What the columns are, e.g. `weeks since the first order`; `""` for nothing.
  public var columnsTitle: String
  /// From top to bottom.
  public var rows: [Row]
  /// The value with the darkest ground; nil: the greatest there is.
  public var darkest: Double?
  /// The language of its fixed words.
  public var words = ChartWords.english

  /// Makes a grid.
  public init(
    title: String, unit: ValueUnit, columns: [String], columnsTitle: String = "", rows: [Row],
    darkest: Double? = nil
  ) {
    self.title = title
    self.unit = unit
    self.columns = columns
    self.columnsTitle = columnsTitle
    self.rows = rows
    self.darkest = darkest
  }

  /// What is seen on it, in words.
  public var summary: String {
    let values = rows.flatMap { $0.cells.compactMap(Self.usable) }
    guard let least = values.min(), let greatest = values.max() else { return words.noDataSentence }
    let unfinished = rows.reduce(0) { $0 + $1.cells.count { $0.isUnfinished && $0.value != nil } }
    let open = unfinished > 0 ? words.unfinished(unfinished) : ""
    return words.grid(
      rows: rows.count, columns: columns.count, from: unit.described(least, words),
      to: unit.described(greatest, words)) + open
  }

  private static func usable(_ cell: Cell) -> Double? {
    cell.value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
  }

  private static let levels = 7
  private static let rowHeight = 26.0

  /// The shade of a value: 0 for nothing, 1 … 7 evenly up to the darkest.
  static func level(_ value: Double, darkest: Double) -> Int {
    guard value > 0, darkest > 0 else { return 0 }
    return min(levels, max(1, Int((value / darkest * Double(levels)).rounded(.up))))
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let lines = Titles.lines(title, width: width)
    Titles.paint(lines, on: &svg)
    var y = Double(lines.count) * Titles.pitch + 8
    let count = max(columns.count, rows.map(\.cells.count).max() ?? 0)
    guard count > 0, !rows.isEmpty else {
      svg.label(words.noData, x: 0, y: y + 16, "muted")
      return Drawing(body: svg.text, height: y + 26)
    }
    let known = rows.flatMap { $0.cells.compactMap(Self.usable) }
    let darkest = darkest ?? known.max() ?? 0
    var columnsLayout = layout(count: count, width: width, hasNotes: true)
    var lettering = lettering(known, cellWidth: columnsLayout.cellWidth)
    if lettering == nil {
      // Numbers in the cells are worth more than those beside the names.
      let other = layout(count: count, width: width, hasNotes: false)
      lettering = self.lettering(known, cellWidth: other.cellWidth)
      if lettering != nil { columnsLayout = other }
    }
    let (names, notes, left, cellWidth) = columnsLayout
    paintColumns(
      &svg, left: left, cellWidth: cellWidth, width: width, lettering: lettering, y: &y)
    paintStripes(&svg, id: id)
    for row in rows {
      svg.label(
        TextWidth.cut(row.name, to: names, size: 14), x: 0, y: y + Self.rowHeight / 2 + 4, "name",
        title: row.name)
      if !row.note.isEmpty, notes > 0 {
        svg.label(
          TextWidth.cut(row.note, to: notes), x: left - 10, y: y + Self.rowHeight / 2 + 4,
          "muted end", title: row.note)
      }
      for (index, cell) in row.cells.enumerated() {
        guard let value = Self.usable(cell) else { continue }
        let x = left + Double(index) * cellWidth
        let level = Self.level(value, darkest: darkest)
        let column = index < columns.count ? columns[index] : "\(index)"
        let state = cell.isUnfinished ? words.bracketed(words.notFinished) : ""
        svg.rectangle(
          x: x, y: y, width: cellWidth, height: Self.rowHeight, "cell h\(level)",
          title: "\(row.name), \(column): \(unit.described(value, words))\(state)")
        if cell.isUnfinished {
          svg.rectangle(
            x: x + 0.5, y: y + 0.5, width: cellWidth - 1, height: Self.rowHeight - 1, "unfinished",
            fill: "url(#\(id)-stripes)")
        }
        guard let lettering else { continue }
        svg.label(
          text(value, lettering), x: x + cellWidth / 2, y: y + Self.rowHeight / 2 + 4,
          "cell-text middle z\(Int(lettering.size))" + (level >= 5 ? " on-dark" : ""))
      }
      y += Self.rowHeight
    }
    return Drawing(body: svg.text, height: y + 4)
  }

  /// Widths of names, notes and cells, and where cells begin.
  private func layout(
    count: Int, width: Double, hasNotes: Bool
  ) -> (names: Double, notes: Double, left: Double, cellWidth: Double) {
    let names = min(rows.map { TextWidth.of($0.name, size: 14) }.max() ?? 0, width * 0.28)
    let wanted = hasNotes ? rows.map { TextWidth.of($0.note) }.max() ?? 0 : 0
    let notes = min(wanted, width * 0.16)
    let left = (names + notes + (notes > 0 ? 20 : 10)).rounded(.up)
    // Few columns stay near each other.
    return (names, notes, left, min((width - left) / Double(count), 88))
  }

  /// How numbers are written in cells.
  private struct Lettering {
    var size: Double
    /// In whole per cent, without the sign.
    var isBare = false
  }

  /// One way for all cells; nil when there is no room.
  private func lettering(_ values: [Double], cellWidth: Double) -> Lettering? {
    let ways =
      [12.0, 11, 10, 9].map { Lettering(size: $0) }
      + (unit == .share ? [11.0, 10, 9].map { Lettering(size: $0, isBare: true) } : [])
    return ways.first { way in
      values.allSatisfy { TextWidth.of(text($0, way), size: way.size) <= cellWidth - 2 }
    }
  }

  private func text(_ value: Double, _ lettering: Lettering) -> String {
    lettering.isBare ? ShortNumber.fixed(value * 100, 0) : unit.compact(value, words)
  }

  private func paintColumns(
    _ svg: inout SVGWriter, left: Double, cellWidth: Double, width: Double, lettering: Lettering?,
    y: inout Double
  ) {
    let hasUnfinished = rows.contains { $0.cells.contains { $0.isUnfinished && $0.value != nil } }
    let parts = [
      columnsTitle, lettering?.isBare == true ? words.inPercent : "",
      hasUnfinished ? words.hatched : "",
    ]
    let text = parts.filter { !$0.isEmpty }.joined(separator: " · ")
    if !text.isEmpty {
      // Above the grid, or from the left where it is long.
      let x = left + TextWidth.of(text) <= width ? left : 0
      for line in TextWidth.wrapped(text, width: width - x, size: 12, lines: 2) {
        svg.label(line, x: x, y: y + 10, "muted")
        y += 17
      }
    }
    // Every column has a name, or every second, fifth, tenth …
    let room = (columns.map { TextWidth.of($0) }.max() ?? 0) + 4
    let every = [1, 2, 5, 10, 20, 50, 100, 200].first { Double($0) * cellWidth >= room } ?? 500
    for (index, column) in columns.enumerated() where index % every == 0 {
      let middle = left + (Double(index) + 0.5) * cellWidth
      let half = TextWidth.of(column) / 2
      let x = max(half, min(middle, width - half))
      svg.label(TextWidth.cut(column, to: width), x: x, y: y + 12, "tick middle")
    }
    y += 19
  }

  private func paintStripes(_ svg: inout SVGWriter, id: String) {
    svg.open(
      "pattern",
      [
        "id": "\(id)-stripes", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse",
        "patternTransform": "rotate(45)",
      ])
    svg.line(x1: 0, y1: 0, x2: 0, y2: 6, "stripes")
    svg.close("pattern")
  }
}
