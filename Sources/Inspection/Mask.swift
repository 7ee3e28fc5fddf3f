/// Shows the form of a value and nothing of its content.
///
/// Letters become `a` or `A`, digits `9`, characters of other scripts `文`; signs stay. So
/// `Anna.Lee@example.com` is `Aaaa.Aaa@aaaaaaa.aaa`, and `13812345678` is `99999999999`.
public enum Mask {
  /// Characters that are shown at most.
  static let charactersMax = 32

  /// The form of `text`. Bytes that are no UTF-8 and control characters are `�`.
  static func of(_ text: UnsafeRawBufferPointer, max: Int = charactersMax) -> String {
    let head = UnsafeRawBufferPointer(rebasing: text.prefix(4 * max + 4))
    var masked = ""
    var count = 0
    for scalar in String(decoding: head, as: UTF8.self).unicodeScalars {
      if count == max { return masked + "…" }
      masked.unicodeScalars.append(character(scalar))
      count += 1
    }
    return text.count > head.count ? masked + "…" : masked
  }

  private static func character(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar {
    case "a"..."z": "a"
    case "A"..."Z": "A"
    case "0"..."9": "9"
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFD}": "\u{FFFD}"
    case _ where scalar.isASCII: scalar
    default: "文"
    }
  }

  /// `text` cut to `max` characters, with control characters as `�`: for names, which are shown.
  public static func shown(_ text: String, max: Int = 64) -> String {
    var cleaned = String.UnicodeScalarView()
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == max { return String(cleaned) + "…" }
      cleaned.append(isUnprintable(scalar) ? "\u{FFFD}" : scalar)
    }
    return String(cleaned)
  }

  /// Controls, ends of lines of any kind, marks of the byte order, and what is no character: all
  /// that a YAML file or a terminal may take for something else than text.
  static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: scalar.value & 0xFFFE == 0xFFFE
    }
  }
}
