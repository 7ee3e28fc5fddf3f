/// A JSON value read whole, for looking at samples. Not for the hot path.
enum JSONValue: Decodable, Sendable {
  case null
  case bool
  case number
  case string
  case array
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    if let members = try? decoder.container(keyedBy: AnyKey.self) {
      var object: [String: JSONValue] = [:]
      for key in members.allKeys {
        object[key.stringValue] = try members.decode(JSONValue.self, forKey: key)
      }
      self = .object(object)
    } else if (try? decoder.unkeyedContainer()) != nil {
      self = .array
    } else {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if (try? value.decode(Bool.self)) != nil {
        self = .bool
      } else if (try? value.decode(String.self)) != nil {
        self = .string
      } else {
        self = .number
      }
    }
  }

  /// Its type, for people; nil for null.
  var type: String? {
    switch self {
    case .null: nil
    case .bool: "bool"
    case .number: "number"
    case .string: "string"
    case .array: "list"
    case .object: "object"
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
