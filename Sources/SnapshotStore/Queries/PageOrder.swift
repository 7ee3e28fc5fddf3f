import GRDB
import GRDBSQLite
import StreamCore

/// The order of a list that is read in parts, by columns that together name a row.
struct PageOrder {
  /// Name of the list, for cursors: of the table, lower case.
  let list: String
  /// The columns, none of which is ever NULL.
  let columns: [String]
  /// Whether the greatest comes first.
  let isDescending: Bool

  init(_ list: String, _ columns: [String], descending isDescending: Bool) {
    self.list = list
    self.columns = columns
    self.isDescending = isDescending
  }

  fileprivate var sql: String {
    " ORDER BY " + columns.map { isDescending ? "\($0) DESC" : $0 }.joined(separator: ", ")
  }

  /// What cursors call the list in this order.
  fileprivate var name: String { list + (isDescending ? "_d" : "_a") }
}

extension Filter {
  /// Most rows of one part of a list.
  static let maxPageRows = 100_000

  /// Those rows of `table` behind `cursor` that hold the filter, at most `limit` of them, each made
  /// of its `columns`.
  ///
  /// Throws `invalid` for a cursor of another list. O(log rows + rows that are passed) where an
  /// index has the order.
  func page<Row: Sendable>(
    _ db: Database, _ columns: [String], from table: String, _ order: PageOrder, limit: Int,
    after cursor: Cursor?, path: String, _ row: (borrowing BoundStatement.Row) throws -> Row
  ) throws -> Page<Row> {
    var filter = self
    if let cursor { try filter.require(behind: cursor, order, path: path) }
    let limit = min(max(1, limit), Self.maxPageRows)
    let first = Int32(columns.count)
    let select = (columns + order.columns).joined(separator: ", ")
    var rows: [Row] = []
    var last: [Cursor.Part] = []
    var isLonger = false
    _ = try filter.rows(
      db, "SELECT \(select) FROM \(table)", order.sql, limit: limit + 1
    ) { found in
      guard rows.count < limit else {
        isLonger = true
        return
      }
      rows.append(try row(found))
      guard rows.count == limit else { return }
      for index in order.columns.indices {
        let column = first + Int32(index)
        let isNumber = found.type(column) == SQLITE_INTEGER
        last.append(isNumber ? .integer(found.int(column)) : .text(found.text(column)))
      }
    }
    return Page(rows: rows, next: isLonger ? Cursor(list: order.name, parts: last) : nil)
  }

  private mutating func require(behind cursor: Cursor, _ order: PageOrder, path: String) throws {
    guard cursor.list == order.name, cursor.parts.count == order.columns.count else {
      throw StoreError(
        kind: .invalid, path: path, what: "the cursor is not one of this list",
        whatToDo: "Read the list from its beginning, or with the options that gave the cursor")
    }
    let places = order.columns.map { _ in "?" }.joined(separator: ", ")
    require(
      "(\(order.columns.joined(separator: ", "))) \(order.isDescending ? "<" : ">") (\(places))")
    for part in cursor.parts {
      switch part {
      case .integer(let value): add(.integer(value))
      case .text(let value): add(.text(value))
      }
    }
  }
}
