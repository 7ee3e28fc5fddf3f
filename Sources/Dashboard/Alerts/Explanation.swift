import Foundation
import SnapshotStore

/// What moved an alert, as its row tells it.
struct Explanation {
  /// One value of one dimension.
  struct Part: Decodable {
    var dimension: String
    var value: JSONScalar
    var from: Double?
    var to: Double?
    /// Its part of the change; together they are 1.
    var share: Double
  }

  /// In the window that it is compared with.
  var from: Double?
  /// In the window in which it fired.
  var to: Double?
  /// Those that moved it most first.
  var parts: [Part]

  private struct Stored: Decodable {
    struct Baseline: Decodable { var value: Double? }
    var baseline: Baseline?
    var value: Double?
    var by: [Part]?
  }

  /// Reads it; nil for what is no explanation.
  init?(_ json: String?, _ personal: PersonalDimensions) {
    guard let json, let stored = try? JSONDecoder().decode(Stored.self, from: Data(json.utf8))
    else { return nil }
    let shown = (stored.by ?? []).map { part in
      var part = part
      part.value = personal.masked([part.dimension: part.value])[part.dimension] ?? part.value
      return part
    }
    (from, to, parts) = (stored.baseline?.value, stored.value, shown)
  }
}

/// Where the events of a finding lie.
enum Evidence {
  /// Coordinates by name; none for what is no list of them.
  static func read(_ json: String) -> [DimensionValues] {
    (try? JSONDecoder().decode([DimensionValues].self, from: Data(json.utf8))) ?? []
  }
}
