/// Rows and columns of a page.
public struct HTMLTable: Sendable {
  /// What a column holds.
  public enum Alignment: Hashable, Sendable {
    /// Left.
    case text
    /// Right, in digits of one width.
    case number
  }

  /// A column.
  public struct Column: Hashable, Sendable {
    /// Its heading.
    public var title: String
    /// How its cells stand.
    public var alignment: Alignment

    /// Makes a column.
    public init(_ title: String, _ alignment: Alignment = .text) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// One cell.
  public enum Cell: Hashable, Sendable, ExpressibleByStringLiteral {
    case text(String)
    /// Names, commands.
    case code(String)
    case strong(String)
    /// A small line, with its description for those who do not see it.
    case sparkline(Sparkline)

    /// A cell of plain text.
    public init(stringLiteral value: String) { self = .text(value) }

    var markup: String {
      switch self {
      case .text(let text): Markup.escaped(text)
      case .code(let text): "<code>\(Markup.escaped(text))</code>"
      case .strong(let text): "<strong>\(Markup.escaped(text))</strong>"
      case .sparkline(let line): line.svg
      }
    }
  }

  /// One row.
  public struct Row: Hashable, Sendable {
    /// From left to right; missing ones are empty, further ones are dropped.
    public var cells: [Cell]
    /// Whether it stands out, by weight and ground.
    public var isHighlighted: Bool

    /// Makes a row.
    public init(_ cells: [Cell], isHighlighted: Bool = false) {
      self.cells = cells
      self.isHighlighted = isHighlighted
    }
  }

  /// Above it; `""` for none.
  public var caption: String
  /// From left to right. The first heads its rows.
  public var columns: [Column]
  /// From top to bottom.
  public var rows: [Row]

  /// Makes a table.
  public init(caption: String = "", columns: [Column], rows: [Row] = []) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }

  /// Adds a row of texts.
  public mutating func add(_ cells: [String], isHighlighted: Bool = false) {
    rows.append(Row(cells.map { .text($0) }, isHighlighted: isHighlighted))
  }

  /// The table as HTML. O(cells).
  public var markup: String {
    var text = "<div class=\"table\" tabindex=\"0\" role=\"group\""
    text += " aria-label=\"\(Markup.escaped(caption.isEmpty ? "table" : caption))\">\n<table>\n"
    if !caption.isEmpty { text += "<caption>\(Markup.escaped(caption))</caption>\n" }
    text += "<thead><tr>"
    for column in columns {
      text += "<th scope=\"col\"\(Self.classes(column))>\(Markup.escaped(column.title))</th>"
    }
    text += "</tr></thead>\n<tbody>\n"
    for row in rows {
      text += row.isHighlighted ? "<tr class=\"highlighted\">" : "<tr>"
      for (index, column) in columns.enumerated() {
        let cell = index < row.cells.count ? row.cells[index].markup : ""
        let name = index == 0 ? "th" : "td"
        let scope = index == 0 ? " scope=\"row\"" : ""
        text += "<\(name)\(scope)\(Self.classes(column))>\(cell)</\(name)>"
      }
      text += "</tr>\n"
    }
    return text + "</tbody>\n</table>\n</div>\n"
  }

  private static func classes(_ column: Column) -> String {
    column.alignment == .number ? " class=\"number\"" : ""
  }
}
