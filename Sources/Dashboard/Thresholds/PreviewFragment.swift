import Charts
import StreamCore

/// The part of a threshold's page that shows what other values would have done.
struct PreviewFragment {
  let preview: ThresholdPreview
  let asked: Asked

  /// Series that are drawn.
  static let seriesMax = 4
  /// Alerts of each list.
  static let alertsMax = 20

  private var words: ThresholdsWords { asked.words.thresholds }
  private var zone: Zone { asked.file.zone }

  /// Makes the fragment, or says why there is none.
  static func make(_ wish: PreviewWish, _ rule: RuleRow, _ asked: Asked) throws -> HTML {
    do {
      return PreviewFragment(preview: try ThresholdPreview(wish, rule, asked), asked: asked).html
    } catch let missing as ThresholdPreview.Missing {
      let text = asked.words.thresholds.missing[missing.rawValue] ?? ""
      guard missing == .risk || missing == .noPipeline || missing == .tooMuch else {
        return "<p class=\"notice\">\(text)</p>"
      }
      let values = rule.thresholds.map { ($0, wish.values[$0.name] ?? $0.standard) }
      let command = BacktestCommandText.of(rule.rule, values, range: nil, asked)
      return """
        <p class="notice">\(text)</p><pre tabindex="0"><code>\(command)</code></pre>\
        \(asked.pipelineNote)
        """
    }
  }

  private var html: HTML {
    """
    \(figures)
    <p class="notice warning"><strong>\(words.approximate)</strong> \(reach) \
    \(words.why)\(check)</p>
    <p class="muted">\(judging)</p>
    \(asked.figure(chart, id: "preview-chart", caption: caption))
    \(changes)
    <p>\(words.exact)\(scopeNote)</p>
    <pre tabindex="0"><code>\(command)</code></pre>\(asked.pipelineNote)
    """
  }

  private var figures: HTML {
    let (then, tried) = (preview.stored, preview.tried)
    let change = tried.firings.count - then.firings.count
    let sign: String =
      change == 0 ? "±0" : change > 0 ? "+\(change)" : "−\(change.magnitude)"
    return .figures([
      (
        words.alertsThen, .text(PageText.count(Int64(then.firings.count))),
        .text(told(then))
      ),
      (
        words.alertsTried,
        "\(PageText.count(Int64(tried.firings.count))) <small class=\"muted\">\(sign)</small>",
        .text(told(tried))
      ),
    ])
  }

  /// How long, and what went on before.
  private func told(_ outcome: ThresholdPreview.Outcome) -> String {
    let text = words.firingFor(PageText.duration(outcome.totalMs, asked.words))
    return outcome.before.isEmpty ? text : text + " " + words.openBefore(outcome.before.count)
  }

  private var reach: String {
    let range = preview.source.range
    var text = words.judged(
      PageText.count(preview.source.windows), ZoneTimes.minute(range.lowerBound, zone),
      ZoneTimes.minute(range.upperBound, zone))
    switch preview.source.cut {
    case .windows: text += " " + words.cutWindows(PageText.count(PreviewSource.windowsMax))
    case .rows: text += " " + words.cutRows(PageText.count(Int64(PreviewSource.rowsMax)))
    case nil: break
    }
    return text
  }

  /// How the rule itself is treated: as the pipeline file has it, but for the values.
  private var judging: HTML {
    let alert = preview.source.trial.alert
    let personal = asked.personal
    let shown = asked.file.pipeline?.shown
    func code(_ expression: Expression) -> HTML {
      "<code>\(personal.maskedExpression(shown?.text(expression.text) ?? expression.text))</code>"
    }
    var parts: [HTML] = []
    switch alert.hold {
    case .windows(let count): parts.append(.text(words.firesAfter(count)))
    case .duration(let ms): parts.append(.text(words.firesFor(PageText.duration(ms, asked.words))))
    }
    parts.append(alert.clear.map { .text(words.endsBy) + code($0) } ?? .text(words.endsAtOnce))
    if alert.keepFiringForMs > 0 {
      parts.append(.text(words.goesOnFor(PageText.duration(alert.keepFiringForMs, asked.words))))
    }
    if alert.minSamples > 0 {
      parts.append(.text(words.minSamples(PageText.count(alert.minSamples))))
    }
    if !alert.active.isEmpty { parts.append(.text(words.activeAlone)) }
    let list = parts.enumerated().html { index, part in
      index == 0 ? part : .text(words.comma) + part
    }
    return .text(words.asInFile) + list + .text(words.stop)
  }

