import Charts
import StreamCore

/// What a metric computes, in words.
enum SeriesText {
  /// In one line: `sum of properties.total, every 1h`.
  static func line(_ facts: MetricFacts, _ words: Words) -> String {
    let own = words.series
    var parts: [String] = []
    if !facts.computes.isEmpty { parts.append(facts.computes) }
    if let of = facts.of { parts.append(own.of(of)) }
    if let condition = facts.condition { parts.append(own.where_(condition)) }
    if !facts.dimensions.isEmpty {
      parts.append(own.by(facts.dimensions.joined(separator: ", ")))
    }
    if let window = facts.window, window != facts.every { parts.append(own.windows(window)) }
    if let every = facts.every { parts.append(own.every(every)) }
    return parts.joined(separator: " · ")
  }

  /// Why rows do not add up, and what estimates are.
  static func notes(_ asked: Asked, _ data: MetricData, hasOpen: Bool) -> HTML {
    let words = asked.words.series
    var notes: [String] = []
    switch data.facts.kind {
    case .distinct, .lifecycle: notes.append(words.distinctNote)
    case .quantile: notes.append(words.quantileNote)
    case .single: notes.append(words.singleNote)
    case .formula: notes.append(words.formulaNote)
    case .additive, .unknown: break
    }
    if data.facts.overlaps { notes.append(words.overlapNote) }
    if data.isApproximate { notes.append(words.approximate) }
    return notes.html { "<p class=\"notice\">\($0)</p>" }
  }

  /// Everything that the pipeline says of it.
  static func definition(_ asked: Asked, _ facts: MetricFacts, _ all: StageFacts) -> HTML {
    let words = asked.words
    let own = words.series
    guard facts.kind != .unknown else { return .empty }
    var lines = [line(facts, words)]
    if let lateness = facts.latenessMs ?? all.latenessMs, facts.kind != .formula {
      lines.append(own.lateness(Numbers.duration(lateness, words)))
    }
    let items = lines.html { "<p><code>\($0)</code></p>" }
    return "<details><summary>\(own.whatItIs)</summary>\(items)</details>"
  }
}
