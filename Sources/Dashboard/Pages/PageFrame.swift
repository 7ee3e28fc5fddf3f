import Charts
import SnapshotStore
import StreamCore

/// The pages that the navigation names, in its order.
enum PageName: String, CaseIterable, Sendable {
  case overview, metrics, conversion, retention, alerts, thresholds, data, wall

  /// Its path.
  var path: String {
    switch self {
    case .overview: "/"
    // `/metrics` is where Prometheus looks.
    case .metrics: "/series"
    default: "/\(rawValue)"
    }
  }

  /// What it is called.
  func title(_ words: FrameWords) -> String {
    switch self {
    case .overview: words.overview
    case .metrics: words.metrics
    case .conversion: words.conversion
    case .retention: words.retention
    case .alerts: words.alerts
    case .thresholds: words.thresholds
    case .data: words.data
    case .wall: words.wall
    }
  }
}

/// What all pages have around their content.
enum PageFrame {
  /// A whole page.
  ///
  /// Elements with an id and the attribute `data-live` are replaced by those of the page's next
  /// version when something is committed.
  ///
  /// - Parameters:
  ///   - current: The entry of the navigation that it belongs to.
  ///   - title: The heading, and the tab's name.
  static func answer(
    _ asked: Asked, _ current: PageName?, title: String, subtitle: HTML = .empty, body: HTML
  ) -> Answer {
    let words = asked.words.frame
    return .html(
      """
      <!DOCTYPE html>
      <html lang="\(asked.language.tag)">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title) · \(asked.file.name) · Weir</title>
      <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
      <link rel="stylesheet" href="\(Assets.style.path)">
      <script src="\(Assets.script.path)" defer></script>
      </head>
      <body data-live-lost="\(words.notLive)" data-live-on="\(words.live)"\(page(asked))>
      <a class="skip" href="#content">\(words.skip)</a>
      \(bar(asked, current))
      <main id="content">
      <header class="page-head"><h1>\(title)</h1>\(subtitle)</header>
      \(body)
      </main>
      \(footer(asked))
      </body>
      </html>

      """)
  }

  /// Where the page is, if not at the address that was asked for.
  private static func page(_ asked: Asked) -> HTML {
    asked.pageTarget.map { " data-page=\"\($0)\"" } ?? .empty
  }

  private static func bar(_ asked: Asked, _ current: PageName?) -> HTML {
    let words = asked.words.frame
    let links = PageName.allCases.html { page -> HTML in
      let mark: HTML = page == current ? " aria-current=\"page\"" : ""
      return "<a href=\"\(page.path)\"\(mark)>\(page.title(words))</a>"
    }
    return """
      <div class="bar">
      <a class="brand" href="/">\(asked.file.name)</a>
      <nav aria-label="Weir">\(links)</nav>
      <div class="bar-end"><span id="live-sign" class="live-sign" role="status"></span>\
      \(languages(asked))\(account(asked))</div>
      </div>
      """
  }

  private static func languages(_ asked: Asked) -> HTML {
    Language.allCases.filter { $0 != asked.language }.html { other in
      let link = URLText.link("/language", [("lang", other.rawValue), ("back", asked.page)])
      return
        "<a href=\"\(link)\" lang=\"\(other.tag)\" hreflang=\"\(other.tag)\">\(other.ownName)</a>"
    }
  }

  private static func account(_ asked: Asked) -> HTML {
    let words = asked.words.frame
    if asked.console.setup.tokens.isEmpty { return .empty }
    guard let name = asked.visitor.name, asked.visitor.formKey != nil else {
      let link = URLText.link("/sign-in", [("back", asked.page)])
      return "<a href=\"\(link)\">\(words.signIn)</a>"
    }
    return """
      <form class="inline" method="post" action="/sign-out">\(formKey(asked))\
      <span class="muted">\(words.signedInAs(name))</span> \
      <button class="quiet">\(words.signOut)</button></form>
      """
  }

  private static func footer(_ asked: Asked) -> HTML {
    let words = asked.words.frame
    var parts: [HTML] = []
    if let snapshot = try? asked.reader.snapshots(limit: 1).first {
      let time = ZoneTimes.second(snapshot.taken, asked.file.zone)
      parts.append("<span id=\"footer-time\" data-live>\(words.asOf) \(time)</span>")
    }
    if asked.console.setup.live == nil { parts.append("<span>\(words.fileOnly)</span>") }
    parts.append("<a href=\"/api/v1/openapi.json\">API</a>")
    parts.append("<a href=\"/metrics\">/metrics</a>")
    return "<footer class=\"foot\">\(parts.html { "\($0) " })</footer>"
  }

  /// The hidden field that every form of a page needs: that of the reader's session.
  static func formKey(_ asked: Asked) -> HTML {
    guard let key = asked.visitor.formKey else { return .empty }
    return "<input type=\"hidden\" name=\"form_key\" value=\"\(key)\">"
  }

  /// A form that changes something, for those who may; for others, what they need.
  static func changeForm(_ asked: Asked, action: String, _ fields: HTML) -> HTML {
    let words = asked.words.frame
    guard asked.visitor.name != nil else {
      let link = URLText.link("/sign-in", [("back", asked.page)])
      return "<p class=\"muted\"><a href=\"\(link)\">\(words.signInToChange)</a></p>"
    }
    guard asked.visitor.mayWrite else { return "<p class=\"muted\">\(words.mayNotWrite)</p>" }
    return """
      <form class="change" method="post" action="\(action)">\(formKey(asked))\
      <input type="hidden" name="back" value="\(asked.page)">\(fields)</form>
      """
  }

  /// A chart with text below it.
  static func figure(_ chart: some Chart, id: String, caption: String = "") -> HTML {
    let text: HTML = caption.isEmpty ? .empty : "<figcaption>\(caption)</figcaption>"
    return "<figure>\(HTML(markup: chart.responsiveSVG(id: id)))\(text)</figure>"
  }

  /// A table, which scrolls by itself where it is wider than the screen.
  static func table(_ table: HTMLTable) -> HTML { HTML(markup: table.markup) }
}

/// The page of a problem.
enum ProblemPage {
  static func make(_ problem: Problem, _ console: Console, _ language: Language) -> HTML {
    let words = language.words.frame
    return """
      <!DOCTYPE html>
      <html lang="\(language.tag)">
      <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(words.problem) · \(console.file.name)</title>
      <link rel="stylesheet" href="\(Assets.style.path)"></head>
      <body><main>
      <header class="page-head"><h1>\(words.problem) \(problem.status.code)</h1></header>
      <p class="notice problem">\(language.words.problems.problem(problem, console.file.zone))</p>
      <p><a href="/">\(words.overview)</a></p></main></body></html>

      """
  }
}
