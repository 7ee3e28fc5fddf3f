import StreamCore

/// A range of event time that people choose, counted back from the end of what there is.
enum RangePreset: String, CaseIterable, Sendable {
  case hour = "1h"
  case hours6 = "6h"
  case hours24 = "24h"
  case days7 = "7d"
  case days30 = "30d"
  case days90 = "90d"
  case all

  private static let hourMs: Int64 = 3_600_000

  /// Its length in milliseconds; nil: everything.
  var lengthMs: Int64? {
    switch self {
    case .hour: Self.hourMs
    case .hours6: 6 * Self.hourMs
    case .hours24: 24 * Self.hourMs
    case .days7: 7 * 24 * Self.hourMs
    case .days30: 30 * 24 * Self.hourMs
    case .days90: 90 * 24 * Self.hourMs
    case .all: nil
    }
  }

  /// What is shown of windows of this length unless somebody chooses: some dozens to hundreds.
  static func usual(windowMs: Int64) -> RangePreset {
    switch windowMs {
    case ..<(2 * 60_000): .hours6
    case ..<hourMs: .hours24
    case ..<(12 * hourMs): .days7
    case ..<(7 * 24 * hourMs): .days90
    default: .all
    }
  }
}

/// A range of event time as a page shows it.
struct TimeSpan: Sendable, Equatable {
  /// Windows that start at or after this; nil: from the first.
  var from: EventTime?
  /// Windows that start before this; nil: to the last.
  var to: EventTime?
  /// What was chosen; nil for times of a reader's own.
  var preset: RangePreset?

  /// Parameters of pages that show a range.
  static let parameters: [Parameter] = [
    .query("range", .choice(RangePreset.allCases.map(\.rawValue)), "How far back."),
    .from, .to,
  ]
  /// Their names.
  static let names = ["range", "from", "to"]

  /// The range that a request asks for.
  ///
  /// - Parameters:
  ///   - end: End of the last window that there is.
  ///   - usual: What is shown unless somebody chooses.
  init(_ asked: Asked, end: EventTime?, usual: RangePreset) {
    if asked.text("from") != nil || asked.text("to") != nil {
      (from, to, preset) = (asked.time("from"), asked.time("to"), nil)
      return
    }
    let preset = asked.text("range").flatMap(RangePreset.init) ?? usual
    self.preset = preset
    from = preset.lengthMs.flatMap { length in end.map { EventTime(ms: $0.ms - length) } }
  }

  /// Links to the usual ranges, and fields for one's own.
  func picker(
    _ asked: Asked, path: String, end: EventTime?, keeping: [String],
    presets: [RangePreset] = RangePreset.allCases
  ) -> HTML {
    let words = asked.words
    let links = presets.html { choice -> HTML in
      let link = asked.link(path, ["range": choice.rawValue], keeping: keeping)
      let mark: HTML = choice == preset ? " aria-current=\"true\"" : ""
      let text = choice == .all ? words.frame.all : choice.rawValue
      return "<a href=\"\(link)\"\(mark)>\(text)</a>"
    }
    let kept = keeping.html { name -> HTML in
      guard let value = asked.text(name) else { return .empty }
      return "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\">"
    }
    func field(_ time: EventTime?) -> String {
      time.map { ZoneTimes.field($0, asked.file.zone) } ?? ""
    }
    let open: HTML = preset == nil ? " open" : ""
    return """
      <div class="range"><nav class="tabs" aria-label="\(words.results.range)">\(links)</nav>
      <details\(open)><summary>\(words.results.ownRange)</summary>
      <form class="filter" method="get" action="\(path)">\(kept)
      <label>\(words.frame.from) <input type="datetime-local" name="from" value="\(field(from))">\
      </label>
      <label>\(words.frame.to) <input type="datetime-local" name="to" value="\(field(to ?? end))">\
      </label>
      <button>\(words.frame.show)</button></form></details></div>
      """
  }

  /// The same clock time some calendar days earlier.
  static func shifted(_ time: EventTime, days: Int64, _ zone: Zone) -> EventTime {
    let local = time.ms + zone.offsetMs(at: time) + days * 86_400_000
    let guess = EventTime(ms: local - zone.offsetMs(at: time))
    return EventTime(ms: local - zone.offsetMs(at: guess))
  }
}
