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

  /// A value in few characters, with about three significant digits: `1.23 M`, `3.4%`, `1h 05m`.
  ///
  /// Not a number and the infinities are `–`.
  public func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    switch self {
    case .count, .number: return ShortNumber.text(value)
    case .share: return ShortNumber.text(value * 100, suffixed: false) + "%"
    case .durationMs: return ShortNumber.duration(ms: value)
    }
  }

  /// A value in all its digits where it is a whole number of things: `120,340`; else as `short`.
  public func full(_ value: Double) -> String {
    guard case .count = self, value.isFinite, value.magnitude < 1e12 else { return short(value) }
    return ShortNumber.grouped(value)
  }

  /// A value in the least room: two significant digits of a share, three of anything else.
  func compact(_ value: Double) -> String {
    guard self == .share, value.isFinite, value.magnitude < 10 else { return short(value) }
    let percent = value * 100
    let decimals = percent.magnitude >= 9.95 || percent == 0 ? 0 : percent.magnitude >= 0.95 ? 1 : 2
    return ShortNumber.trimmed(ShortNumber.fixed(percent, decimals)) + "%"
  }

  /// A value with its unit: `1.23 M CNY`.
  public func described(_ value: Double) -> String {
    switch self {
    case .count(let name), .number(let name):
      name.isEmpty ? short(value) : short(value) + " " + name
    case .share, .durationMs: short(value)
    }
  }
}

/// Numbers in few characters, the same on every machine.
enum ShortNumber {
  private static let suffixes: [(least: Double, name: String)] = [
    (1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k"),
  ]

  /// Three significant digits, more where the whole part has more: `1.23 M`, `950`, `0.0012`.
  static func text(_ value: Double, suffixed: Bool = true) -> String {
    guard value != 0 else { return "0" }
    let size = value.magnitude
    if size >= 1e15 || size < 1e-4 { return scientific(value) }
    // What would be rounded to 1000 has the next suffix.
    if suffixed, let scale = suffixes.first(where: { size >= $0.least * 0.9995 }) {
      return trimmed(fixed(value / scale.least, decimals(value / scale.least))) + scale.name
    }
    return trimmed(fixed(value, decimals(value)))
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
    _ value: Double, step: Double, greatest: Double = 0, suffixed: Bool = true
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
    let scale = suffixed ? suffixes.first { greatest >= $0.least } : nil
    let unit = scale?.least ?? 1
    var decimals = 0
    var size = step / unit
    while decimals < 9, (size - size.rounded()).magnitude > 1e-6 * size {
      size *= 10
      decimals += 1
    }
    return fixed(value / unit, decimals) + (scale?.name ?? "")
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

  /// `850 ms`, `12.3 s`, `3m 20s`, `1h 05m`, `2d 3h`.
  static func duration(ms value: Double) -> String {
    let sign = value < 0 ? "−" : ""
    let size = value.magnitude
    guard size < 9e15 else { return scientific(value) + " ms" }
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
