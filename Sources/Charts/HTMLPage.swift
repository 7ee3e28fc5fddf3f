/// A whole page in one text: no script, nothing from outside, light or dark as the reader has it.
///
/// Parts appear in the order in which they are added. All text is escaped. The same parts give the
/// same bytes.
public struct HTMLPage: Sendable {
  /// What a notice is about.
  public enum NoticeKind: String, Hashable, Sendable {
    /// Good to know.
    case note
    /// Something to look at.
    case warning
    /// Something is wrong.
    case problem
    /// Something is as it should be.
    case success
  }

  /// A number that matters, with its name.
  public struct KeyFigure: Hashable, Sendable {
    /// What it is.
    public var label: String
    /// The number as it is shown, with its unit.
    public var value: String
    /// Below it, e.g. what it was before; `""` for nothing.
    public var note: String

    /// Makes a key figure.
    public init(label: String, value: String, note: String = "") {
      self.label = label
      self.value = value
      self.note = note
    }
  }

  /// A piece of a paragraph.
  public enum Inline: Hashable, Sendable, ExpressibleByStringLiteral {
    case text(String)
    /// Names and commands.
    case code(String)
    case strong(String)

    /// A piece of plain text.
    public init(stringLiteral value: String) { self = .text(value) }

    var markup: String {
      switch self {
      case .text(let text): Markup.escaped(text)
      case .code(let text): "<code>\(Markup.escaped(text))</code>"
      case .strong(let text): "<strong>\(Markup.escaped(text))</strong>"
      }
    }
  }

  /// The page's name: of its window, and above everything.
  public let title: String
  /// Language of its text, as a BCP 47 tag.
  public let language: String
  private var body = ""
  private var charts = 0

  /// Begins a page.
  ///
  /// - Parameters:
  ///   - title: Its name.
  ///   - subtitle: Below the title; `""` for none.
  ///   - language: A BCP 47 tag, e.g. `en`.
  public init(title: String, subtitle: String = "", language: String = "en") {
    self.title = title
    self.language = language
    body = "<header>\n<h1>\(Markup.escaped(title))</h1>\n"
    if !subtitle.isEmpty { body += "<p class=\"subtitle\">\(Markup.escaped(subtitle))</p>\n" }
    body += "</header>\n"
  }

  /// Adds a heading of a section, or with `level` 3 or 4 one below it.
  public mutating func heading(_ text: String, level: Int = 2) {
    let name = "h\(min(max(level, 2), 4))"
    body += "<\(name)>\(Markup.escaped(text))</\(name)>\n"
  }

  /// Adds a paragraph.
  public mutating func paragraph(_ text: String) { paragraph([.text(text)]) }

  /// Adds a paragraph of pieces.
  public mutating func paragraph(_ pieces: [Inline]) {
    body += "<p>\(pieces.map(\.markup).joined())</p>\n"
  }

  /// Adds a list with a point for each text.
  public mutating func list(_ items: [[Inline]]) {
    if items.isEmpty { return }
    body += "<ul>\n"
    for item in items { body += "<li>\(item.map(\.markup).joined())</li>\n" }
    body += "</ul>\n"
  }

  /// Adds lines as they are: commands, files.
  public mutating func code(_ text: String) {
    body += "<pre tabindex=\"0\"><code>\(Markup.escaped(text))</code></pre>\n"
  }

  /// Adds something that the reader should not miss. Its kind is a word and a sign, not a colour
  /// alone.
  public mutating func notice(_ kind: NoticeKind, _ text: String) { notice(kind, [.text(text)]) }

  /// Adds a notice of pieces.
  public mutating func notice(_ kind: NoticeKind, _ pieces: [Inline]) {
    let (sign, word) =
      switch kind {
      case .note: ("ℹ", "Note")
      case .warning: ("⚠", "Warning")
      case .problem: ("✖", "Problem")
      case .success: ("✔", "Good")
      }
    body += "<p class=\"notice \(kind.rawValue)\" role=\"note\">"
    body += "<strong><span aria-hidden=\"true\">\(sign)\u{FE0E}</span> \(word).</strong> "
    body += "<span>\(pieces.map(\.markup).joined())</span></p>\n"
  }

  /// Adds numbers side by side.
  public mutating func keyFigures(_ figures: [KeyFigure]) {
    if figures.isEmpty { return }
    body += "<dl class=\"figures\">\n"
    for figure in figures {
      body += "<div><dt>\(Markup.escaped(figure.label))</dt>"
      body += "<dd class=\"value\">\(Markup.escaped(figure.value))</dd>"
      if !figure.note.isEmpty { body += "<dd class=\"note\">\(Markup.escaped(figure.note))</dd>" }
      body += "</div>\n"
    }
    body += "</dl>\n"
  }

  /// Adds a table; what is wider than the screen scrolls by itself.
  public mutating func table(_ table: HTMLTable) { body += table.markup }

  /// Adds a chart with a line of text below it; `""` for none.
  public mutating func figure(_ chart: some Chart, caption: String = "") {
    charts += 1
    body += "<figure>\n" + chart.responsiveSVG(id: "chart-\(charts)")
    if !caption.isEmpty { body += "<figcaption>\(Markup.escaped(caption))</figcaption>\n" }
    body += "</figure>\n"
  }

  /// Adds a part that is shown when its summary is clicked.
  public mutating func details(_ summary: String, _ add: (inout HTMLPage) -> Void) {
    body += "<details>\n<summary>\(Markup.escaped(summary))</summary>\n"
    add(&self)
    body += "</details>\n"
  }

  /// Adds a line at the end, apart from the rest: where the numbers come from.
  public mutating func footer(_ text: String) {
    body += "<footer>\(Markup.escaped(text))</footer>\n"
  }

  /// The page.
  public var text: String {
    """
    <!DOCTYPE html>
    <html lang="\(Markup.escaped(language))">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" \
    content="default-src 'none'; style-src 'unsafe-inline'">
    <title>\(Markup.escaped(title))</title>
    <style>
    \(ChartStyle.sheet)\(PageStyle.sheet)</style>
    </head>
    <body>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }
}
