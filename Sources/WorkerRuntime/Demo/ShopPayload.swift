/// Writes the simulated shop's messages, byte by byte.
struct ShopPayload: Sendable {
  /// What a message says.
  struct Facts {
    var event: StaticString
    var timeMs: Int64
    var messageID: UInt64
    var session: ShopSession
    /// Whether the event is about money: it has a total and an order.
    var isMoney: Bool
    var isFraud = false
  }

  /// What is written in place of a good message, now and then.
  enum Fault: Int, CaseIterable { case none = -1, truncated, noName, badTime, array }

  private var bytes: [UInt8] = []
  private var day = Int64.min
  /// `2026-01-01T` of `day`.
  private var dayText: [UInt8] = []
  private let anonymousVisitors: UInt64

  init(anonymousVisitors: UInt64 = ShopScenario().anonymousVisitors) {
    self.anonymousVisitors = min(max(anonymousVisitors, 1), 1 << 48)
    bytes.reserveCapacity(512)
  }

  /// The record's key: the user, or the anonymous visitor.
  mutating func key(_ session: ShopSession, isFraud: Bool) -> [UInt8] {
    bytes.removeAll(keepingCapacity: true)
    appendVisitor(session, isFraud)
    return bytes
  }

  /// The record's value.
  mutating func payload(_ facts: Facts, fault: Fault = .none) -> [UInt8] {
    bytes.removeAll(keepingCapacity: true)
    if fault == .array { append("[") }
    append("{")
    if fault != .noName {
      append("\"event\":\"")
      append(facts.event)
      append("\",")
    }
    append(facts.session.anonymous ? "\"anonymous_id\":\"" : "\"user_id\":\"")
    appendVisitor(facts.session, facts.isFraud)
    append("\",\"timestamp\":\"")
    if fault == .badTime { append("at ") }
    appendTime(facts.timeMs)
    append("\",\"message_id\":\"")
    appendHex(facts.messageID)
    append("\",\"channel\":\"")
    append(facts.session.channel.name)
    append("\",\"context\":")
    appendContext(facts)
    append(",\"properties\":")
    appendProperties(facts)
    append("}")
    if fault == .array { append("]") }
    if fault == .truncated { bytes.removeLast(bytes.count / 2) }
    return bytes
  }

  private mutating func appendContext(_ facts: Facts) {
    let traits = ShopRandom.mixed(UInt64(facts.session.customer) &+ 0x5EED)
    append("{\"ip\":\"")
    if facts.isFraud {
      append("203.0.113.66")
    } else {
      append("10.")
      append(Int64(traits & 0xFF))
      append(".")
      append(Int64((traits >> 8) & 0xFF))
      append(".")
      append(Int64((traits >> 16) & 0xFF))
    }
    append("\",\"city\":\"")
    // The lesser of two draws: earlier cities are larger.
    let count = UInt64(ShopCatalogue.cities.count)
    append(ShopCatalogue.cities[Int(min((traits >> 24) % count, (traits >> 36) % count))])
    append("\",\"device\":\"")
    append(ShopCatalogue.devices[Int((traits >> 48) % UInt64(ShopCatalogue.devices.count))])
    append("\"}")
  }

  private mutating func appendProperties(_ facts: Facts) {
    let session = facts.session
    if session.step == .browse {
      append("{\"page\":")
      append(Int64(session.more) + 1)
      append("}")
      return
    }
    let product = ShopCatalogue.products[Int(session.product)]
    append("{\"product\":\"")
    append(product.name)
    append("\",\"quantity\":")
    append(Int64(session.quantity))
    if facts.isMoney {
      append(",\"total\":")
      let cents = facts.isFraud ? 100 : product.cents * Int64(session.quantity)
      append(cents / 100)
      append(".")
      append(cents % 100, digits: 2)
      append(",\"order_id\":\"o")
      append(Int64(session.number & 0xFFFF_FFFF_FFFF))
      append("\"")
    }
    append("}")
  }

  private mutating func appendVisitor(_ session: ShopSession, _ isFraud: Bool) {
    if session.anonymous {
      append("a-")
      append(Int64(session.number % anonymousVisitors))
    } else {
      append(isFraud ? "x" : "u")
      append(Int64(session.customer), digits: 7)
    }
  }

  private mutating func appendTime(_ ms: Int64) {
    let local = ms + ShopCatalogue.offsetMs
    let today = local / 86_400_000
    if today != day {
      day = today
      dayText = Self.dateText(dayNumber: today)
    }
    bytes += dayText
    let inDay = local % 86_400_000
    append(inDay / 3_600_000, digits: 2)
    append(":")
    append(inDay / 60_000 % 60, digits: 2)
    append(":")
    append(inDay / 1000 % 60, digits: 2)
    append(".")
    append(inDay % 1000, digits: 3)
    append("+08:00")
  }

  /// `2026-01-01T` of a day since 1970-01-01; counts the years up, once for each day.
  static func dateText(dayNumber: Int64) -> [UInt8] {
    var year = 1970
    var rest = dayNumber
    let isLeap = { (year: Int) in year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    while rest >= (isLeap(year) ? 366 : 365) {
      rest -= isLeap(year) ? 366 : 365
      year += 1
    }
    let lengths: [Int64] = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while rest >= lengths[month] {
      rest -= lengths[month]
      month += 1
    }
    var text = ShopPayload()
    text.append(Int64(year), digits: 4)
    text.append("-")
    text.append(Int64(month + 1), digits: 2)
    text.append("-")
    text.append(rest + 1, digits: 2)
    text.append("T")
    return text.bytes
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// A number that is not negative, with at least `digits` digits.
  private mutating func append(_ number: Int64, digits: Int = 1) {
    let start = bytes.count
    var rest = number
    var written = 0
    repeat {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
      written += 1
    } while rest > 0 || written < digits
    bytes[start...].reverse()
  }

  private mutating func appendHex(_ number: UInt64) {
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: (number >> UInt64(shift)) & 0xF)
      bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }
}
