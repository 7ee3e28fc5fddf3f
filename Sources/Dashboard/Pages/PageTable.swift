/// Rows and columns of a page whose cells may hold links, marks and small forms.
struct PageTable {
  /// A column; numbers stand right, times on one line, long texts have room.
  struct Column {
    /// What its cells hold.
    enum Kind { case text, number, time, long }

    var title: String
    var kind: Kind

    init(_ title: String, isNumber: Bool = false) {
      self.title = title
      kind = isNumber ? .number : .text
    }

    init(_ title: String, _ kind: Kind) {
      self.title = title
      self.kind = kind
    }

    fileprivate var mark: HTML {
      switch kind {
      case .text: .empty
      case .number: " class=\"number\""
      case .time: " class=\"time\""
      case .long: " class=\"long\""
      }
    }
  }

  /// What it is, for readers of screens.
  var label: String
  var columns: [Column]
  private(set) var rows: [HTML] = []

  init(_ label: String, _ columns: [Column]) {
    self.label = label
    self.columns = columns
  }

  /// Adds a row; the first cell heads it.
  mutating func add(_ cells: [HTML], isHighlighted: Bool = false) {
    let cells = zip(columns, cells).enumerated().html { index, pair -> HTML in
      let kind = pair.0.mark
      return index == 0
        ? "<th scope=\"row\"\(kind)>\(pair.1)</th>" : "<td\(kind)>\(pair.1)</td>"
    }
    rows.append(
      isHighlighted ? "<tr class=\"highlighted\">\(cells)</tr>\n" : "<tr>\(cells)</tr>\n")
  }

  /// The table; nothing without rows.
  var html: HTML {
    guard !rows.isEmpty else { return .empty }
    let heads = columns.html { column -> HTML in
      "<th scope=\"col\"\(column.mark)>\(column.title)</th>"
    }
    return """
      <div class="table" tabindex="0" role="group" aria-label="\(label)">
      <table><thead><tr>\(heads)</tr></thead>
      <tbody>
      \(rows)</tbody></table></div>

      """
  }
}

extension HTML {
  /// Text.
  static func text(_ text: String) -> HTML { "\(text)" }

  /// A link.
  static func link(_ path: String, _ text: String) -> HTML { "<a href=\"\(path)\">\(text)</a>" }

  /// A small mark; `kind` is one of the stylesheet's.
  static func tag(_ text: String, _ kind: String = "") -> HTML {
    "<span class=\"tag \(kind)\">\(text)</span>"
  }

  /// Commands to type, in an element that opens.
  static func commands(_ title: String, _ lines: [String]) -> HTML {
    let text = lines.joined(separator: "\n")
    return "<details><summary>\(title)</summary><pre tabindex=\"0\"><code>\(text)</code></pre>"
      + "</details>"
  }

  /// Figures side by side: a name, a value, a note.
  static func figures(_ all: [(name: String, value: HTML, note: HTML)]) -> HTML {
    let items = all.html { item in
      """
      <div><dt>\(item.name)</dt><dd class="value">\(item.value)</dd>\
      <dd class="note">\(item.note)</dd></div>
      """
    }
    return "<dl class=\"figures\">\(items)</dl>"
  }

  /// The field of a form in which one of some values is chosen.
  static func select(
    _ name: String, label: String, _ options: [(value: String, text: String)], chosen: String?
  ) -> HTML {
    let options = options.html { option -> HTML in
      let mark: HTML = option.value == chosen ? " selected" : ""
      return "<option value=\"\(option.value)\"\(mark)>\(option.text)</option>"
    }
    return "<label>\(label) <select name=\"\(name)\">\(options)</select></label>"
  }
}
