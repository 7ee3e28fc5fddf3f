import StreamCore

/// Tells from the first bytes of a file how its records are read.
public enum FormatGuess {
  /// Columns of files without names for them are called `column_1`, `column_2`, …
  public static let columnPrefix = "column_"
  /// Bytes of a file's beginning that are enough.
  public static let headBytes = 64 << 10

  /// How the records are read, with a header where the file has none of its own.
  ///
  /// - Parameter head: The beginning of the file; at most `headBytes` are looked at.
  public static func format(of head: [UInt8]) -> PayloadFormat {
    let encoding = TextEncoding.guess(head) ?? .utf8
    let lines = lines(of: readable(head, encoding))
    guard let first = lines.first else { return .json }
    let start = first.first { $0 != 0x20 && $0 != 0x09 }
    if start == UInt8(ascii: "{") || start == UInt8(ascii: "[") { return .json }
    let delimiter = delimiter(of: lines)
    var format = CSVFormat(delimiter: delimiter, trim: delimiter == 0x20, encoding: encoding)
    let rows = lines.prefix(50).compactMap { line in
      line.withUnsafeBytes { CSVSplitter.cells(in: $0, format: format) }
    }
    guard let names = rows.first, !names.isEmpty else { return .csv(format) }
    if !isHeader(names, of: rows.dropFirst()) {
      let count = rows.map(\.count).max() ?? names.count
      format.header = (1...max(count, 1)).map { "\(columnPrefix)\($0)" }
    }
    return .csv(format)
  }

  /// The same text in UTF-8 as far as signs of ASCII go. Characters of other encodings become
  /// letters, different ones for different bytes: that is enough to tell names from values.
  private static func readable(_ head: [UInt8], _ encoding: TextEncoding) -> [UInt8] {
    switch encoding {
    case .utf8: return head
    case .utf16, .utf16LE, .utf16BE:
      let isBig = encoding == .utf16BE || head.starts(with: [0xFE, 0xFF])
      var units: [UInt16] = []
      for index in stride(from: 0, to: head.count - 1, by: 2) {
        let (first, second) = (UInt16(head[index]), UInt16(head[index + 1]))
        units.append(isBig ? first << 8 | second : second << 8 | first)
      }
      return Array(String(decoding: units.filter { $0 != 0xFEFF }, as: UTF16.self).utf8)
    default:
      var text: [UInt8] = []
      var isSecond = false
      for byte in head {
        // The second byte of a pair may look like a sign of ASCII.
        let isLetter = isSecond || byte >= 0x80
        isSecond = !isSecond && byte > 0x80
        text.append(isLetter ? UInt8(ascii: "a") + byte % 26 : byte)
      }
      return text
    }
  }

  /// Whole lines of the beginning, without empty ones and a mark of the byte order.
  private static func lines(of head: [UInt8]) -> [ArraySlice<UInt8>] {
    var bytes = head.prefix(headBytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let isWhole = bytes.last == 0x0A || head.count < headBytes
    var lines = bytes.split(separator: 0x0A).map { line in
      line.last == 0x0D ? line.dropLast() : line
    }
    if !isWhole, lines.count > 1 { lines.removeLast() }
    return lines.filter { line in line.contains { $0 != 0x20 && $0 != 0x09 } }
  }

  /// The delimiter that cuts most lines into the same number of cells, more than one.
  private static func delimiter(of lines: [ArraySlice<UInt8>]) -> UInt8 {
    var best: (delimiter: UInt8, score: Double) = (0x2C, 0)
    for delimiter: UInt8 in [0x2C, 0x09, 0x3B, 0x7C, 0x20] {
      let format = CSVFormat(delimiter: delimiter)
      let counts = lines.prefix(50).map { line in
        line.withUnsafeBytes { CSVSplitter.cells(in: $0, format: format)?.count ?? 0 }
      }
      var frequency: [Int: Int] = [:]
      for count in counts { frequency[count, default: 0] += 1 }
      guard
        let common = frequency.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), common.key > 1
      else { continue }
      // A blank is also between words: it has to be better than all others.
      let weight = delimiter == 0x20 ? 0.8 : 1.0
      let score = weight * Double(common.value) / Double(counts.count)
      if score > best.score + 0.001 { best = (delimiter, score) }
    }
    return best.delimiter
  }

  /// Whether a row holds names: texts that are no numbers, times or the like, and none of the
  /// values below. A name may be missing, come twice or be a word such as `No`: then most have to
  /// be texts, and a column below one of them has to hold numbers, times or the like.
  private static func isHeader(
    _ names: [String], of rows: ArraySlice<[String]>
  ) -> Bool {
    let trimmed = names.map { String($0.drop { $0 == " " }) }
    let kinds = trimmed.map(kind)
    let filled = trimmed.filter { !$0.isEmpty }
    let isNamed = zip(trimmed, kinds).allSatisfy { name, kind in
      name.isEmpty || kind == .text || kind == .boolean
    }
    guard isNamed, !filled.isEmpty else { return false }
    for (index, name) in trimmed.enumerated() where !name.isEmpty {
      let isValue = rows.contains { index < $0.count && $0[index] == name }
      if isValue { return false }
    }
    let isPlain = filled.count == names.count && Set(filled).count == filled.count
    if isPlain, !kinds.contains(.boolean) { return true }
    let texts = trimmed.indices.filter { kinds[$0] == .text && !trimmed[$0].isEmpty }
    guard texts.count * 2 > names.count else { return false }
    return texts.contains { index in
      let values = rows.compactMap { index < $0.count && !$0[index].isEmpty ? $0[index] : nil }
      return values.count { ![.text, .boolean].contains(kind(of: $0)) } * 2 > values.count
    }
  }

  private static func kind(of text: String) -> ValueKind {
    Array(text.utf8).withUnsafeBytes { KindScan.kind(of: $0) }
  }
}
