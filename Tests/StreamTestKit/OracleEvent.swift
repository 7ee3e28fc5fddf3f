/// An applied event, as the oracles see it.
public struct OracleEvent: Sendable, Equatable {
  /// Event time, epoch milliseconds.
  public var timeMs: Int64
  /// Who; nil for nobody known.
  public var user: String?
  /// What.
  public var name: String
  /// Where.
  public var channel: String
  /// A dimension that may be missing.
  public var city: String?
  /// Amount in hundredths; nil for none.
  public var units: Int64?
  /// An order that it belongs to; nil for none.
  public var order: String?
  /// The topic that it was read from.
  public var topic: String
  /// The partition that it was read from.
  public var partition: Int
  /// Its place there.
  public var offset: Int
  /// How far it was behind its partition's clock when it was read, in milliseconds; 0 if it was
  /// not. A stage whose lateness is less misses it.
  public var behindMs: Int64
  /// What was known of its user before it, by name.
  public var traits: [String: OracleValue]

  /// What the oracles need of an event of a history.
  public init(
    _ event: HistoryEvent, topic: String = "", partition: Int, offset: Int, behindMs: Int64 = 0
  ) {
    self.init(
      timeMs: event.timeMs, user: event.user, name: event.name, channel: event.channel,
      city: event.city, units: event.units, order: event.order, topic: topic,
      partition: partition, offset: offset, behindMs: behindMs)
  }

  /// Makes an event of its parts.
  public init(
    timeMs: Int64, user: String?, name: String, channel: String = "web", city: String? = nil,
    units: Int64? = nil, order: String? = nil, topic: String = "", partition: Int = 0,
    offset: Int = 0, behindMs: Int64 = 0, traits: [String: OracleValue] = [:]
  ) {
    self.timeMs = timeMs
    self.user = user
    self.name = name
    self.channel = channel
    self.city = city
    self.units = units
    self.order = order
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.behindMs = behindMs
    self.traits = traits
  }

  /// The order that everything has where order matters; nobody comes before every user.
  public static func precedes(_ a: OracleEvent, _ b: OracleEvent) -> Bool {
    if a.timeMs != b.timeMs { return a.timeMs < b.timeMs }
    let (userA, userB) = (a.user ?? "", b.user ?? "")
    if userA != userB { return userA.utf8.lexicographicallyPrecedes(userB.utf8) }
    if a.topic != b.topic { return a.topic.utf8.lexicographicallyPrecedes(b.topic.utf8) }
    return (a.partition, a.offset) < (b.partition, b.offset)
  }

  /// The events of each key, in order; those without a key are left out. By default the key is
  /// the user.
  public static func lists(
    _ events: [OracleEvent], by key: (OracleEvent) -> String? = { $0.user }
  ) -> [String: [OracleEvent]] {
    var lists: [String: [OracleEvent]] = [:]
    for event in events.sorted(by: precedes) {
      if let key = key(event) { lists[key, default: []].append(event) }
    }
    return lists
  }
}

/// A value of a dimension or a trait.
public enum OracleValue: Sendable, Hashable {
  case null
  case whole(Int)
  case text(String)

  /// Text, or null for nil.
  public init(_ text: String?) { self = text.map(Self.text) ?? .null }

  /// As JSON.
  public var json: String {
    switch self {
    case .null: return "null"
    case .whole(let number): return "\(number)"
    case .text(let text):
      return "\""
        + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("\n", with: "\\n") + "\""
    }
  }
}

/// A dimension: its name and what gives its value.
public typealias OracleDimension = (name: String, value: @Sendable (OracleEvent) -> OracleValue)

/// Dimensions as JSON text with sorted keys; a missing value is null.
public func canonicalDimensions(_ dimensions: [(String, String?)]) -> String {
  canonicalDimensions(dimensions.map { ($0.0, OracleValue($0.1)) })
}

/// Dimensions as JSON text with sorted keys.
public func canonicalDimensions(_ dimensions: [(String, OracleValue)]) -> String {
  let members = dimensions.sorted { $0.0 < $1.0 }.map { name, value in
    OracleValue.text(name).json + ":" + value.json
  }
  return "{" + members.joined(separator: ",") + "}"
}

/// The dimensions of an event as JSON text with sorted keys.
func canonicalDimensions(_ dimensions: [OracleDimension], of event: OracleEvent) -> String {
  canonicalDimensions(dimensions.map { ($0.name, $0.value(event)) })
}
