/// Splits single CSV rows into strings: header rows, previews. Not for the hot path.
public enum CSVSplitter {
  /// The cells of one row, with quotes resolved, numbers without the separators of `thousands`,
  /// and a byte-order mark dropped.
  ///
  /// Gives nil for a row that is not CSV of this format: not UTF-8, a quote that is not closed,
  /// text after a closing quote, more than one row. A row without any text has no cells. O(bytes).
  public static func cells(in row: UnsafeRawBufferPointer, format: CSVFormat) -> [String]? {
    guard let base = row.baseAddress else { return [] }
    guard isUTF8(row), format.delimiter < 0x80 else { return nil }
    let start = base.assumingMemoryBound(to: UInt8.self)
    let mark = ByteOrderMark.length(start, count: row.count)
    var scan = CSVCells(
      start + mark, count: row.count - mark, delimiter: format.delimiter, trim: format.trim)
    var cells: [String] = []
    while true {
      switch scan.next() {
      case .end: return cells
      case .fault: return nil
      case .cell:
        guard scan.hasDoubledQuotes else {
          let text = String(decoding: scan.text, as: UTF8.self)
          cells.append(format.thousands?.plain(text) ?? text)
          continue
        }
        let text = scan.text
        cells.append(
          String(unsafeUninitializedCapacity: text.count) { out in
            out.baseAddress.map { CSVCells.undouble(text, to: $0) } ?? 0
          })
      }
    }
  }
}
