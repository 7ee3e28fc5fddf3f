import Charts

/// Numbers in few digits as Chinese readers group them: by ten thousands, and times in words.
enum ChineseNumbers {
  /// `1.23 万`, `3.4 亿`, `8,619`, `12.3%`, `1 小时 5 分钟`.
  static func short(_ unit: ValueUnit, _ value: Double) -> String {
    guard value.isFinite else { return unit.short(value) }
    switch unit {
    case .share: return unit.short(value)
    case .durationMs: return duration(value)
    case .count, .number: return number(value)
    }
  }

  private static func number(_ value: Double) -> String {
    switch value.magnitude {
    case ..<999.5, 1e15...: ValueUnit.number("").short(value)
    case ..<9_999.5: whole(value)
    case ..<99_995_000: scaled(value / 1e4) + " 万"
    default: scaled(value / 1e8) + " 亿"
    }
  }

  private static func whole(_ value: Double) -> String { ValueUnit.count("").full(value) }

  private static func scaled(_ value: Double) -> String {
    value.magnitude < 999.5 ? ValueUnit.number("").short(value) : whole(value)
  }

  private static func duration(_ value: Double) -> String {
    guard value.magnitude < 9e15 else { return ValueUnit.durationMs.short(value) }
    let sign = value < 0 ? "−" : ""
    let ms = Int64(value.magnitude.rounded())
    func pair(_ large: Int64, _ a: String, _ small: Int64, _ b: String) -> String {
      small == 0 ? "\(sign)\(large) \(a)" : "\(sign)\(large) \(a) \(small) \(b)"
    }
    switch ms {
    case 0: return "0 秒"
    case ..<1_000: return "\(sign)\(ms) 毫秒"
    case ..<60_000:
      // Half a tenth more would be a whole minute.
      let tenths = min((ms + 50) / 100, 599)
      let rest = tenths % 10
      return rest == 0 ? "\(sign)\(tenths / 10) 秒" : "\(sign)\(tenths / 10).\(rest) 秒"
    case ..<3_600_000: return pair(ms / 60_000, "分钟", ms / 1_000 % 60, "秒")
    case ..<86_400_000: return pair(ms / 3_600_000, "小时", ms / 60_000 % 60, "分钟")
    default: return pair(ms / 86_400_000, "天", ms / 3_600_000 % 24, "小时")
    }
  }
}
