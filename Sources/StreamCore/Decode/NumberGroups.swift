/// Reads numbers as people and spreadsheets write them, with separators between thousands.
public struct NumberGroups: Sendable, Equatable {
  /// Between groups of three digits: `,` `.` `'` or a blank, which stands for no-break blanks too.
  public let separator: UInt8

  /// Separators that there are.
  public static let separators = [",", "'", ".", " "]

  /// Nil for a text that is no separator.
  public init?(separator: String) {
    guard Self.separators.contains(separator), let byte = separator.utf8.first else { return nil }
    self.separator = byte
  }

  /// The mark before decimals: a comma where thousands have a point or a blank, else a point.
  public var decimalMark: UInt8 {
    separator == UInt8(ascii: ".") || separator == UInt8(ascii: " ")
      ? UInt8(ascii: ",") : UInt8(ascii: ".")
  }

  /// `cell` as a number without separators and with a decimal point, if as a whole it is a number
  /// with proper groups or with a decimal comma; nil when it is to stay as it is. O(bytes).
  public func plain(_ cell: String) -> String? {
    var copy = Array(cell.utf8)
    let count = copy.count
    return copy.withUnsafeMutableBytes { bytes -> String? in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
        let written = write(UnsafeRawBufferPointer(start: base, count: count), to: base)
      else { return nil }
      return String(
        decoding: UnsafeBufferPointer(start: base, count: written), as: UTF8.self)
    }
  }

  /// Writes the number to `out`, which has room for the cell and may be the cell itself, and gives
  /// its bytes; nil, with nothing written, when the cell is to stay as it is.
  func write(_ cell: UnsafeRawBufferPointer, to out: UnsafeMutablePointer<UInt8>) -> Int? {
    guard let wholeEnd = wholeEnd(of: cell) else { return nil }
    var written = 0
    var at = 0
    while at < cell.count {
      let skipped = at < wholeEnd ? separatorLength(cell, at) : 0
      if skipped > 0 {
        at += skipped
        continue
      }
      // A plus sign says nothing.
      if !(at == 0 && cell[0] == UInt8(ascii: "+")) {
        out[written] = at == wholeEnd ? UInt8(ascii: ".") : cell[at]
        written += 1
      }
      at += 1
    }
    return written
  }

  /// Where the whole part ends, in a cell that is written anew.
  private func wholeEnd(of cell: UnsafeRawBufferPointer) -> Int? {
    guard cell.count >= 3 else { return nil }
    var at = cell[0] == UInt8(ascii: "-") || cell[0] == UInt8(ascii: "+") ? 1 : 0
    let first = at
    var digits = 0
    while at < cell.count, Digits.one(cell[at]) != nil {
      at += 1
      digits += 1
    }
    guard digits > 0 else { return nil }
    var groups = 0
    while digits <= 3, case let length = separatorLength(cell, at), length > 0 {
      let start = at + length
      guard start + 3 <= cell.count,
        (start..<(start + 3)).allSatisfy({ Digits.one(cell[$0]) != nil })
      else { return nil }
      at = start + 3
      groups += 1
    }
    // A group never begins a number with a zero: `0,123` is something else.
    if groups > 0, cell[first] == UInt8(ascii: "0") { return nil }
    let wholeEnd = at
    if at < cell.count {
      guard cell[at] == decimalMark, at + 1 < cell.count else { return nil }
      at += 1
      while at < cell.count, Digits.one(cell[at]) != nil { at += 1 }
      guard at == cell.count else { return nil }
    }
    let hasComma = wholeEnd < cell.count && decimalMark == UInt8(ascii: ",")
    return groups > 0 || hasComma ? wholeEnd : nil
  }

  /// Bytes of the separator at `at`: 0 when there is none.
  @inline(__always)
  private func separatorLength(_ cell: UnsafeRawBufferPointer, _ at: Int) -> Int {
    guard at < cell.count else { return 0 }
    if cell[at] == separator { return 1 }
    guard separator == UInt8(ascii: " "), cell[at] >= 0xC2 else { return 0 }
    // U+00A0, U+2009 and U+202F.
    if at + 1 < cell.count, cell[at] == 0xC2, cell[at + 1] == 0xA0 { return 2 }
    if at + 2 < cell.count, cell[at] == 0xE2, cell[at + 1] == 0x80,
      cell[at + 2] == 0xAF || cell[at + 2] == 0x89
    {
      return 3
    }
    return 0
  }
}
