/// Numbers in few characters, the same on every machine.
enum ShortNumber {
  /// What large numbers are counted in, from which size on, and its name behind them.
  struct Scale {
    var unit: Double
    var from: Double
    var name: String

    /// - Parameter rounded: The share of `unit` from which on a number is rounded to it.
    init(_ unit: Double, rounded: Double, _ name: String) {
      (self.unit, from, self.name) = (unit, unit * rounded, name)
    }
  }

  /// The scales of a language, the largest first. Below them English has three digits, Chinese
  /// four.
  static func scales(_ words: ChartWords) -> [Scale] {
    switch words {
    case .english: english
    case .chinese: chinese
    }
  }

  private static let english = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")]
    .map { Scale($0, rounded: 0.9995, $1) }
  private static let chinese = [(1e8, " 亿"), (1e4, " 万")]
    .map { Scale($0, rounded: 0.99995, $1) }

  /// Three significant digits, more where the whole part has more: `1.23 M`, `950`, `0.0012`.
  static func text(_ value: Double, _ scales: [Scale] = []) -> String {
    guard value != 0 else { return "0" }
    let size = value.magnitude
    if size >= 1e15 || size < 1e-4 { return scientific(value) }
    let scale = scales.first { size >= $0.from }
    let scaled = value / (scale?.unit ?? 1)
    let isLong = !scales.isEmpty && scaled.magnitude >= 999.5
    return (isLong ? grouped(scaled) : trimmed(fixed(scaled, decimals(scaled))))
      + (scale?.name ?? "")
  }

  /// Decimals for three significant digits.
  private static func decimals(_ value: Double) -> Int {
    var decimals = 2
    var size = value.magnitude
    while size < 1, decimals < 6 {
      size *= 10
      decimals += 1
    }
    while size >= 9.995, decimals > 0 {
      size /= 10
      decimals -= 1
    }
    return decimals
  }

  /// A multiple of a step that has `decimals` decimals: all labels of an axis alike.
  static func tick(
    _ value: Double, step: Double, greatest: Double = 0, _ scales: [Scale] = []
  ) -> String {
    guard value != 0 else { return "0" }
    if max(greatest, value.magnitude) >= 1e15 || step < 1e-6 {
      // As many decimals as tell neighbours apart.
      var decimals = 0
      var size = value.magnitude
      while size > step * 1.5, decimals < 12 {
        size /= 10
        decimals += 1
      }
      return scientific(value, decimals: max(decimals, 1))
    }
    let scale = scales.first { greatest >= $0.unit }
    let unit = scale?.unit ?? 1
    var decimals = 0
    var size = step / unit
    while decimals < 9, (size - size.rounded()).magnitude > 1e-6 * size {
      size *= 10
      decimals += 1
    }
    let isWhole = decimals == 0 && !scales.isEmpty
    let text = isWhole ? grouped(value / unit) : fixed(value / unit, decimals)
    return text + (scale?.name ?? "")
  }

  /// `value` with exactly `decimals` decimals, half away from zero, with a minus sign.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var factor = 1.0
    for _ in 0..<decimals { factor *= 10 }
    let scaled = (value * factor).rounded()
    guard scaled.magnitude < 9e18 else { return scientific(value) }
    let digits = String(Int64(scaled).magnitude)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = scaled < 0 ? "−" : ""
    if decimals == 0 { return sign + padded }
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var result = Substring(text)
    while result.last == "0" { result.removeLast() }
    if result.last == "." { result.removeLast() }
    return String(result)
  }

  /// A whole number with commas between thousands.
  static func grouped(_ value: Double) -> String {
    let digits = fixed(value.magnitude, 0)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return (value.rounded() < 0 ? "−" : "") + result
  }

  /// `1.2×10⁻⁵`.
  private static func scientific(_ value: Double, decimals: Int = 1) -> String {
    var mantissa = value
    var exponent = 0
    while mantissa.magnitude >= 9.9999999999 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa.magnitude < 0.9999999999, exponent > -400 {
      mantissa *= 10
      exponent -= 1
    }
    let raised: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    let digits = String(exponent.magnitude).map { raised[$0.wholeNumberValue ?? 0] }
    return trimmed(fixed(mantissa, decimals)) + "×10" + (exponent < 0 ? "⁻" : "") + String(digits)
  }

  /// `850 ms`, `12.3 s`, `3m 20s`, `1h 5m`, `2d 3h`; `850 毫秒`, `1 小时 5 分钟`.
  static func duration(ms value: Double, _ words: ChartWords = .english) -> String {
    let size = value.magnitude
    guard size < 9e15 else { return scientific(value) + " ms" }
    return words == .chinese ? chineseDuration(value) : englishDuration(value)
  }

  private static func chineseDuration(_ value: Double) -> String {
    let sign = value < 0 ? "−" : ""
    let ms = Int64(value.magnitude.rounded())
    func pair(_ large: Int64, _ a: String, _ small: Int64, _ b: String) -> String {
      small == 0 ? "\(sign)\(large) \(a)" : "\(sign)\(large) \(a) \(small) \(b)"
    }
    switch ms {
    case 0: return value == 0 ? "0 秒" : sign + trimmed(fixed(value.magnitude, 2)) + " 毫秒"
    case ..<1_000: return "\(sign)\(ms) 毫秒"
    // Half a tenth more would be a whole minute.
    case ..<60_000: return sign + trimmed(fixed(min(Double(ms) / 1_000, 59.9), 1)) + " 秒"
    case ..<3_600_000: return pair(ms / 60_000, "分钟", ms / 1_000 % 60, "秒")
    case ..<86_400_000: return pair(ms / 3_600_000, "小时", ms / 60_000 % 60, "分钟")
    default: return pair(ms / 86_400_000, "天", ms / 3_600_000 % 24, "小时")
    }
  }

  private static func englishDuration(_ value: Double) -> String {
    let sign = value < 0 ? "−" : ""
    let size = value.magnitude
    let ms = Int64(size.rounded())
    func pair(_ large: Int64, _ a: String, _ small: Int64, _ b: String) -> String {
      small == 0 ? "\(sign)\(large)\(a)" : "\(sign)\(large)\(a) \(small)\(b)"
    }
    switch ms {
    case 0: return value == 0 ? "0" : sign + trimmed(fixed(size, 2)) + " ms"
    case ..<1000: return "\(sign)\(ms) ms"
    case ..<60_000: return sign + trimmed(fixed(Double(ms) / 1000, 1)) + " s"
    case ..<3_600_000: return pair(ms / 60_000, "m", ms / 1000 % 60, "s")
    case ..<86_400_000: return pair(ms / 3_600_000, "h", ms / 60_000 % 60, "m")
    default: return pair(ms / 86_400_000, "d", ms / 3_600_000 % 24, "h")
    }
  }
}
