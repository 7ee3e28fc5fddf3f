import PipelineSpec
import StreamCore

/// Where presets of the pipeline file have the event's own fields, asked of the file's own reader.
enum PresetFields {
  /// Presets by name, and names of fields of which one has to be there for the preset to be
  /// recognised: what a payload of this kind has and others have not.
  private static let signatures: [(name: String, anyOf: [[String]])] = [
    ("cloudevents", [["specversion"]]),
    ("snowplow", [["event_vendor"], ["derived_tstamp"], ["collector_tstamp"]]),
    ("sensors", [["_track_id"], ["lib", "$lib"], ["properties", "$lib"]]),
    ("posthog", [["distinct_id"], ["properties", "distinct_id"]]),
    ("segment", [["messageId"], ["anonymousId"], ["originalTimestamp"]]),
  ]

  /// Names in the order in which they are tried.
  static var names: [String] { signatures.map(\.name) }

  /// The preset's roles, when its fields are there; always when it is forced.
  static func roles(of preset: String, in fields: [FieldProfile], isForced: Bool) -> RoleChoice? {
    let known = Set(fields.filter { $0.filled > 0 }.map(\.steps))
    let signs = signatures.first { $0.name == preset }?.anyOf ?? []
    guard isForced || signs.contains(where: known.contains) else { return nil }
    guard let bindings = bindings(of: preset) else { return nil }
    var fills: [Double] = []
    func choice(_ slot: Int) -> RoleChoice.Choice? {
      guard slot < bindings.count, case .paths(let paths) = bindings[slot] else { return nil }
      let found = fields.filter { paths.contains($0.steps) && $0.filled > 0 }
      fills.append(min(1, found.reduce(0) { $0 + $1.fill }))
      guard isForced || !found.isEmpty else { return nil }
      return RoleChoice.Choice(
        paths: paths, reason: "preset \(preset)", confidence: isForced ? 1 : 0.95)
    }
    var roles = RoleChoice()
    roles.preset = preset
    roles.name = choice(Slot.name)
    roles.time = choice(Slot.time)
    let isThere = fills.allSatisfy { $0 > 0.9 }
    roles.user = choice(Slot.user)
    roles.id = choice(Slot.id)
    guard isForced || (roles.isUsable && isThere) else { return nil }
    return roles
  }

  /// The bindings of the event's own fields, by slot.
  private static func bindings(of preset: String) -> [FieldBinding]? {
    let text = """
      name: preset
      source: {format: \(preset)}
      metrics: {events: {count: true, every: 1h}}
      """
    return try? Pipeline.parse(text: text, file: "preset").plan.sources.first?.fields
  }
}
