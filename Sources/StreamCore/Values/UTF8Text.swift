/// What UTF-8 bytes need beyond being copied.
enum UTF8Text {
  /// Code points in valid UTF-8. O(n).
  static func codePointCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// Length of the valid sequence at `index`, or nil: overlong forms, surrogates and code points
  /// past U+10FFFF are not valid.
  static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int? {
    let lead = bytes[index]
    if lead < 0x80 { return 1 }
    let length: Int
    var low: UInt8 = 0x80
    var high: UInt8 = 0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, low) = (3, 0xA0)
    case 0xED: (length, high) = (3, 0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, low) = (4, 0x90)
    case 0xF4: (length, high) = (4, 0x8F)
    case 0xF1...0xF3: length = 4
    default: return nil
    }
    guard index + length <= bytes.count, bytes[index + 1] >= low, bytes[index + 1] <= high
    else { return nil }
    for offset in 2..<max(2, length) where bytes[index + offset] & 0xC0 != 0x80 { return nil }
    return length
  }

  /// Appends the UTF-8 form of `codePoint`, which is a Unicode scalar.
  static func append(_ codePoint: UInt32, to out: inout [UInt8]) {
    let low = { (shift: UInt32) in UInt8(0x80 | (codePoint >> shift) & 0x3F) }
    switch codePoint {
    case 0..<0x80: out.append(UInt8(codePoint))
    case 0..<0x800: out += [UInt8(0xC0 | codePoint >> 6), low(0)]
    case 0..<0x10000: out += [UInt8(0xE0 | codePoint >> 12), low(6), low(0)]
    default: out += [UInt8(0xF0 | codePoint >> 18), low(12), low(6), low(0)]
    }
  }
}
