import Charts
import SnapshotStore
import StreamCore

/// The tree of KPIs as a page shows it: each below its parent, with the same columns.
enum KPITreeView {
  /// The section; nothing in a pipeline without KPIs.
  static func section(_ asked: Asked, _ states: [KPIState]) -> HTML {
    guard !states.isEmpty else { return .empty }
    let words = asked.words.overview
    let rows = states.html { row(asked, $0) }
    return """
      <section id="kpis" data-live><h2>\(words.kpis)</h2>
      <div class="table kpis" tabindex="0" role="group" aria-label="\(words.kpis)">
      <table><thead><tr><th scope="col">\(words.kpi)</th>
      <th scope="col" class="number">\(words.soFar)</th>
      <th scope="col" class="number">\(words.samePart)</th>
      <th scope="col">\(words.target)</th>
      <th scope="col">\(words.curve)</th>
      <th scope="col">\(words.movedBy)</th></tr></thead>
      <tbody>\(rows)</tbody></table></div>
      <p class="muted note">\(words.paceNote) \
      <a href="/api/v1/kpis?format=csv">\(asked.words.frame.csv)</a></p></section>
      """
  }

  private static func row(_ asked: Asked, _ state: KPIState) -> HTML {
    let words = asked.words
    let own = words.overview
    let row = state.row
    let depth = HTML(markup: "d\(min(state.depth, 6))")
    let owner: HTML = state.node.owner.map { " <span class=\"muted\">\($0)</span>" } ?? .empty
    let layer = state.node.layer
    let tag: HTML =
      "<span class=\"tag layer \(HTML(markup: layer.rawValue))\">\(own.layer(layer))</span>"
    let change = Self.change(asked, state)
    let meter: HTML =
      state.meter(words).map { meter in
        "\(HTML(markup: meter.svg))<br><span class=\"muted small\">\(meter.label)</span>"
      } ?? "<span class=\"muted small\">\(aim(state, words))</span>"
    let curve = state.sparkline(words).map { HTML(markup: $0.svg) } ?? .empty
    let mark: HTML =
      row?.status == .provisional ? " class=\"number provisional\"" : " class=\"number\""
    return """
      <tr><th scope="row" class="\(depth)"><a href="\(link(state.node.kpi))" \
      title="\(state.node.formula)">\(state.title)</a> \(tag)\(owner)\
      <div class="muted small">\(period(asked, state))</div>\(cut(asked, state))</th>
      <td\(mark)><b>\(Numbers.value(row?.value, state.unit, words))</b></td>
      <td class="number">\(change)</td><td>\(meter)</td><td>\(curve)</td>
      <td>\(moved(asked, state))</td></tr>

      """
  }

  /// The newest settled part against the same one before; where the period has none yet, that of
  /// the period before it, with its name.
  private static func change(_ asked: Asked, _ state: KPIState) -> HTML {
    if state.cutShortAt != nil {
      return """
        <span class="muted">\(asked.words.frame.missing)</span>\
        <div class="muted small">\(asked.words.overview.notCompared)</div>
        """
    }
    let row = state.standing?.settled
    let change = Numbers.change(
      row?.value, from: row?.previous, state.unit, better: state.node.direction, asked.words)
    guard let row, row.previous != nil, state.settled == nil else { return change }
    let period = ZoneTimes.window(row.periodStart, row.periodEnd, asked.file.zone)
    return "\(change)<div class=\"muted small\">\(period)</div>"
  }

  /// Why the period is not all there; nothing where it is.
  static func cut(_ asked: Asked, _ state: KPIState) -> HTML {
    guard let end = state.cutShortAt else { return .empty }
    let time = ZoneTimes.minute(end, asked.file.zone)
    return "<div class=\"small cut-short\">\(asked.words.overview.inputEnded(time))</div>"
  }

  /// The target, in place of a bar.
  private static func aim(_ state: KPIState, _ words: Words) -> String {
    guard let target = state.node.target else { return words.overview.noTarget }
    return words.wall.noPace(Numbers.described(target, state.unit, words))
  }

  /// The KPI alone, large.
  private static func link(_ kpi: String) -> String {
    URLText.link("/wall", [("kpi", kpi)])
  }

  private static func period(_ asked: Asked, _ state: KPIState) -> String {
    guard let row = state.row else { return state.node.period }
    let start = ZoneTimes.window(row.periodStart, row.periodEnd, asked.file.zone)
    guard let settled = state.settled, settled.asOf < row.periodEnd else {
      return "\(state.node.period) · \(start)"
    }
    let time = ZoneTimes.minute(settled.asOf, asked.file.zone)
    // What the start has said already is left out: the day, or the year.
    let isSameDay = time.prefix(10) == start.prefix(10)
    if isSameDay, start.count > 10 {
      return "\(state.node.period) · \(start)–\(time.suffix(5))"
    }
    let isSameYear = time.prefix(5) == start.prefix(5)
    let until = isSameDay ? String(time.suffix(5)) : String(time.dropFirst(isSameYear ? 5 : 0))
    return "\(state.node.period) · \(start) · \(asked.words.overview.asOf(until))"
  }

  /// Who moved it: the child's name, with its link's target on the same page, and by how much.
  private static func moved(_ asked: Asked, _ state: KPIState) -> HTML {
    guard let row = state.settled, let child = row.movedBy else { return .empty }
    let words = asked.words.overview
    // Where there is no room for a table its heads are not there to say what this is.
    let name: HTML = "<span class=\"narrow-name muted\">\(words.movedBy) </span>"
    guard let moved = row.moved else { return "\(name)\(child)" }
    let text = Numbers.signed(moved, state.unit, asked.words)
    return "\(name)\(words.movedByHow(child, text))"
  }
}