  private var check: String {
    let (again, stored) = (preview.again.firings.count, preview.stored.firings.count)
    return again == stored ? "" : " " + words.sameAgain(again, stored)
  }

  private var scopeNote: String {
    preview.wish.dimensions == "{}" ? "" : " " + words.exactScope
  }

  private var command: String {
    BacktestCommandText.of(
      preview.wish.rule, preview.values.map { ($0.threshold, $0.tried) },
      range: preview.source.range, asked)
  }

  // MARK: - Chart

  private var drawn: [AlertTrial.Series] {
    let fired = Set((preview.tried.all + preview.stored.all).map(\.dimensions))
    let all = preview.source.series
    let chosen =
      all.filter { fired.contains($0.dimensions) } + all.filter { !fired.contains($0.dimensions) }
    return Array(chosen.prefix(Self.seriesMax))
  }

  private var chart: TimeChart {
    let alert = preview.source.trial.alert
    let name = WatchedUnit.name(alert.watch)
    let series = drawn.map { series in
      let dimensions = asked.dimensionsText(series.dimensions)
      return TimeChart.Series(
        name: dimensions.isEmpty ? name : dimensions,
        points: series.points.map { .init(time: $0.window.upperBound, value: $0.value) })
    }
    var chart = TimeChart(
      title: name, unit: WatchedUnit.of(alert, asked), zone: zone, series: series,
      range: preview.source.range
        .lowerBound..<EventTime(
          ms: preview.source.range.upperBound.ms + 1))
    if preview.source.trial.comparesValues {
      for (threshold, tried, now) in preview.values {
        chart.thresholds.append(
          .init(label: "\(threshold.name) = \(JSON.text(tried))", value: tried))
        if now != tried {
          chart.thresholds.append(
            .init(label: words.nowLine("\(threshold.name) = \(JSON.text(now))"), value: now))
        }
      }
    }
    chart.spans =
      spans(preview.tried, words.laneTried) + spans(preview.stored, words.laneThen)
    return chart
  }

  private func spans(_ outcome: ThresholdPreview.Outcome, _ lane: String) -> [TimeChart.Span] {
    outcome.all.suffix(2_000).map {
      TimeChart.Span(
        kind: .alert, from: $0.opened, to: $0.resolved, label: asked.dimensionsText($0.dimensions),
        lane: lane)
    }
  }

  private var caption: String {
    var parts = [words.endOfWindow]
    if !preview.source.trial.comparesValues { parts.append(words.otherScale) }
    let count = preview.source.series.count
    if count > Self.seriesMax { parts.append(words.someSeries(Self.seriesMax, count)) }
    return parts.joined(separator: " ")
  }

  // MARK: - What changes

  private var changes: HTML {
    let added = ThresholdPreview.only(preview.tried, not: preview.stored)
    let removed = ThresholdPreview.only(preview.stored, not: preview.tried)
    return list(words.added, added) + list(words.removed, removed)
  }

  private func list(_ title: String, _ firings: [ThresholdPreview.Firing]) -> HTML {
    guard !firings.isEmpty else { return .empty }
    var table = PageTable(
      title, [.init(words.fired, .time), .init(words.ended, .time), .init(words.scope)])
    for firing in firings.suffix(Self.alertsMax).reversed() {
      let dimensions = asked.dimensionsText(firing.dimensions)
      table.add([
        .text(ZoneTimes.minute(firing.opened, zone)),
        .text(firing.resolved.map { ZoneTimes.minute($0, zone) } ?? words.goesOn),
        .text(dimensions.isEmpty ? words.everySeries : dimensions),
      ])
    }
    let rest = firings.count - Self.alertsMax
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.more(rest))</p>" : .empty
    return "<details><summary>\(title): \(firings.count)</summary>\(table.html)\(more)</details>"
  }
}
