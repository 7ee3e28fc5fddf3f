/// A small line in a row of a table or a text: the shape alone, without a scale.
public struct Sparkline: Hashable, Sendable {
  /// From left to right, evenly; nil is a gap.
  public var values: [Double?]
  /// What it shows, in words: it has no other text.
  public var label: String

  /// Makes a line.
  public init(_ values: [Double?], label: String) {
    self.values = values
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
        "role": "img", "aria-label": label,
      ])
    svg.element("title", [:], text: label)
    let points = placed
    var path = ""
    for run in Downsampling.runs(points) {
      for (index, point) in Downsampling.extremes(run).enumerated() {
        let place = "\(SVGWriter.number(point.x)) \(SVGWriter.number(point.y))"
        path += index == 0 ? "M\(place)" : "L\(place)"
      }
      if run.count == 1 { path += "h0" }
    }
    svg.path(path, "line s0")
    if let last = points.last(where: { $0.point != nil })?.point {
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

  private var placed: [(x: Double, point: PlotPoint?)] {
    let usable = values.map { value in
      value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
    }
    let known = usable.compactMap { $0 }
    let least = min(known.min() ?? 0, 0)
    let greatest = max(known.max() ?? 1, 0)
    let range = greatest > least ? greatest - least : 1
    let step = (Self.width - 8) / Double(max(values.count - 1, 1))
    return usable.enumerated().map { index, value in
      let x = 4 + Double(index) * step
      return (
        x,
        value.map { PlotPoint(x: x, y: Self.height - 4 - ($0 - least) / range * (Self.height - 8)) }
      )
    }
  }
}
