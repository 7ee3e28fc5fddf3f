import StreamCore

/// Writes CSV rows as JSON objects of texts, so that a pipeline reads the same events from both.
///
/// As in the pipeline's paths, a dot in a column's name is a step down: `properties.total` becomes
/// `{"properties":{"total":"9.50"}}`, except where another column is named `properties`. An empty
/// or missing cell is null; of columns with one name the last counts. Cells beyond the header are
/// kept, as an array under `_rest`.
struct RowToJSON {
  /// The object made last.
  private(set) var json: [UInt8] = []

  private let format: CSVFormat
  private let columns: Int
  /// What to write: text, then the cell of a column, by turns.
  private var parts: [(text: [UInt8], column: Int)] = []
  /// Text that closes the inner objects after the last cell.
  private var tail: [UInt8] = []

  /// An object to write: its keys in order of the header.
  private struct Node {
    var keys: [String] = []
    var children: [Node] = []
    var column: Int?
  }

  /// Makes a writer for rows of `format`, whose header is filled in.
  init(format: CSVFormat) {
    self.format = format
    let header = format.header ?? []
    columns = header.count
    var root = Node()
    let names = Set(header)
    for (column, name) in header.enumerated() {
      Self.insert(column, at: Self.steps(of: name, among: names)[...], into: &root)
    }
    write(root)
  }

  /// The steps of a column's name; the whole name where they would run into another column.
  private static func steps(of name: String, among names: Set<String>) -> [String] {
    let steps = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for count in 1..<max(steps.count, 2) where count < steps.count {
      if names.contains(steps[..<count].joined(separator: ".")) { return [name] }
    }
    return steps.contains("") ? [name] : steps
  }

  private static func insert(_ column: Int, at steps: ArraySlice<String>, into node: inout Node) {
    guard let step = steps.first else {
      node.column = column
      return
    }
    let index = node.keys.firstIndex(of: step) ?? node.keys.count
    if index == node.keys.count {
      node.keys.append(step)
      node.children.append(Node())
    }
    insert(column, at: steps.dropFirst(), into: &node.children[index])
  }

  /// Turns a node into parts.
  private mutating func write(_ node: Node) {
    if let column = node.column {
      parts.append((tail, column))
      tail = []
      return
    }
    tail.append(UInt8(ascii: "{"))
    for (index, key) in node.keys.enumerated() {
      if index > 0 { tail.append(UInt8(ascii: ",")) }
      Self.appendText(key, to: &tail)
      tail.append(UInt8(ascii: ":"))
      write(node.children[index])
    }
    tail.append(UInt8(ascii: "}"))
  }

  /// Puts `row` into `json`. False when it is no row of the format, or not UTF-8. O(bytes).
  mutating func convert(_ row: UnsafeRawBufferPointer) -> Bool {
    guard let cells = CSVSplitter.cells(in: row, format: format) else { return false }
    json.removeAll(keepingCapacity: true)
    for part in parts {
      json += part.text
      Self.append(part.column < cells.count ? cells[part.column] : "", to: &json)
    }
    json += tail
    if cells.count > columns {
      json.removeLast()
      json += Array((columns == 0 ? "\"_rest\":[" : ",\"_rest\":[").utf8)
      for index in columns..<cells.count {
        if index > columns { json.append(UInt8(ascii: ",")) }
        Self.append(cells[index], to: &json)
      }
      json += Array("]}".utf8)
    }
    return true
  }

  /// Appends `text` as a JSON text, empty text as null.
  private static func append(_ text: String, to json: inout [UInt8]) {
    if text.isEmpty {
      json += Array("null".utf8)
    } else {
      appendText(text, to: &json)
    }
  }

  private static func appendText(_ text: String, to json: inout [UInt8]) {
    json.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        json.append(UInt8(ascii: "\\"))
        json.append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        json += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: json.append(byte)
      }
    }
    json.append(UInt8(ascii: "\""))
  }
}
