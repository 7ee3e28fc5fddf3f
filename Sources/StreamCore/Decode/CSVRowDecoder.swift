/// Decodes the planned columns of CSV rows.
///
/// An empty cell, quoted or not, is null. A row shorter than the header lacks its last columns;
/// cells beyond the header are not read, though they must be well-formed. Of columns with one name
/// the last counts. Every value is of kind `string`; with `thousands`, numbers with separators are
/// texts without them.
struct CSVRowDecoder {
  private let format: CSVFormat
  private let paths: [FieldLayout.Path]
  /// The place in a row of each column, or -1; nil while the header is unknown.
  private var placeOfColumn: [Int]?

  init(_ paths: [FieldLayout.Path], format: CSVFormat) {
    self.format = format
    self.paths = paths
    if let header = format.header { setHeader(header) }
  }

  /// Names the columns. O(columns × paths).
  mutating func setHeader(_ columns: [String]) {
    var columns = columns
    if let first = columns.first, first.unicodeScalars.first == "\u{FEFF}" {
      columns[0] = String(first.unicodeScalars.dropFirst())
    }
    var places = Array(repeating: -1, count: columns.count)
    for path in paths {
      let name = path.steps.joined(separator: ".")
      if let column = columns.lastIndex(of: name) { places[column] = path.place }
    }
    placeOfColumn = places
  }

  /// Decodes a row. Text made anew goes to `scratch` from `used` on, which needs `count` free
  /// bytes. Gives nil, or the fault and its byte.
  func decode(
    _ payload: UnsafePointer<UInt8>, count: Int, into row: FieldRow,
    scratch: UnsafeMutablePointer<UInt8>, used: inout Int
  ) -> (fault: CSVFault, offset: Int)? {
    guard let placeOfColumn else { return (.noHeader, 0) }
    guard format.delimiter < 0x80 else { return (.delimiterNotASCII, 0) }
    guard isUTF8(UnsafeRawBufferPointer(start: payload, count: count)) else {
      return (.notUTF8, 0)
    }
    var scan = CSVCells(payload, count: count, delimiter: format.delimiter, trim: format.trim)
    var column = 0
    while true {
      switch scan.next() {
      case .end: return nil
      case .fault(let fault): return (fault, scan.at - payload)
      case .cell:
        if column < placeOfColumn.count, placeOfColumn[column] >= 0 {
          row[placeOfColumn[column]] = value(of: scan, scratch: scratch, used: &used)
        }
        column += 1
      }
    }
  }

  private func value(
    of scan: CSVCells, scratch: UnsafeMutablePointer<UInt8>, used: inout Int
  ) -> Value {
    if scan.text.isEmpty { return .null }
    if let thousands = format.thousands,
      let written = thousands.write(scan.text, to: scratch + used)
    {
      defer { used += written }
      return .text(.string, UnsafeRawBufferPointer(start: scratch + used, count: written))
    }
    guard scan.hasDoubledQuotes else { return .text(.string, scan.text) }
    let out = scratch + used
    let written = CSVCells.undouble(scan.text, to: out)
    used += written
    return .text(.string, UnsafeRawBufferPointer(start: out, count: written))
  }
}
