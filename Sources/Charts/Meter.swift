/// A short bar that says how far something has come: towards a target, or as a share of a whole.
public struct Meter: Hashable, Sendable {
  /// Whether what it shows is as people want it.
  public enum Mood: String, Hashable, Sendable {
    /// Nothing is said about it.
    case plain
    case good
    case bad
  }

  /// From 0 to 1; beyond, it is full or empty. No number: nothing.
  public var share: Double
  /// Where it should be by now, from 0 to 1; nil: nobody says.
  public var mark: Double?
  /// Whether that is as people want it.
  public var mood: Mood
  /// What it shows, in words: it has no other text.
  public var label: String

  /// Makes a bar.
  public init(share: Double, mark: Double? = nil, mood: Mood = .plain, label: String) {
    self.share = share
    self.mark = mark
    self.mood = mood
    self.label = label
  }

  private static let width = 120.0
  private static let height = 10.0

  /// An `<svg>` element; it needs `ChartStyle.sheet` and `PageStyle.sheet`.
  public var svg: String {
    var svg = SVGWriter()
    let size = "\(SVGWriter.number(Self.width)) \(SVGWriter.number(Self.height))"
    svg.open(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart meter", "viewBox": "0 0 \(size)",
        "role": "img", "aria-label": label, "preserveAspectRatio": "none",
      ])
    svg.element("title", [:], text: label)
    svg.rectangle(x: 0, y: 1, width: Self.width, height: 8, "track", radius: 4)
    if share.isFinite, share > 0 {
      svg.rectangle(
        x: 0, y: 1, width: max(min(share, 1) * Self.width, 3), height: 8, "fill \(mood.rawValue)",
        radius: 4)
    }
    if let mark, mark.isFinite, mark > 0, mark < 1 {
      svg.rectangle(x: mark * Self.width - 1, y: 0, width: 2, height: 10, "mark")
    }
    svg.raw("</svg>")
    return svg.text
  }
}
