/// What a value looks like, beyond its type.
public enum ValueKind: String, CaseIterable, Sendable, Encodable {
  /// `2024-03-13T10:21:14Z`, also with a blank and without an offset.
  case rfc3339
  /// `2024-03-13`.
  case date
  /// A date in another form, which needs a pattern to be read.
  case patternDate
  /// A whole number that is a time of 1990 to 2099 in seconds.
  case epochSeconds
  /// The same in milliseconds.
  case epochMilliseconds
  /// The same in microseconds.
  case epochMicroseconds
  /// A number without a fraction.
  case wholeNumber
  /// A number with a fraction.
  case decimalNumber
  /// A number with separators between its thousands: `1,299.00`.
  case groupedNumber
  /// An id that a spreadsheet made a rounded number of: `1.38E+10`.
  case mangledNumber
  /// An e-mail address.
  case email
  /// A telephone number.
  case phone
  /// An address of IPv4 or IPv6.
  case ip
  /// A UUID.
  case uuid
  /// A URL.
  case url
  /// `true`, `false`, `yes`, `no`.
  case boolean
  /// Any other text.
  case text

  /// Whether values of this kind may lead to a person, so that none is ever shown.
  public var isPersonal: Bool {
    switch self {
    case .email, .phone, .ip, .uuid, .url: true
    default: false
    }
  }

  /// Whether values of this kind are times.
  public var isTime: Bool {
    switch self {
    case .rfc3339, .date, .patternDate, .epochSeconds, .epochMilliseconds, .epochMicroseconds: true
    default: false
    }
  }

  /// Whether values of this kind are numbers as they are written.
  public var isNumber: Bool {
    switch self {
    case .wholeNumber, .decimalNumber, .groupedNumber, .epochSeconds, .epochMilliseconds,
      .epochMicroseconds:
      true
    default: false
    }
  }
}

/// Tells the kind of a text by looking at its bytes once or twice. O(bytes), allocates nothing but
/// for dates that need a pattern.
enum KindScan {
  /// The kind of `text`, which is at most `InspectionLimits.valueBytes` long.
  static func kind(of text: UnsafeRawBufferPointer) -> ValueKind {
    guard let first = text.first else { return .text }
    if isDigit(first) || first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      if let kind = numeric(text) { return kind }
    }
    switch text.count {
    case 36 where isUUID(text): return .uuid
    case 2...5 where isBoolean(text): return .boolean
    default: break
    }
    if isURL(text) { return .url }
    if isEmail(text) { return .email }
    if isIPv6(text) { return .ip }
    return isPhone(text) ? .phone : .text
  }

  private static func numeric(_ text: UnsafeRawBufferPointer) -> ValueKind? {
    if let kind = date(text) { return kind }
    // No date, but written as one: nothing else either.
    if text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-") {
      if text.count != 36 { return .text }
    }
    var digits = 0
    var points = 0
    var commas = 0
    var exponent = -1
    for (index, byte) in text.enumerated() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: "."): points += 1
      case UInt8(ascii: ","): commas += 1
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        if exponent >= 0 { return other(text) }
        exponent = index
      case UInt8(ascii: "-"), UInt8(ascii: "+"):
        if index > 0, exponent != index - 1 { return other(text) }
      default: return other(text)
      }
    }
    if exponent >= 0 { return mangled(text, exponent, points: points, commas: commas) }
    if digits == 0 { return nil }
    if points == 3, commas == 0, isIPv4(text) { return .ip }
    if points > 1 { return nil }
    if commas > 0 { return isGrouped(text) ? .groupedNumber : nil }
    if text.first == UInt8(ascii: "+") { return (7...16).contains(digits) ? .phone : nil }
    if points == 1 { return text.last == UInt8(ascii: ".") ? nil : .decimalNumber }
    return whole(text, digits: digits)
  }

  private static func other(_ text: UnsafeRawBufferPointer) -> ValueKind? {
    if text.count == 36, isUUID(text) { return .uuid }
    return isPhone(text) ? .phone : nil
  }

  /// A whole number: a time where it can be one, a phone number where it begins and counts as those
  /// of the mobile networks of China, or has a zero before its 6 to 14 other digits.
  private static func whole(_ text: UnsafeRawBufferPointer, digits: Int) -> ValueKind {
    guard let number = int(text) else { return .wholeNumber }
    if text[0] == UInt8(ascii: "0"), digits == text.count, (7...15).contains(digits) {
      return .phone
    }
    switch number {
    case 631_152_000..<4_102_444_800 where digits == text.count: return .epochSeconds
    case 631_152_000_000..<4_102_444_800_000 where digits == text.count: return .epochMilliseconds
    case 631_152_000_000_000..<4_102_444_800_000_000 where digits == text.count:
      return .epochMicroseconds
    case 13_000_000_000...19_999_999_999 where digits == text.count: return .phone
    default: return .wholeNumber
    }
  }

  /// `1.38E+10`: few digits, and an exponent that makes a whole number of more of them.
  private static func mangled(
    _ text: UnsafeRawBufferPointer, _ exponent: Int, points: Int, commas: Int
  ) -> ValueKind? {
    guard exponent > 0, points <= 1, commas == 0 else { return nil }
    let sign = exponent + 1
    guard sign < text.count else { return nil }
    let first = isDigit(text[sign]) ? sign : sign + 1
    guard first < text.count else { return nil }
    var power = 0
    for byte in text[first...] {
      guard isDigit(byte), power < 1000 else { return nil }
      power = power * 10 + Int(byte - UInt8(ascii: "0"))
    }
    guard isDigit(text[0]) || isDigit(text[1]) else { return nil }
    guard text[sign] == UInt8(ascii: "+") else { return .decimalNumber }
    return (8...25).contains(power) ? .mangledNumber : .decimalNumber
  }

  /// `1,299`, `12,345,678.90`: one to three digits, then groups of three.
  static func isGrouped(_ text: UnsafeRawBufferPointer) -> Bool {
    var at = text.first == UInt8(ascii: "-") ? 1 : 0
    let start = at
    while at < text.count, isDigit(text[at]) { at += 1 }
    guard (1...3).contains(at - start), at < text.count, text[at] == UInt8(ascii: ",") else {
      return false
    }
    while at < text.count, text[at] == UInt8(ascii: ",") {
      guard at + 3 < text.count, (1...3).allSatisfy({ isDigit(text[at + $0]) }) else {
        return false
      }
      at += 4
    }
    if at == text.count { return true }
    guard text[at] == UInt8(ascii: "."), at + 1 < text.count else { return false }
    return text[(at + 1)...].allSatisfy { isDigit($0) }
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// The whole number that `text` is, when it fits.
  static func int(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count <= 19 else { return nil }
    var number: Int64 = 0
    let isNegative = text.first == UInt8(ascii: "-")
    for byte in isNegative ? text.dropFirst() : text[...] {
      guard isDigit(byte) else { return nil }
      let (product, over) = number.multipliedReportingOverflow(by: 10)
      let (sum, tooLarge) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      if over || tooLarge { return nil }
      number = sum
    }
    return isNegative ? -number : number
  }
}

