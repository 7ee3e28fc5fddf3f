import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an SVG text holds; throws where it is not well-formed.
final class SVGReader: NSObject, XMLParserDelegate {
  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  private(set) var elements: Set<String> = []
  private(set) var attributes: Set<String> = []
  private(set) var rootAttributes: [String: String] = [:]
  /// Places of texts, and of rectangles' left and right ends.
  private(set) var xs: [Double] = []
  private(set) var ys: [Double] = []

  init(_ text: String) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else {
      throw Malformed(
        description: "line \(parser.lineNumber): \(String(describing: parser.parserError))")
    }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes found: [String: String]
  ) {
    if elements.isEmpty { rootAttributes = found }
    elements.insert(name)
    attributes.formUnion(found.keys)
    let x = found["x"].flatMap(Double.init) ?? 0
    let y = found["y"].flatMap(Double.init) ?? 0
    xs += [x, x + (found["width"].flatMap(Double.init) ?? 0)]
    ys += [y, y + (found["height"].flatMap(Double.init) ?? 0)]
    xs += ["x1", "x2"].compactMap { found[$0].flatMap(Double.init) }
    ys += ["y1", "y2"].compactMap { found[$0].flatMap(Double.init) }
    // M x y, L x y.
    let numbers = (found["d"] ?? "").split(whereSeparator: { "ML".contains($0) })
      .filter { !$0.contains("V") && !$0.contains("h") }
      .map { $0.split(separator: " ").compactMap { Double($0) } }
    for pair in numbers where pair.count == 2 {
      xs.append(pair[0])
      ys.append(pair[1])
    }
  }
}
