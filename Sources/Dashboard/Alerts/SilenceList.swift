import SnapshotStore
import StreamCore

/// Silences, and the form that makes one.
struct SilenceList {
  let asked: Asked
  let rules: [RuleRow]

  private static let rowsMax = 200

  var html: HTML {
    get throws {
      let words = asked.words.alerts
      let rows = try asked.reader.silencePage(limit: Self.rowsMax).rows
      let none: HTML = "<p class=\"muted\">\(words.noSilences)</p>"
      let csv = "\(APIPath.prefix)/silences?format=csv"
      return """
        <p class="muted">\(words.silenceHelp)</p>
        <section id="silences" data-live>\(rows.isEmpty ? none : Self.table(rows, asked))
        </section>
        \(form)
        <p><a href="\(csv)">\(asked.words.frame.csv)</a></p>
        \(HTML.commands(
          words.commands,
          ["weir alerts silence \(asked.commandNames.file) RULE --for 4h --by NAME --note TEXT"]))
        """
    }
  }

  private var form: HTML {
    let words = asked.words.alerts
    guard !rules.isEmpty else { return .empty }
    return "<h2>\(words.silence)</h2>"
      + PageFrame.changeForm(
        asked, action: "/silences",
        """
        \(HTML.select(
          "rule", label: words.rule, rules.map { ($0.rule, $0.rule) },
          chosen: asked.text("rule")))\
        <label>\(words.series) <input name="dimensions" maxlength="2048" size="26" \
        placeholder="{&quot;platform&quot;:&quot;ios&quot;}"></label>\
        \(HTML.select("hours", label: words.forHours, words.hours, chosen: "4"))\
        <label>\(words.note) <input name="note" maxlength="2000" size="28"></label>\
        <button>\(words.silence)</button>
        """)
  }

  /// Silences as rows, with a button for those that go on.
  static func table(_ rows: [Silence], _ asked: Asked) -> HTML {
    let words = asked.words.alerts
    let zone = asked.file.zone
    var table = PageTable(
      words.silences,
      [
        .init(words.rule), .init(words.series), .init(words.from, .time), .init(words.until, .time),
        .init(words.by), .init(words.note, .long), .init(words.state),
      ])
    for row in rows {
      let end = row.ended ?? row.until
      let holds = row.holds(at: asked.now)
      let button: HTML =
        holds && asked.visitor.mayWrite
        ? " "
          + PageFrame.changeForm(
            asked, action: "/silences/\(row.id)/end",
            "<button class=\"quiet\">\(words.endSilence)</button>") : .empty
      let state: HTML =
        holds ? HTML.tag(words.goesOn, "warning") + button : .tag(words.names["past"] ?? "")
      let dimensions = asked.dimensionsText(row.dimensions)
      table.add([
        .text(row.rule),
        .text(dimensions.isEmpty ? words.wholeRule : dimensions),
        .text(ZoneTimes.second(row.from, zone)),
        .text(end.map { ZoneTimes.second($0, zone) } ?? words.untilEnded), .text(row.createdBy),
        .text(row.note), state,
      ])
    }
    return table.html
  }
}