// MARK: - Addresses and ids

extension KindScan {
  static func isUUID(_ text: UnsafeRawBufferPointer) -> Bool {
    for (index, byte) in text.enumerated() {
      if [8, 13, 18, 23].contains(index) {
        if byte != UInt8(ascii: "-") { return false }
      } else if !isHex(byte) {
        return false
      }
    }
    return text.count == 36
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }

  private static func isBoolean(_ text: UnsafeRawBufferPointer) -> Bool {
    let lower = text.map { $0 | 0x20 }
    return ["true", "false", "yes", "no"].contains { $0.utf8.elementsEqual(lower) }
  }

  private static func isURL(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), (2...12).contains(colon),
      colon + 3 < text.count, text[colon + 1] == UInt8(ascii: "/"),
      text[colon + 2] == UInt8(ascii: "/")
    else { return false }
    return text[..<colon].allSatisfy { isLetter($0) || isDigit($0) }
  }

  static func isEmail(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let at = text.firstIndex(of: UInt8(ascii: "@")), at > 0,
      let point = text.lastIndex(of: UInt8(ascii: ".")), point > at + 1, point + 1 < text.count
    else { return false }
    return !text.contains { $0 <= 0x20 || $0 == UInt8(ascii: "/") }
      && text[(at + 1)...].allSatisfy { $0 != UInt8(ascii: "@") }
  }

  private static func isIPv4(_ text: UnsafeRawBufferPointer) -> Bool {
    var part = -1
    for byte in text {
      if byte == UInt8(ascii: ".") {
        if part < 0 { return false }
        part = -1
      } else {
        guard isDigit(byte) else { return false }
        part = max(part, 0) * 10 + Int(byte - UInt8(ascii: "0"))
        if part > 255 { return false }
      }
    }
    return part >= 0
  }

  private static func isIPv6(_ text: UnsafeRawBufferPointer) -> Bool {
    var colons = 0
    for byte in text {
      if byte == UInt8(ascii: ":") {
        colons += 1
      } else if !isHex(byte), byte != UInt8(ascii: ".") {
        return false
      }
    }
    return (2...7).contains(colons) && text.count >= 3 && (colons == 7 || hasDoubleColon(text))
  }

  private static func hasDoubleColon(_ text: UnsafeRawBufferPointer) -> Bool {
    (1..<text.count).contains {
      text[$0] == UInt8(ascii: ":") && text[$0 - 1] == UInt8(ascii: ":")
    }
  }

  /// `+86 138 1234 5678`, `(020) 7946-0958`: 7 to 15 digits, and signs between them.
  private static func isPhone(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= 20, let first = text.first else { return false }
    guard first == UInt8(ascii: "+") || first == UInt8(ascii: "(") || isDigit(first) else {
      return false
    }
    var digits = 0
    var signs = 0
    for (index, byte) in text.enumerated() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "("), UInt8(ascii: ")"): signs += 1
      case UInt8(ascii: "+") where index == 0: signs += 1
      default: return false
      }
    }
    return (7...15).contains(digits) && signs > 0
  }
}
