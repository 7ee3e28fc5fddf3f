import GRDBSQLite
import StreamCore

/// The bytes of a row that the result digest hashes: the table's name and each column in the order
/// of `ResultTable.digested`, every one with a tag, as the head of `docs/schema.sql` lays down.
///
/// One buffer is used again for row after row.
struct CanonicalRow: ColumnSink {
  private(set) var bytes: [UInt8] = []
  private var headCount = 0

  /// Makes rows of `table`.
  init(of table: ResultTable) {
    bytes.reserveCapacity(256)
    put(table.name)
    headCount = bytes.count
  }

  /// Encodes the columns that `row` returns from its first on. O(bytes).
  mutating func encode(_ row: borrowing BoundStatement.Row, columns: Int) {
    restart()
    for column in 0..<Int32(columns) {
      switch row.type(column) {
      case SQLITE_INTEGER: put(row.int(column))
      case SQLITE_FLOAT: put(row.double(column))
      case SQLITE_NULL: putNull()
      default: append(row.bytes(column))
      }
    }
  }

  /// Encodes a row that is about to be stored; the same bytes as when it is read back.
  mutating func encode(_ row: some DigestedRow) {
    restart()
    row.putKey(into: &self)
    row.putValues(into: &self)
  }

  /// Encodes a row's digested columns that were read before.
  mutating func encode(_ cells: some Sequence<RowCells.Cell>) {
    restart()
    for cell in cells { put(cell) }
  }

  mutating func put(_ value: Int64) {
    bytes.append(Tag.integer)
    append(bigEndian: UInt64(bitPattern: value))
  }

  mutating func put(_ value: Double) {
    bytes.append(Tag.real)
    // SQLite stores whole numbers as integers, which have no negative zero.
    append(bigEndian: value == 0 ? 0 : value.bitPattern)
  }

  mutating func put(_ value: String) {
    var text = value
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  mutating func putNull() { bytes.append(Tag.null) }

  private enum Tag {
    static let null: UInt8 = 0
    static let integer: UInt8 = 1
    static let real: UInt8 = 2
    static let text: UInt8 = 3
  }

  private mutating func restart() { bytes.removeSubrange(headCount...) }

  private mutating func append(_ text: UnsafeRawBufferPointer) {
    bytes.append(Tag.text)
    append(bigEndian: UInt64(text.count))
    bytes.append(contentsOf: text)
  }

  private mutating func append(bigEndian value: UInt64) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
