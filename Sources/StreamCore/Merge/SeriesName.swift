/// The canonical dimensions of a series, told apart by their bytes.
///
/// A `String` takes texts that only look the same for equal; two series would become one.
struct SeriesName: Hashable, Comparable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: SeriesName, b: SeriesName) -> Bool {
    var (a, b) = (a.text, b.text)
    return a.withUTF8 { a in
      b.withUTF8 { b in
        if a.count != b.count { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
      }
    }
  }

  static func < (a: SeriesName, b: SeriesName) -> Bool {
    a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
