import Foundation

/// Dimensions of a row.
public typealias DimensionValues = [String: JSONScalar]

/// Reads dimensions of rows, each text once.
public struct Dimensions {
  private let names: [String]
  private var known: [String: DimensionValues] = [:]

  /// Keeps the dimensions `names` alone.
  public init(by names: [String]) { self.names = names }

  /// The kept ones of a row's canonical JSON; one that the row does not have is null.
  public mutating func kept(_ text: String) -> DimensionValues {
    if names.isEmpty { return [:] }
    if let found = known[text] { return found }
    let all = Self.read(text)
    let kept = names.reduce(into: DimensionValues()) { $0[$1] = all[$1] ?? .null }
    known[text] = kept
    return kept
  }

  /// All dimensions of a row's canonical JSON.
  public static func read(_ text: String) -> DimensionValues {
    parse(text) ?? [:]
  }

  /// Reads a JSON object of scalars; nil for anything else.
  public static func parse(_ text: String) -> DimensionValues? {
    if text == "{}" { return [:] }
    return try? JSONDecoder().decode(DimensionValues.self, from: Data(text.utf8))
  }

  /// `channel=web platform=ios`, sorted by name; the same for equal dimensions.
  public static func text(_ values: DimensionValues) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  /// JSON with sorted keys.
  public static func json(_ values: DimensionValues) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(values)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// A value of a dimension.
public enum JSONScalar: Codable, Hashable, Sendable, CustomStringConvertible {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)

  /// Reads a scalar of JSON.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let int = try? value.decode(Int64.self) {
      self = .int(int)
    } else if let double = try? value.decode(Double.self) {
      self = .double(double)
    } else {
      self = .string(try value.decode(String.self))
    }
  }

  /// Writes a scalar of JSON.
  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let bool): try value.encode(bool)
    case .int(let int): try value.encode(int)
    case .double(let double): try value.encode(double)
    case .string(let string): try value.encode(string)
    }
  }

  /// As people read it, without quotes.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .int(let int): "\(int)"
    case .double(let double): "\(double)"
    case .string(let string): string
    }
  }
}
