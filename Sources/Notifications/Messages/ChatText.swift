/// What people read of a notice: a title, and lines from the most to the least important.
struct ChatText {
  /// One line under the title.
  enum Line {
    case fact(label: String, value: String)
    case link(label: String, text: String, address: String)
    case heading(String)
    case item(String)
  }

  /// How much of one value is shown, in bytes.
  static let valueBytes = 300
  /// How much of a title, in bytes.
  static let titleBytes = 150

  var title: String
  var lines: [Line] = []
  private let phrases: Phrases

  init(_ notice: Notice, for destination: Destination) {
    let phrases = Phrases.of(destination.language)
    self.phrases = phrases
    var marks = [phrases.severity(notice.severity)]
    if notice.isProvisional { marks.append(phrases.provisional) }
    let qualified =
      phrases.event(notice.event) + phrases.open + marks.joined(separator: phrases.comma)
      + phrases.close
    title = PlainText.cut(
      PlainText.line(qualified + phrases.colon + (notice.summary ?? notice.rule)),
      to: Self.titleBytes)
    for line in notice.lines { lines.append(.item(line)) }
    let dimensions = PlainText.members(of: notice.dimensions)
    if !dimensions.isEmpty { fact(phrases.dimensions, dimensions) }
    if let value = notice.value { fact(phrases.value, PlainText.number(value)) }
    let thresholds = PlainText.members(of: notice.thresholds)
    if !thresholds.isEmpty { fact(phrases.thresholds, thresholds) }
    fact(
      notice.windowStartMs == notice.windowEndMs ? phrases.opened : phrases.window,
      TimeText.range(
        from: notice.windowStartMs, to: notice.windowEndMs, zone: destination.zone))
    fact(
      phrases.rule,
      notice.rule + phrases.open + phrases.kind(notice.kind) + phrases.close)
    fact(phrases.pipeline, notice.pipeline)
    if let owner = notice.owner { fact(phrases.owner, owner) }
    if let runbook = notice.runbook { add(runbook: runbook) }
    if !notice.explanation.isEmpty {
      lines.append(.heading(phrases.explanation))
      for line in notice.explanation { lines.append(.item(line)) }
    }
    fact(phrases.id, notice.id)
  }

  private mutating func fact(_ label: String, _ value: String) {
    lines.append(.fact(label: label, value: value))
  }

  private mutating func add(runbook: String) {
    if PlainText.isAddress(runbook), runbook.utf8.count <= 2 * Self.valueBytes {
      lines.append(.link(label: phrases.runbook, text: phrases.runbookLink, address: runbook))
    } else {
      fact(phrases.runbook, runbook)
    }
  }

  /// One line in `markup`, with `bullet` before what is listed.
  private func text(_ line: Line, _ markup: Markup, bullet: String) -> String {
    func shown(_ text: String) -> String {
      markup.escaped(PlainText.cut(text, to: Self.valueBytes))
    }
    switch line {
    case .fact(let label, let value):
      return markup.bold(label) + phrases.colon + shown(value)
    case .link(let label, let text, let address):
      return markup.bold(label) + phrases.colon + markup.link(text, to: address)
    case .heading(let label): return markup.bold(label)
    case .item(let text): return bullet + shown(text)
    }
  }

  /// As many of `first` and the lines, each behind `prefix`, as fit into `limit`; `…` stands for
  /// the rest. Whole lines alone, so that no markup is cut.
  func body(
    _ markup: Markup, first: [String] = [], prefix: String = "", bullet: String = "- ",
    limit: Int, by measure: PlainText.Measure = .utf8
  ) -> String {
    let all = first + lines.map { prefix + text($0, markup, bullet: bullet) }
    let more = "\n" + prefix + "…"
    var out = ""
    for (index, line) in all.enumerated() {
      let next = out + (index == 0 ? "" : "\n") + line
      let isLast = index == all.count - 1
      if measure.length(next) + (isLast ? 0 : measure.length(more)) > limit { return out + more }
      out = next
    }
    return out
  }

  /// All of it in one line without markup.
  func oneLine() -> String {
    let facts = lines.compactMap { line -> String? in
      switch line {
      case .fact(let label, let value):
        label + phrases.colon + PlainText.cut(PlainText.line(value), to: Self.valueBytes)
      case .item(let text): PlainText.cut(PlainText.line(text), to: Self.valueBytes)
      case .link, .heading: nil
      }
    }
    return ([title] + facts).joined(separator: " | ")
  }
}
