import Digests
import StreamCore

/// A notice as the list of one alert that Alertmanager's `POST /api/v2/alerts` takes.
///
/// Labels tell its alerts apart, so they hold only what stays the same while an alert lasts;
/// everything else is an annotation. `generatorURL` is left out.
enum AlertmanagerJSON {
  /// How long what fires is taken to go on. Alertmanager ends what is not sent again within
  /// minutes, and silence of ours is no all-clear; the end comes with `resolved`.
  static let firingForMs: Int64 = 30 * 86_400_000
  /// The same for a summary, which nothing resolves.
  static let summaryForMs: Int64 = 3_600_000
  /// How long before the decision an alert has ended: an end that lies ahead of Alertmanager's
  /// clock, which may be slow, would be passed over.
  static let clockSkewMs: Int64 = 60_000

  static func payload(of notice: Notice) -> String {
    let past = notice.decidedWallMs &- clockSkewMs
    let end =
      switch notice.event {
      case .resolved: past
      case .summary: notice.decidedWallMs &+ summaryForMs
      case .firing, .repeated, .escalated: notice.decidedWallMs &+ firingForMs
      }
    let alert: [String: JSONValue] = [
      "labels": .object(labels(of: notice).mapValues { .string($0) }),
      "annotations": .object(annotations(of: notice).mapValues { .string($0) }),
      "startsAt": .string(TimeText.rfc3339(min(notice.windowStartMs, past))),
      "endsAt": .string(TimeText.rfc3339(end)),
    ]
    return JSONValue.array([.object(alert)]).text
  }

  /// Labels of legal, distinct names. Those of the rule come before those of dimensions.
  static func labels(of notice: Notice) -> [String: String] {
    var labels = [
      "alertname": notice.rule, "severity": notice.severity, "pipeline": notice.pipeline,
      "kind": notice.kind.rawValue,
    ]
    labels["owner"] = notice.owner
    for (name, value) in JSONValue.sorted(notice.labels) where !value.isEmpty {
      add(name, value, prefix: "label_", to: &labels)
    }
    let dimensions = JSONValue.members(of: notice.dimensions.utf8) ?? [:]
    for (name, value) in JSONValue.sorted(dimensions) {
      let text = PlainText.of(value)
      // An empty label is no label there.
      if value == .null || text.isEmpty { continue }
      add(name, text, prefix: "dimension_", to: &labels)
    }
    return labels
  }

  private static func add(
    _ name: String, _ value: String, prefix: String, to labels: inout [String: String]
  ) {
    var legal = LabelName.legal(name, prefix: prefix)
    if labels[legal] != nil { legal = LabelName.legal(prefix + name, prefix: prefix) }
    if labels[legal] != nil {
      legal += "_" + Hex.text(SHA256Digest.of(name.utf8).prefix(4))
    }
    labels[legal] = value
  }

  private static func annotations(of notice: Notice) -> [String: String] {
    var out = [
      "summary": notice.summary ?? notice.rule,
      "event": notice.event.rawValue,
      "id": notice.id,
      "message_id": notice.messageID,
      "dimensions": notice.dimensions,
      "thresholds": notice.thresholds,
      "window_start": TimeText.rfc3339(notice.windowStartMs),
      "window_end": TimeText.rfc3339(notice.windowEndMs),
      "provisional": notice.isProvisional ? "true" : "false",
    ]
    out["value"] = notice.value.map { JSONValue.double($0).text }
    let lines = notice.lines + notice.explanation
    if !lines.isEmpty { out["description"] = lines.joined(separator: "\n") }
    if let runbook = notice.runbook {
      out[PlainText.isAddress(runbook) ? "runbook_url" : "runbook"] = runbook
    }
    return out
  }
}

/// Names of labels: `[a-zA-Z_][a-zA-Z0-9_]*`, and not beginning with `__`, which is reserved.
enum LabelName {
  static func isLegal(_ name: String) -> Bool {
    guard let first = name.utf8.first, !isDigit(first), !name.hasPrefix("__") else { return false }
    return name.utf8.allSatisfy(isWord)
  }

  /// `name` if it is legal; else with `_` for each other character, behind `prefix` where nothing
  /// of it could begin a name. Different names may come out the same.
  static func legal(_ name: String, prefix: String) -> String {
    if isLegal(name) { return name }
    let letters = name.unicodeScalars.map { scalar in
      scalar.isASCII && isWord(UInt8(scalar.value)) ? UInt8(scalar.value) : UInt8(ascii: "_")
    }
    let text = String(decoding: letters, as: UTF8.self)
    return isLegal(text) ? text : prefix + text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }
}
