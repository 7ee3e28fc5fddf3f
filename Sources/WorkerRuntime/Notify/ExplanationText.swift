import Foundation

/// What moved an alert, in lines that need no language.
public enum ExplanationText {
  private struct Explanation: Decodable {
    struct Part: Decodable {
      var dimension: String
      var value: String
      var from: Double?
      var to: Double?
      var share: Double?
    }

    struct Baseline: Decodable {
      var value: Double?
    }

    struct Mover: Decodable {
      var kpi: String
      var moved: Double?
    }

    var baseline: Baseline?
    var value: Double?
    var by: [Part]?
    var mover: Mover?

    enum CodingKeys: String, CodingKey {
      case baseline, value, by
      case mover = "moved_by"
    }
  }

  /// A line for the whole, one for the child that moved a KPI, `orders: +30`, and one for each
  /// value that moved it, `platform = mobile: 0.1 → 0.5 (80%)`. None for what is no explanation.
  public static func lines(_ json: String?) -> [String] {
    guard let json,
      let explanation = try? JSONDecoder().decode(Explanation.self, from: Data(json.utf8))
    else { return [] }
    var lines: [String] = []
    if let from = explanation.baseline?.value, let to = explanation.value {
      lines.append("\(number(from)) → \(number(to))")
    }
    if let mover = explanation.mover {
      let moved = mover.moved.map { ": \($0 > 0 ? "+" : "")\(number($0))" } ?? ""
      lines.append(mover.kpi + moved)
    }
    for part in explanation.by ?? [] {
      let share = part.share.map { " (\(Int(($0 * 100).rounded()))%)" } ?? ""
      let change = "\(part.from.map(number) ?? "–") → \(part.to.map(number) ?? "–")"
      lines.append("\(part.dimension) = \(part.value): \(change)\(share)")
    }
    return lines
  }

  /// At most four digits behind the point.
  private static func number(_ value: Double) -> String {
    let text = String(format: "%.4f", value)
    var trimmed = Substring(text)
    while trimmed.hasSuffix("0") { trimmed = trimmed.dropLast() }
    if trimmed.hasSuffix(".") { trimmed = trimmed.dropLast() }
    return String(trimmed)
  }
}
