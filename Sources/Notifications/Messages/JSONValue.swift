import Foundation
import StreamCore

/// JSON that is written with sorted keys and no blanks: equal values are equal bytes.
indirect enum JSONValue: Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
  /// JSON that is already text, and known to be well formed.
  case raw(String)

  /// A string, or null.
  static func text(_ string: String?) -> JSONValue { string.map { .string($0) } ?? .null }

  /// Its text. O(size).
  var text: String {
    var out: [UInt8] = []
    append(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private func append(to out: inout [UInt8]) {
    switch self {
    case .null: CanonicalJSON.append(.null, to: &out)
    case .bool(let bool): CanonicalJSON.append(.bool(bool), to: &out)
    case .int(let int): CanonicalJSON.append(.int(int), to: &out)
    case .double(let double): CanonicalJSON.append(.double(double), to: &out)
    case .string(let string): CanonicalJSON.append(string: string, to: &out)
    case .raw(let text): out.append(contentsOf: text.utf8)
    case .array(let values):
      out.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        value.append(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in JSONValue.sorted(members).enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        CanonicalJSON.append(string: member.key, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.append(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  /// Members in order of their names' bytes.
  static func sorted<T>(_ members: [String: T]) -> [(key: String, value: T)] {
    members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }
}

extension JSONValue: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let bool = try? container.decode(Bool.self) {
      self = .bool(bool)
    } else if let int = try? container.decode(Int64.self) {
      self = .int(int)
    } else if let double = try? container.decode(Double.self) {
      self = .double(double)
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let array = try? container.decode([JSONValue].self) {
      self = .array(array)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The object that `text` says; nil when it is none.
  static func members(of text: some Sequence<UInt8>) -> [String: JSONValue]? {
    try? JSONDecoder().decode([String: JSONValue].self, from: Data(text))
  }

  /// `text` itself if it is an object, else a string of it.
  static func embedded(_ text: String) -> JSONValue {
    members(of: text.utf8) == nil ? .string(text) : .raw(text)
  }
}
