/// One message of a made-up history: what it means, and the bytes that say so.
public struct HistoryEvent: Sendable, Equatable {
  /// What is wrong with a message that is to be rejected.
  public enum Fault: String, Sendable, CaseIterable {
    case empty, notJSON, notObject, truncated, noTime, noName, badTime, badName, tooOld, tooFarAhead
  }

  /// Its place in the history's order of making; a copy has one of its own.
  public var number: Int
  /// Event time, epoch milliseconds.
  public var timeMs: Int64
  /// The record's timestamp, which is also when it arrived, epoch milliseconds.
  public var recordMs: Int64
  /// Who did it; nil for nobody known.
  public var user: String?
  /// What was done.
  public var name: String
  /// Where.
  public var channel: String
  /// Dimension that is sometimes missing; beyond ASCII where the options say so.
  public var city: String?
  /// Amount in hundredths; nil where there is none.
  public var units: Int64?
  /// Id for deduplication; nil for none.
  public var id: String?
  /// Order that it belongs to; nil for none.
  public var order: String?
  /// Why it is to be rejected; nil for a good one.
  public var fault: Fault?
  /// The record's value.
  public var payload: [UInt8] = []

  /// Makes an event without a payload.
  public init(
    number: Int = 0, timeMs: Int64, recordMs: Int64, user: String?, name: String,
    channel: String = "web", city: String? = nil, units: Int64? = nil, id: String? = nil,
    order: String? = nil, fault: Fault? = nil
  ) {
    self.number = number
    self.timeMs = timeMs
    self.recordMs = recordMs
    self.user = user
    self.name = name
    self.channel = channel
    self.city = city
    self.units = units
    self.id = id
    self.order = order
    self.fault = fault
  }

  /// The record's key: the user, or nothing.
  public var key: [UInt8] { Array((user ?? "").utf8) }
}

/// Hundredths as decimal text with two places: `-12.30`.
public func decimalText(units: Int64) -> String {
  let magnitude = units.magnitude
  let cents = magnitude % 100
  return "\(units < 0 ? "-" : "")\(magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
}

/// Writes payloads. The same event is written in many ways: order of keys, blanks, escapes, kinds
/// of time and number.
struct PayloadWriter {
  var generator: SeededGenerator

  /// The payload of `event`, damaged as its fault says.
  mutating func payload(of event: HistoryEvent) -> [UInt8] {
    switch event.fault {
    case .empty: return []
    case .notJSON: return Array("GET /pixel.gif?e=\(event.number)".utf8)
    case .notObject: return Array("[\(object(event))]".utf8)
    case .truncated:
      let whole = Array(object(event).utf8)
      return Array(whole[..<(whole.count / 2)])
    default: return Array(object(event).utf8)
    }
  }

  private mutating func object(_ event: HistoryEvent) -> String {
    var fields: [(String, String)] = [("channel", text(event.channel))]
    if event.fault != .noName {
      fields.append(("event", event.fault == .badName ? "{\"a\":[1]}" : text(event.name)))
    }
    if event.fault != .noTime {
      let bad = ["\"yesterday\"", "true", "\"2026-13-01T00:00:00Z\"", "{}"]
      fields.append(
        ("timestamp", event.fault == .badTime ? generator.pick(bad) : time(event.timeMs)))
    }
    if let user = event.user {
      fields.append(("user_id", text(user)))
    } else if generator.chance(0.5) {
      fields.append(("user_id", "null"))
    }
    if let id = event.id { fields.append(("message_id", text(id))) }
    if generator.chance(0.3) {
      fields.append(("unplanned", "{\"deep\":[1,{\"er\":\"}\"}],\"n\":null}"))
    }
    fields.append(("properties", properties(event)))
    fields.shuffle(using: &generator)
    return join(fields)
  }

  private mutating func properties(_ event: HistoryEvent) -> String {
    var fields: [(String, String)] = []
    if let city = event.city { fields.append(("city", text(city))) }
    if let units = event.units {
      let decimal = decimalText(units: units)
      fields.append(("total", generator.chance(0.1) ? "\"\(decimal)\"" : decimal))
    }
    if let order = event.order { fields.append(("order", text(order))) }
    if generator.chance(0.3) { fields.append(("note", text("a \"quoted\" \\ line\nand more"))) }
    fields.shuffle(using: &generator)
    return join(fields)
  }

  private mutating func join(_ fields: [(String, String)]) -> String {
    let blank = generator.chance(0.2) ? " " : ""
    let inside = fields.map { "\"\($0.0)\":\(blank)\($0.1)" }.joined(separator: ",\(blank)")
    return "{\(blank)\(inside)\(blank)}"
  }

  /// A JSON string, with characters beyond ASCII sometimes escaped.
  private mutating func text(_ value: String) -> String {
    let escapes = generator.chance(0.2)
    var text = "\""
    for unit in value.unicodeScalars {
      switch unit {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default:
        if escapes && unit.value > 0x7F {
          for half in String(unit).utf16 { text += "\\u" + hex(UInt64(half), digits: 4) }
        } else {
          text.unicodeScalars.append(unit)
        }
      }
    }
    return text + "\""
  }

  private mutating func time(_ ms: Int64) -> String {
    switch generator.next() % 5 {
    case 0 where ms > 1_000_000_000_000: "\(ms)"
    case 1: "\"\(rfc3339(ms: ms, offsetMinutes: 480))\""
    case 2: "\"\(rfc3339(ms: ms, offsetMinutes: -210))\""
    default: "\"\(rfc3339(ms: ms, offsetMinutes: 0))\""
    }
  }
}

/// An instant as RFC 3339 text with milliseconds, in the time of a fixed offset.
public func rfc3339(ms: Int64, offsetMinutes: Int64) -> String {
  let local = ms + offsetMinutes * 60_000
  let days = local >= 0 ? local / 86_400_000 : (local - 86_399_999) / 86_400_000
  let inDay = local - days * 86_400_000
  // Years are counted up from 1970 one by one: slow, and easy to see through.
  var year: Int64 = 1970
  var day = days
  let isLeap = { (year: Int64) in year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  while day < 0 {
    year -= 1
    day += isLeap(year) ? 366 : 365
  }
  while day >= (isLeap(year) ? 366 : 365) {
    day -= isLeap(year) ? 366 : 365
    year += 1
  }
  var month = 0
  let lengths: [Int64] = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  while day >= lengths[month] {
    day -= lengths[month]
    month += 1
  }
  let pad = { (number: Int64, digits: Int) in
    String(repeating: "0", count: max(0, digits - "\(number)".count)) + "\(number)"
  }
  let date = "\(pad(year, 4))-\(pad(Int64(month + 1), 2))-\(pad(day + 1, 2))"
  let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60].map { pad($0, 2) }
  let offset = abs(offsetMinutes)
  let zone =
    offset == 0
    ? "Z" : "\(offsetMinutes < 0 ? "-" : "+")\(pad(offset / 60, 2)):\(pad(offset % 60, 2))"
  return "\(date)T\(clock.joined(separator: ":")).\(pad(inDay % 1000, 3))\(zone)"
}

func hex(_ number: UInt64, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
