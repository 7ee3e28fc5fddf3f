import StreamCore

/// Where the event's own fields are in payloads of a well-known kind: a field map, no code.
struct FormatPreset: Sendable {
  /// Its name in the pipeline file.
  var name: String
  /// What writes such payloads, for the reference.
  var text: String
  /// Paths of the event's own fields, in order of preference.
  var paths: [(field: String, paths: [String])]

  /// Every preset, in the order of the reference.
  static let all: [FormatPreset] = [
    FormatPreset(
      name: "segment",
      text: "Segment and RudderStack calls; `page`, `screen` and `identify` calls "
        + "have the call's type as their name.",
      paths: [
        ("name", ["event", "type"]), ("user", ["userId", "anonymousId"]),
        ("time", ["timestamp", "originalTimestamp", "sentAt"]), ("id", ["messageId"]),
      ]),
    FormatPreset(
      name: "posthog", text: "PostHog events.",
      paths: [
        ("name", ["event"]), ("user", ["distinct_id", "properties.distinct_id"]),
        ("time", ["timestamp"]), ("id", ["uuid"]),
      ]),
    FormatPreset(
      name: "snowplow", text: "Snowplow enriched events as JSON.",
      paths: [
        ("name", ["event_name", "event"]),
        ("user", ["user_id", "domain_userid", "network_userid"]),
        ("time", ["derived_tstamp", "collector_tstamp"]), ("id", ["event_id"]),
      ]),
    FormatPreset(
      name: "cloudevents", text: "CloudEvents 1.0 in structured mode; the user is the `subject`.",
      paths: [
        ("name", ["type"]), ("user", ["subject"]), ("time", ["time"]), ("id", ["id"]),
      ]),
    FormatPreset(
      name: "sensors",
      text: "Sensors Analytics (神策) events; profile calls have the call's type as their name.",
      paths: [
        ("name", ["event", "type"]), ("user", ["distinct_id"]), ("time", ["time"]),
        ("id", ["_track_id"]),
      ]),
    FormatPreset(
      name: "custom", text: "Nothing: `fields` says where everything is.", paths: []),
  ]

  /// The preset called `name`.
  static func named(_ name: String) -> FormatPreset? { all.first { $0.name == name } }

  /// Its bindings, by field.
  var bindings: [String: FieldBinding] {
    var bindings: [String: FieldBinding] = [:]
    for (field, paths) in paths {
      bindings[field] = .paths(paths.map { JSONPath.steps(of: $0) })
    }
    return bindings
  }
}

/// Dotted paths into an object.
enum JSONPath {
  /// Steps of one path, and bytes of one step.
  static let stepsMax = 32

  /// `properties.total` as its steps; a step that contains a dot is in backquotes.
  static func steps(of path: String) -> [String] { PathText.steps(of: path) }

  /// Whether `path` can be looked up: no step of it is empty, and there are not too many.
  static func isLegal(_ path: String) -> Bool {
    let steps = steps(of: path)
    return steps.count <= stepsMax && path.utf8.count <= 512 && steps.allSatisfy { !$0.isEmpty }
  }
}
