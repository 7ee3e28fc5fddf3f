/// Finds text in text.
enum TextSearch {
  /// Whether `part` occurs in `text`. Compares sixteen places at once by the first and the last
  /// byte of `part`; O(text × part) only for texts made to be slow.
  static func contains(_ text: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
    guard part.count <= text.count else { return false }
    guard let base = text.baseAddress, let wanted = part.baseAddress, part.count > 0 else {
      return true
    }
    let last = part.count - 1
    let lastStart = text.count - part.count
    let firstBytes = SIMD16<UInt8>(repeating: part[0])
    let lastBytes = SIMD16<UInt8>(repeating: part[last])
    var start = 0
    while start + 15 <= lastStart {
      let heads = base.loadUnaligned(fromByteOffset: start, as: SIMD16<UInt8>.self)
      let tails = base.loadUnaligned(fromByteOffset: start + last, as: SIMD16<UInt8>.self)
      let hits = (heads .== firstBytes) .& (tails .== lastBytes)
      if any(hits) {
        for place in 0..<16 where hits[place] && sameBytes(base + start + place, wanted, last + 1) {
          return true
        }
      }
      start += 16
    }
    while start <= lastStart {
      if text[start] == part[0] && sameBytes(base + start, wanted, last + 1) { return true }
      start += 1
    }
    return false
  }
}

/// The order of texts in which the builder sorts them: by length, then bytes.
enum TextOrder {
  /// Whether `a` comes before `b`.
  static func isBefore(_ a: Value, _ b: Value) -> Bool {
    if a.length != b.length { return a.length < b.length }
    for (x, y) in zip(a.bytes, b.bytes) where x != y { return x < y }
    return false
  }
}
