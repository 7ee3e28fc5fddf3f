import StreamCore

/// A document of JSON; the members of objects keep their order.
indirect enum JSON: Sendable, Equatable {
  case object([(String, JSON)])
  case array([JSON])
  case string(String)
  case number(Double)
  case integer(Int64)
  case boolean(Bool)
  case null
  /// Finished JSON of the file, e.g. dimensions.
  case raw(String)

  static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
  static func optional(_ number: Double?) -> JSON { number.map(JSON.number) ?? .null }
  static func optional(_ integer: Int64?) -> JSON { integer.map(JSON.integer) ?? .null }
  static func time(_ time: EventTime?) -> JSON { optional(time?.ms) }
  static func time(_ time: WallTime?) -> JSON { optional(time?.ms) }

  /// The document's text. O(size).
  var text: String {
    var out: [UInt8] = []
    write(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private func write(to out: inout [UInt8]) {
    switch self {
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        CanonicalJSON.append(string: member.0, to: &out)
        out.append(UInt8(ascii: ":"))
        member.1.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    case .array(let items):
      out.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        item.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .string(let text): CanonicalJSON.append(string: text, to: &out)
    case .number(let number):
      out += Array((number.isFinite ? Self.text(number) : "null").utf8)
    case .integer(let number): out += Array(String(number).utf8)
    case .boolean(let flag): out += Array((flag ? "true" : "false").utf8)
    case .null: out += Array("null".utf8)
    case .raw(let text): out += Array(text.utf8)
    }
  }

  /// Whole numbers without a fraction.
  static func text(_ number: Double) -> String {
    if let whole = Int64(exactly: number) { return String(whole) }
    return "\(number)"
  }

  static func == (a: JSON, b: JSON) -> Bool { a.text == b.text }
}
