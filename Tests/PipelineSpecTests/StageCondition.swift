import StreamCore
import StreamTestKit

/// What an event is asked, as the pipeline has it and as the oracles have it.
struct StageCondition {
  /// As an expression of the pipeline file.
  var text: String
  /// The same for the oracles.
  var matches: @Sendable (OracleEvent) -> Bool

  static let names = ["a", "b", "c", "d"]
  static let channels = ["web", "app"]
  static let cities = ["Zürich", "北京", "Quote\"City"]

  static func name(_ name: String) -> StageCondition {
    StageCondition(text: "event == \"\(name)\"") { $0.name == name }
  }

  /// A random one; of traits too, if there are some.
  static func random(
    _ generator: inout SeededGenerator, traits: Bool = false
  ) -> StageCondition {
    let name = generator.pick(names)
    let other = generator.pick(names)
    let channel = generator.pick(channels)
    if traits && generator.chance(0.3) { return random(ofTraits: &generator) }
    switch generator.below(10) {
    case 0: return StageCondition(text: "event != \"\(name)\"") { $0.name != name }
    case 1:
      return StageCondition(text: "event in [\"\(name)\", \"\(other)\"]") {
        $0.name == name || $0.name == other
      }
    case 2:
      return StageCondition(text: "event == \"\(name)\" && channel == \"\(channel)\"") {
        $0.name == name && $0.channel == channel
      }
    case 3:
      let bound = generator.whole(1...400)
      return StageCondition(text: "properties.total > \(bound)") {
        $0.units.map { $0 > bound * 100 } ?? false
      }
    default: return .name(name)
    }
  }

  private static func random(ofTraits generator: inout SeededGenerator) -> StageCondition {
    switch generator.below(3) {
    case 0:
      let bound = generator.below(4)
      return StageCondition(text: "users.done >= \(bound)") {
        if case .whole(let count)? = $0.traits["done"] { count >= bound } else { false }
      }
    case 1:
      return StageCondition(text: "users.last_channel == \"web\"") {
        $0.traits["last_channel"] == .text("web")
      }
    default:
      return StageCondition(text: "channel != users.first_channel") {
        guard case .text(let first)? = $0.traits["first_channel"] else { return false }
        return $0.channel != first
      }
    }
  }
}

/// A dimension, as the pipeline has it and as the oracles have it.
struct StageDimension {
  /// Its name.
  var name: String
  /// As an expression of the pipeline file.
  var text: String
  /// The same for the oracles.
  var value: @Sendable (OracleEvent) -> OracleValue

  /// None, one or two random ones, sorted by name; of traits too, if there are some.
  static func random(
    _ generator: inout SeededGenerator, traits: Bool = false
  ) -> [StageDimension] {
    var all = [
      StageDimension(name: "channel", text: "channel") { OracleValue($0.channel) },
      StageDimension(name: "city", text: "properties.city") { OracleValue($0.city) },
      StageDimension(name: "event", text: "event") { OracleValue($0.name) },
    ]
    if traits {
      for trait in ["done", "first_channel", "last_city"] {
        all.append(
          StageDimension(name: trait, text: "users.\(trait)") { $0.traits[trait] ?? .null })
      }
    }
    all.shuffle(using: &generator)
    return all.prefix(generator.pick([0, 0, 1, 1, 2])).sorted { $0.name < $1.name }
  }

  /// What oracles take.
  var oracle: OracleDimension { (name, value) }
}

/// The slots of the events of these tests, by the names that expressions have for them.
enum StageFields {
  /// Names of the decoded fields, by slot.
  static let names = [
    "event", "user_id", "timestamp", "message_id", "record_time", "channel", "properties.city",
    "properties.total", "properties.order",
  ]

  /// Where they come from.
  static let bindings: [FieldBinding] = names.map { name in
    name == "record_time" ? .absent : .paths([name.split(separator: ".").map(String.init)])
  }

  /// The traits that every set of stages with traits has: their slots follow.
  static let traits = ["done", "first_channel", "last_channel", "last_city"]

  /// Compiles an expression over the fields and traits.
  static func compile(_ text: String) throws -> Expression {
    try Expression.compile(text) { path in
      if let slot = names.firstIndex(of: path) { return .slot(slot, type: .unknown) }
      if let index = traits.firstIndex(where: { "users.\($0)" == path }) {
        return .slot(names.count + index, type: .unknown)
      }
      return .unknown(known: names)
    }
  }
}
