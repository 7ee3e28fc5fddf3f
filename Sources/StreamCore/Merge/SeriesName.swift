/// The canonical dimensions of a series, told apart by their bytes.
///
/// A `String` takes texts that only look the same for equal; two series would become one.
struct SeriesName: Hashable, Comparable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: SeriesName, b: SeriesName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  static func < (a: SeriesName, b: SeriesName) -> Bool {
    a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
