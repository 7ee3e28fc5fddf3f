/// A small line in a row of a table or a text: the shape alone, without a scale.
public struct Sparkline: Hashable, Sendable {
  /// A value at a place.
  public struct Point: Hashable, Sendable {
    /// From 0, at the left, to 1.
    public var place: Double
    /// Nil is a gap.
    public var value: Double?

    /// Makes a point.
    public init(place: Double, value: Double?) {
      self.place = place
      self.value = value
    }
  }

  /// From left to right.
  public var points: [Point]
  /// A fainter line behind, on the same scale: what it was before.
  public var behind: [Point]
  /// What it shows, in words: it has no other text.
  public var label: String

  /// Makes a line of values at even distances; nil is a gap.
  public init(_ values: [Double?], label: String) {
    let last = Double(max(values.count - 1, 1))
    self.init(
      points: values.enumerated().map { Point(place: Double($0) / last, value: $1) }, label: label)
  }

  /// Makes a line of points from left to right, with another one behind.
  public init(points: [Point], behind: [Point] = [], label: String) {
    self.points = points
    self.behind = behind
    self.label = label
  }

  private static let width = 120.0
  private static let height = 24.0

  /// An `<svg>` element; it needs `ChartStyle.sheet` and `PageStyle.sheet`.
  public var svg: String {
    var svg = SVGWriter()
    let size = "\(SVGWriter.number(Self.width)) \(SVGWriter.number(Self.height))"
    svg.open(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart spark", "viewBox": "0 0 \(size)",
        "role": "img", "aria-label": label, "preserveAspectRatio": "none",
      ])
    svg.element("title", [:], text: label)
    let scale = Scale(points + behind)
    if !behind.isEmpty { svg.path(Self.path(placed(behind, scale)), "line behind") }
    let places = placed(points, scale)
    svg.path(Self.path(places), "line s0")
    if let last = places.last(where: { $0.point != nil })?.point {
      svg.element(
        "circle",
        [
          "class": "bar s0", "cx": SVGWriter.number(last.x), "cy": SVGWriter.number(last.y),
          "r": "2.5",
        ])
    }
    svg.raw("</svg>")
    return svg.text
  }

  private static func path(_ points: [(x: Double, point: PlotPoint?)]) -> String {
    var path = ""
    for run in Downsampling.runs(points) {
      for (index, point) in Downsampling.extremes(run).enumerated() {
        let place = "\(SVGWriter.number(point.x)) \(SVGWriter.number(point.y))"
        path += index == 0 ? "M\(place)" : "L\(place)"
      }
      if run.count == 1 { path += "h0" }
    }
    return path
  }

  /// From the least value or zero to the greatest or zero.
  private struct Scale {
    let least: Double
    let range: Double

    init(_ points: [Point]) {
      let known = points.compactMap { Sparkline.usable($0.value) }
      least = min(known.min() ?? 0, 0)
      let greatest = max(known.max() ?? 1, 0)
      range = greatest > least ? greatest - least : 1
    }
  }

  private static func usable(_ value: Double?) -> Double? {
    value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
  }

  private func placed(_ points: [Point], _ scale: Scale) -> [(x: Double, point: PlotPoint?)] {
    points.map { point in
      let x = 4 + min(max(point.place, 0), 1) * (Self.width - 8)
      let y = Self.usable(point.value).map {
        Self.height - 4 - ($0 - scale.least) / scale.range * (Self.height - 8)
      }
      return (x, y.map { PlotPoint(x: x, y: $0) })
    }
  }
}
