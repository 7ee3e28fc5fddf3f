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
  /// Of a KPI the child that moved it most.
  var mover: Mover?

  /// A child of a KPI.
  struct Mover: Decodable {
    var kpi: String
    /// By how much; nil where the formula does not read the child.
    var moved: Double?
  }

  private struct Stored: Decodable {
    struct Baseline: Decodable { var value: Double? }
    var baseline: Baseline?
    var value: Double?
    var by: [Part]?
    var mover: Mover?

    enum CodingKeys: String, CodingKey {
      case baseline, value, by
      case mover = "moved_by"
    }
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
    (from, to, parts, mover) = (stored.baseline?.value, stored.value, shown, stored.mover)
  }
}

/// Where the events of a finding lie.
enum Evidence {
  /// Coordinates by name; none for what is no list of them.
  static func read(_ json: String) -> [DimensionValues] {
    (try? JSONDecoder().decode([DimensionValues].self, from: Data(json.utf8))) ?? []
  }
}
