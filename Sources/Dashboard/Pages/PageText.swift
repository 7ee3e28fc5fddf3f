import Charts
import SnapshotStore
import StreamCore

/// Values as pages write them.
enum PageText {
  /// `platform = ios, channel = web`; nothing without dimensions.
  static func dimensions(_ json: String) -> String {
    Dimensions.read(json).sorted { $0.key < $1.key }
      .map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
  }

  /// `above = 0.2, below = 3`: the members of a JSON object of numbers.
  static func values(_ json: String, _ words: Words) -> String {
    Dimensions.read(json).sorted { $0.key < $1.key }.map { name, value in
      if case .double(let number) = value {
        return "\(name) = \(words.results.short(.number(""), number))"
      }
      return "\(name) = \(value)"
    }.joined(separator: ", ")
  }

  /// A length of time: `1h 5m`.
  static func duration(_ ms: Int64, _ words: Words) -> String {
    words.results.short(.durationMs, Double(ms))
  }

  /// Whole numbers with commas, others in few digits.
  static func number(_ value: Double?, _ words: Words) -> String {
    guard let value, value.isFinite else { return words.frame.missing }
    if let whole = Int64(exactly: value), whole.magnitude < 1_000_000_000_000 {
      return count(whole)
    }
    return words.results.short(.number(""), value)
  }

  /// A whole number with commas between thousands.
  static func count(_ value: Int64) -> String { ValueUnit.count("").full(Double(value)) }
}

/// What the numbers are that a rule watches, and how a chart of them is made.
enum WatchedUnit {
  static func of(_ alert: AlertPlan, _ asked: Asked) -> ValueUnit {
    switch alert.watch.figure {
    case .kpi:
      let kpi = asked.file.pipeline?.plan.kpis.first { $0.name == alert.watch.stage }
      return Numbers.unit(kpi?.node.unit)
    case .funnel(_, .conversion), .funnel(_, .fromPrevious), .retention(_, .share),
      .session(.bounceRate):
      return .share
    case .funnel(_, .p50Ms), .funnel(_, .p90Ms), .session(.meanDurationMs): return .durationMs
    default:
      let isRatio = alert.inputs.contains(.lower) || alert.inputs.contains(.upper)
      return isRatio ? .share : .number("")
    }
  }

  /// The name of what is watched: `checkout.conversion`.
  static func name(_ reference: ResultReference) -> String {
    switch reference.figure {
    case .value, .kpi: reference.stage
    case .funnel(let step, let figure): "\(reference.stage) [\(step)].\(figure.rawValue)"
    case .retention(let period, let figure): "\(reference.stage) [\(period)].\(figure.rawValue)"
    case .session(let figure): "\(reference.stage).\(figure.rawValue)"
    }
  }
}

/// Units of what rules watch, where the pipeline is known.
struct WatchedUnits {
  private let units: [String: ValueUnit]
  private let words: Words

  init(_ asked: Asked) {
    let alerts = asked.file.pipeline?.plan.alerts ?? []
    units = Dictionary(
      alerts.map { ($0.name, WatchedUnit.of($0, asked)) }, uniquingKeysWith: { first, _ in first })
    words = asked.words
  }

  /// A value of what a rule watches; whole numbers with commas.
  func text(_ value: Double?, of rule: String) -> String {
    if let value, let unit = units[rule], unit == .share || unit == .durationMs {
      return words.results.short(unit, value)
    }
    return PageText.number(value, words)
  }
}

extension Asked {
  /// Whose times a page shows.
  var zoneNote: HTML { "<span class=\"muted\">\(words.results.zone(file.zone.name))</span>" }

  /// A chart in the visitor's language, with text below it.
  func figure(_ chart: some Chart, id: String, caption: String = "") -> HTML {
    var chart = chart
    chart.words = language.charts
    return PageFrame.figure(chart, id: id, caption: caption)
  }
}
