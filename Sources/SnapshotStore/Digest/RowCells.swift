import GRDB
import GRDBSQLite
import StreamCore

/// Columns of one stored row of any table of results, the key first; comparable as SQLite compares
/// them.
struct RowCells {
  var cells: [Cell]
  let keyCount: Int

  var key: ArraySlice<Cell> { cells[..<keyCount] }

  enum Cell: Equatable {
    case null
    case integer(Int64)
    case real(UInt64)
    case text([UInt8])

    /// The number of an INTEGER column; nil of any other.
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  }

  /// The next row of a cursor over `selectSettled`; nil at its end, and without one.
  init?(_ cursor: RowCursor?, _ table: ResultTable) throws {
    guard let row = try cursor?.next() else { return nil }
    keyCount = table.key.count
    cells = row.databaseValues.map { value in
      switch value.storage {
      case .null: .null
      case .int64(let value): .integer(value)
      case .double(let value): .real(value.bitPattern)
      case .string(let value): .text(Array(value.utf8))
      case .blob(let value): .text(Array(value))
      }
    }
  }

  /// The first `columns` columns of what a statement returns, the key of `table` first.
  init(_ row: borrowing BoundStatement.Row, columns: Int, _ table: ResultTable) {
    keyCount = table.key.count
    cells = []
    cells.reserveCapacity(columns)
    for column in 0..<Int32(columns) {
      switch row.type(column) {
      case SQLITE_INTEGER: cells.append(.integer(row.int(column)))
      case SQLITE_FLOAT: cells.append(.real(row.double(column).bitPattern))
      case SQLITE_NULL: cells.append(.null)
      default: cells.append(.text(Array(row.bytes(column))))
      }
    }
  }

  /// Whether `a` comes first by key: integers by value, text by its bytes.
  static func precedes(_ a: RowCells, _ b: RowCells) -> Bool {
    for (x, y) in zip(a.key, b.key) where x != y {
      switch (x, y) {
      case (.integer(let x), .integer(let y)): return x < y
      case (.text(let x), .text(let y)): return x.lexicographicallyPrecedes(y)
      default: return x == .null
      }
    }
    return false
  }

  func text(_ columns: [String], from start: Int) -> String {
    zip(columns, cells[start...]).map { name, cell in
      switch cell {
      case .null: "\(name)=null"
      case .integer(let value): "\(name)=\(value)"
      case .real(let bits): "\(name)=\(Double(bitPattern: bits))"
      case .text(let bytes): "\(name)=\(String(decoding: bytes, as: UTF8.self))"
      }
    }.joined(separator: " ")
  }
}

extension ColumnSink {
  mutating func put(_ cell: RowCells.Cell) {
    switch cell {
    case .null: putNull()
    case .integer(let value): put(value)
    case .real(let bits): put(Double(bitPattern: bits))
    case .text(let bytes): put(String(decoding: bytes, as: UTF8.self))
    }
  }
}

/// Takes columns as cells.
struct CellSink: ColumnSink {
  private(set) var cells: [RowCells.Cell] = []

  mutating func put(_ value: Int64) { cells.append(.integer(value)) }
  mutating func put(_ value: Double) { cells.append(.real(value.bitPattern)) }
  mutating func put(_ value: String) { cells.append(.text(Array(value.utf8))) }
  mutating func putNull() { cells.append(.null) }
}

/// Columns of a row as canonical JSON: an object with sorted keys, those columns that are JSON
/// themselves as they are.
enum RowJSON {
  private static let nested: Set = ["dimensions", "entry_events", "exit_events"]

  /// `{"dimensions":{},"metric":"revenue","window_start_ms":0}`. A number without a finite value is
  /// 9e999, which SQLite reads as such. O(bytes).
  static func text(_ columns: [String], _ cells: some Sequence<RowCells.Cell>) -> String {
    var out = Array("{".utf8)
    for (name, cell) in zip(columns, cells).sorted(by: { $0.0 < $1.0 }) {
      if out.count > 1 { out.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: name, to: &out)
      out.append(UInt8(ascii: ":"))
      switch cell {
      case .null: out += "null".utf8
      case .integer(let value): out += "\(value)".utf8
      case .real(let bits):
        let value = Double(bitPattern: bits)
        if value.isInfinite {
          out += (value < 0 ? "-9e999" : "9e999").utf8
        } else {
          CanonicalJSON.append(.double(value), to: &out)
        }
      case .text(let bytes) where nested.contains(name): out += bytes
      case .text(let bytes): bytes.withUnsafeBytes { CanonicalJSON.append(string: $0, to: &out) }
      }
    }
    return String(decoding: out, as: UTF8.self) + "}"
  }
}
