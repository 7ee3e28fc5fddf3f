import Glibc
import StreamCore

/// Searching bytes in a buffer by index.
enum ByteSearch {
  /// Index of the first `byte` in `base[from..<to]`.
  @inline(__always)
  static func find(_ byte: UInt8, _ base: UnsafePointer<UInt8>, _ from: Int, _ to: Int) -> Int? {
    guard from < to, let found = memchr(base + from, Int32(byte), to - from) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }
}

/// Finds where records end: at a newline, of CSV at a newline outside quotes.
///
/// A quote opens a quoted value only where a value begins; elsewhere it is text, as when a row is
/// decoded.
struct RecordSplitter {
  /// Where a record ends.
  struct Found {
    /// End of its bytes, without CR and newline.
    var end: Int
    /// Where the next record begins.
    var next: Int
    /// Newlines in it, its own included.
    var lines: Int
  }

  /// Whether a line of blanks is an empty line; in a table separated by tabs it is a row.
  let skipsBlankLines: Bool
  private let isCSV: Bool
  private let delimiter: UInt8
  private let allowsBlanksBeforeQuote: Bool
  /// A lower bound for the first quote not passed yet, so that text without quotes is searched
  /// for them once, not once a record.
  private var quoteFrom = -1

  private static let quote: UInt8 = 0x22
  private static let newline: UInt8 = 0x0A

  init(format: PayloadFormat) {
    if case .csv(let csv) = format {
      isCSV = true
      skipsBlankLines = csv.delimiter != 0x09
      delimiter = csv.delimiter
      allowsBlanksBeforeQuote = csv.trim || csv.delimiter == 0x20
    } else {
      isCSV = false
      skipsBlankLines = true
      delimiter = 0
      allowsBlanksBeforeQuote = false
    }
  }

  /// To be called when the bytes under the indices have changed.
  mutating func bufferChanged() {
    quoteFrom = -1
  }

  /// The record that begins at `start`, or nil when the bytes up to `end` do not hold all of it.
  ///
  /// - Parameters:
  ///   - atEnd: Nothing follows `end`: what is left is a record.
  ///   - limit: Bytes after which an open quote is taken for text.
  @inline(__always)
  mutating func record(
    in base: UnsafePointer<UInt8>, from start: Int, to end: Int, atEnd: Bool, limit: Int
  ) -> Found? {
    let newline = ByteSearch.find(Self.newline, base, start, end)
    if isCSV, nextQuote(base, start, end) < newline ?? end {
      switch quotedEnd(base, start, end, atEnd: atEnd) {
      case .ends(let at):
        return found(base, start, newline: at, lines: countLines(base, start, at))
      case .needsMore:
        if !atEnd, end - start <= limit { return nil }
      case .restIsRecord:
        return rest(base, start, end, lines: countLines(base, start, end))
      }
    }
    if let newline { return found(base, start, newline: newline, lines: 1) }
    return atEnd ? rest(base, start, end, lines: 1) : nil
  }

  @inline(__always)
  private func found(
    _ base: UnsafePointer<UInt8>, _ start: Int, newline: Int, lines: Int
  ) -> Found {
    let hasReturn = newline > start && base[newline - 1] == 0x0D
    return Found(end: hasReturn ? newline - 1 : newline, next: newline + 1, lines: lines)
  }

  private func rest(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, lines: Int
  ) -> Found {
    let hasReturn = end > start && base[end - 1] == 0x0D
    return Found(end: hasReturn ? end - 1 : end, next: end, lines: lines)
  }

  /// Index of the first quote at or after `start`; `end` when there is none.
  @inline(__always)
  private mutating func nextQuote(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    if quoteFrom < start { quoteFrom = ByteSearch.find(Self.quote, base, start, end) ?? end }
    return quoteFrom
  }

  private enum QuotedEnd {
    /// The newline that ends the record.
    case ends(Int)
    /// A quote is open at the end of the bytes.
    case needsMore
    /// All quotes are closed and the input ends without a newline.
    case restIsRecord
  }

  /// Where a record with quotes in it ends.
  private func quotedEnd(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, atEnd: Bool
  ) -> QuotedEnd {
    var at = start
    var newline = ByteSearch.find(Self.newline, base, at, end)
    while let quote = ByteSearch.find(Self.quote, base, at, end), quote < newline ?? end {
      at = quote + 1
      guard opensValue(base, start, quote) else { continue }
      while true {
        guard let closing = ByteSearch.find(Self.quote, base, at, end) else { return .needsMore }
        at = closing + 1
        if at == end, !atEnd { return .needsMore }
        guard at < end, base[at] == Self.quote else { break }
        at += 1
      }
      if let passed = newline, passed < at {
        newline = ByteSearch.find(Self.newline, base, at, end)
      }
    }
    if let newline { return .ends(newline) }
    return atEnd ? .restIsRecord : .needsMore
  }

  /// Whether a value begins at the quote at index `quote`.
  private func opensValue(_ base: UnsafePointer<UInt8>, _ start: Int, _ quote: Int) -> Bool {
    var before = quote - 1
    if allowsBlanksBeforeQuote {
      while before >= start, base[before] == 0x20 || base[before] == 0x09 {
        if base[before] == delimiter || delimiter == 0x20 { return true }
        before -= 1
      }
    }
    return before < start || base[before] == delimiter
  }

  private func countLines(_ base: UnsafePointer<UInt8>, _ start: Int, _ last: Int) -> Int {
    var lines = 1
    var at = start
    while let newline = ByteSearch.find(Self.newline, base, at, last) {
      lines += 1
      at = newline + 1
    }
    return lines
  }
}
