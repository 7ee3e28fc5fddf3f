/// The title above a drawing.
enum Titles {
  static let pitch = 20.0
  /// Bold letters are wider.
  private static let size = 16.8

  static func lines(_ title: String, width: Double) -> [String] {
    title.isEmpty ? [] : TextWidth.wrapped(title, width: width, size: size, lines: 2)
  }

  static func paint(_ lines: [String], on svg: inout SVGWriter) {
    for (index, line) in lines.enumerated() {
      svg.label(line, x: 0, y: 15 + pitch * Double(index), "title")
    }
  }
}
