/// Room that text takes, guessed: a server does not know the reader's fonts. Guesses are rather too
/// wide than too narrow.
enum TextWidth {
  /// Pixels of `text` in a sans-serif font of `size` pixels.
  static func of(_ text: String, size: Double = 12) -> Double {
    text.unicodeScalars.reduce(0) { $0 + ems($1) } * size
  }

  /// Width of a character in ems.
  private static func ems(_ scalar: Unicode.Scalar) -> Double {
    switch scalar.value {
    case 0x20, 0x21, 0x27, 0x2C, 0x2E, 0x3A, 0x3B, 0x69, 0x6A, 0x6C, 0x7C: 0.34
    case 0x6D, 0x77, 0x4D, 0x57, 0x40, 0x25: 0.95
    case 0x41...0x5A: 0.7
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
    case ..<0x1100: 0.6
    case 0x2000...0x2BFF: 0.7
    default: 1.05
    }
  }

  /// The longest beginning of `text` within `width`, with `…` where something was cut off.
  static func cut(_ text: String, to width: Double, size: Double = 12) -> String {
    if of(text, size: size) <= width { return text }
    var kept = ""
    var used = of("…", size: size)
    for character in text {
      used += of(String(character), size: size)
      if used > width { break }
      kept.append(character)
    }
    return kept + "…"
  }

  /// `text` in at most `lines` lines of `width`, broken between words where there are any; what is
  /// left over is cut.
  static func wrapped(_ text: String, width: Double, size: Double, lines: Int) -> [String] {
    var result: [String] = []
    var line = ""
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
    for (index, word) in words.enumerated() {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || of(longer, size: size) <= width {
        line = longer
      } else if result.count + 1 == lines {
        line += " " + words[index...].joined(separator: " ")
        break
      } else {
        result.append(line)
        line = String(word)
      }
    }
    result.append(line)
    return result.map { cut($0, to: width, size: size) }
  }
}
