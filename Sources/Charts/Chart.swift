/// Something that can be drawn on a page.
///
/// Drawings are made of classes alone, without inline style or script: they need
/// `ChartStyle.sheet`, which a page has in its `<style>` or links.
public protocol Chart: Sendable {
  /// What it shows, in one line: visible, and the name that readers of screens say.
  var title: String { get }
  /// What is seen on it, in words, for those who do not see it.
  var summary: String { get }
  /// The language of its fixed words; English unless it is set.
  var words: ChartWords { get set }
  /// The drawing for a width.
  ///
  /// - Parameters:
  ///   - width: In pixels, at least 200.
  ///   - id: Unique on the page; letters, digits, `-`.
  func drawing(width: Double, id: String) -> Drawing
}

/// The inside of an `<svg>` element.
public struct Drawing: Sendable {
  /// Markup.
  public var body: String
  /// Pixels from top to bottom.
  public var height: Double

  /// Makes a drawing of its markup.
  public init(body: String, height: Double) {
    self.body = body
    self.height = height
  }
}

/// Widths for which charts are drawn.
public enum ChartWidth {
  /// For screens, in pixels.
  public static let wide = 960.0
  /// For phones, in pixels.
  public static let narrow = 360.0
}

extension Chart {
  /// One `<svg>` element of a width.
  ///
  /// - Parameters:
  ///   - id: Unique on the page.
  ///   - width: In pixels; it grows and shrinks with its place.
  ///   - classes: Added to the class `chart`.
  public func svg(id: String, width: Double = ChartWidth.wide, classes: String = "") -> String {
    element(id: Markup.identifier(id), width: width, classes: classes, style: nil)
  }

  /// The chart for screens and the one for phones; `ChartStyle.sheet` shows one of them.
  public func responsiveSVG(id: String) -> String {
    svg(id: id, width: ChartWidth.wide, classes: "wide")
      + svg(id: id + "-narrow", width: ChartWidth.narrow, classes: "narrow")
  }

  /// A whole SVG file with its style inside, light or dark as the reader has it.
  public func svgFile(width: Double = ChartWidth.wide) -> String {
    element(id: "chart", width: width, classes: "", style: ChartStyle.sheet)
  }

  private func element(id: String, width: Double, classes: String, style: String?) -> String {
    let width = max(width, 200)
    let drawing = drawing(width: width, id: id)
    let size = "\(SVGWriter.number(width)) \(SVGWriter.number(drawing.height))"
    var svg = SVGWriter()
    svg.raw(
      """
      <svg xmlns="http://www.w3.org/2000/svg" \
      class="\(Markup.escaped(classes.isEmpty ? "chart" : "chart " + classes))" \
      viewBox="0 0 \(size)" role="img" aria-labelledby="\(id)-title" \
      aria-describedby="\(id)-desc">

      """)
    svg.element("title", ["id": id + "-title"], text: title.isEmpty ? summary : title)
    svg.element("desc", ["id": id + "-desc"], text: summary)
    if let style {
      svg.raw("<style>\n\(style)</style>\n")
      svg.rectangle(x: 0, y: 0, width: width, height: drawing.height, "page")
    }
    svg.raw(drawing.body)
    svg.close("svg")
    return svg.text
  }
}
