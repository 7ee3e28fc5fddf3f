/// The cells of one CSV row, one after another, without copying.
///
/// RFC 4180, and a little more: a quote inside an unquoted cell is an ordinary character; one line
/// end at the row's end is dropped. A space as delimiter stands for any run of spaces and tabs, and
/// blanks at either end of the row are nothing.
struct CSVCells {
  enum Outcome {
    case cell
    case end
    case fault(CSVFault)
  }

  /// The cell found last, without its quotes.
  private(set) var text = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Whether `text` holds doubled quotes that stand for one.
  private(set) var hasDoubledQuotes = false
  /// Where the scan stands.
  private(set) var at: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private let delimiter: UInt8
  private let blankRun: Bool
  private let trim: Bool
  private var more: Bool

  private static let quote = UInt8(ascii: "\"")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  init(_ row: UnsafePointer<UInt8>, count: Int, delimiter: UInt8, trim: Bool) {
    var end = row + count
    if end > row, end[-1] == Self.newline { end -= 1 }
    if end > row, end[-1] == Self.carriageReturn { end -= 1 }
    at = row
    blankRun = delimiter == UInt8(ascii: " ")
    if blankRun {
      while at < end, Self.isBlank(at.pointee) { at += 1 }
      while end > at, Self.isBlank(end[-1]) { end -= 1 }
    }
    self.end = end
    self.delimiter = delimiter
    self.trim = trim && !blankRun
    more = at < end
  }

  /// Whether the row holds nothing at all.
  var isEmpty: Bool { at == end }

  /// Finds the next cell. Nothing more is to be asked after `end` or a fault.
  mutating func next() -> Outcome {
    guard more else { return .end }
    if trim { skipBlanks() }
    hasDoubledQuotes = false
    if at < end, at.pointee == Self.quote { return quoted() }
    return unquoted()
  }

  private mutating func unquoted() -> Outcome {
    let start = at
    while at < end, !isDelimiter(at.pointee) {
      if at.pointee == Self.newline { return .fault(.secondRow) }
      at += 1
    }
    var stop = at
    if trim { while stop > start, Self.isBlank(stop[-1]) { stop -= 1 } }
    text = UnsafeRawBufferPointer(start: start, count: stop - start)
    passDelimiter()
    return .cell
  }

  private mutating func quoted() -> Outcome {
    let opening = at
    at += 1
    let start = at
    while true {
      while at < end, at.pointee != Self.quote { at += 1 }
      guard at < end else {
        at = opening
        return .fault(.unterminatedQuote)
      }
      guard at + 1 < end, at[1] == Self.quote else { break }
      hasDoubledQuotes = true
      at += 2
    }
    text = UnsafeRawBufferPointer(start: start, count: at - start)
    at += 1
    if trim { skipBlanks() }
    if at < end, !isDelimiter(at.pointee) {
      let isLineEnd = at.pointee == Self.newline || at.pointee == Self.carriageReturn
      return .fault(isLineEnd ? .secondRow : .textAfterQuote)
    }
    passDelimiter()
    return .cell
  }

  private mutating func passDelimiter() {
    more = at < end
    guard more else { return }
    at += 1
    if blankRun { skipBlanks() }
  }

  private mutating func skipBlanks() {
    while at < end, Self.isBlank(at.pointee), blankRun || at.pointee != delimiter { at += 1 }
  }

  @inline(__always)
  private func isDelimiter(_ byte: UInt8) -> Bool {
    blankRun ? Self.isBlank(byte) : byte == delimiter
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Writes a cell to `out` with each doubled quote made one, and gives the bytes written. `out`
  /// needs as many bytes as the cell has.
  static func undouble(_ cell: UnsafeRawBufferPointer, to out: UnsafeMutablePointer<UInt8>) -> Int {
    var written = 0
    var index = 0
    while index < cell.count {
      out[written] = cell[index]
      written += 1
      index += cell[index] == quote ? 2 : 1
    }
    return written
  }
}

/// A mark that some programs put before UTF-8 text.
enum ByteOrderMark {
  /// Bytes of the mark at the start of a payload: 3 or 0.
  @inline(__always)
  static func length(_ payload: UnsafePointer<UInt8>, count: Int) -> Int {
    count >= 3 && payload[0] == 0xEF && payload[1] == 0xBB && payload[2] == 0xBF ? 3 : 0
  }
}
