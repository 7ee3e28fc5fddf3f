/// What a number counts or measures, and how it is written.
public enum ValueUnit: Hashable, Sendable {
  /// Whole things: events, users.
  case count(String)
  /// Any number, with the name of its unit; `""` where it has none.
  case number(String)
  /// A share of 1, written in per cent.
  case share
  /// A length of time in milliseconds.
  case durationMs

  /// The unit's name for an axis; `""` where there is none.
  public var name: String {
    switch self {
    case .count(let name), .number(let name): name
    case .share: "%"
    case .durationMs: "time"
    }
  }

  /// The unit's name for an axis in a language.
  func name(_ words: ChartWords) -> String { self == .durationMs ? words.time : name }

  /// A value in few characters, with about three significant digits, as a language groups them:
  /// `1.23 M`, `3.4%`, `1h 5m`; in Chinese `123 万`, `3.4%`, `1 小时 5 分钟`.
  ///
  /// Not a number and the infinities are `–`.
  public func short(_ value: Double, _ words: ChartWords = .english) -> String {
    guard value.isFinite else { return "–" }
    switch self {
    case .count, .number: return ShortNumber.text(value, ShortNumber.scales(words))
    case .share: return ShortNumber.text(value * 100) + "%"
    case .durationMs: return ShortNumber.duration(ms: value, words)
    }
  }

  /// A value in all its digits where it is a whole number of things: `120,340`; else as `short`.
  public func full(_ value: Double, _ words: ChartWords = .english) -> String {
    guard case .count = self, value.isFinite, value.magnitude < 1e12 else {
      return short(value, words)
    }
    return ShortNumber.grouped(value)
  }

  /// A value in the least room: two significant digits of a share, three of anything else.
  func compact(_ value: Double, _ words: ChartWords) -> String {
    guard self == .share, value.isFinite, value.magnitude < 10 else { return short(value, words) }
    let percent = value * 100
    let decimals = percent.magnitude >= 9.95 || percent == 0 ? 0 : percent.magnitude >= 0.95 ? 1 : 2
    return ShortNumber.trimmed(ShortNumber.fixed(percent, decimals)) + "%"
  }

  /// A value with its unit: `1.23 M CNY`.
  public func described(_ value: Double, _ words: ChartWords = .english) -> String {
    switch self {
    case .count(let name), .number(let name):
      name.isEmpty ? short(value, words) : short(value, words) + " " + name
    case .share, .durationMs: short(value, words)
    }
  }
}
