/// Compares rows that a run gave with rows that it has to give, each a key and named columns.
struct RowComparison {
  /// What a column must hold.
  enum Wanted {
    case exact(String)
    /// A number that may be off by this much.
    case near(Double, by: Double)

    func accepts(_ text: String) -> Bool {
      switch self {
      case .exact(let other): return text == other
      case .near(let value, let distance):
        return Double(text).map { abs($0 - value) <= distance } ?? false
      }
    }

    var text: String {
      switch self {
      case .exact(let text): text
      case .near(let value, _): "about \(value)"
      }
    }
  }

  private var rows: [String: [String: String]] = [:]
  private var wanted: [(key: String, columns: [String: Wanted])] = []
  private var faults: [String] = []

  /// Adds a row of the run.
  mutating func found(_ key: String, _ columns: [String: String]) {
    if rows.updateValue(columns, forKey: key) != nil { faults.append("\(key): two rows") }
  }

  /// Adds a row that has to be there. Columns that are not named may hold anything.
  mutating func wanted(_ key: String, _ columns: [String: Wanted]) {
    wanted.append((key, columns))
  }

  /// What differs, a sentence each.
  var differences: [String] {
    var faults = faults
    var rows = rows
    for (key, columns) in wanted {
      guard let row = rows.removeValue(forKey: key) else {
        let text = columns.sorted { $0.key < $1.key }.map { "\($0) \($1.text)" }
        faults.append("\(key): no row, expected \(text.joined(separator: ", "))")
        continue
      }
      for (column, value) in columns.sorted(by: { $0.key < $1.key })
      where !value.accepts(row[column] ?? "") {
        faults.append("\(key): \(column) \(row[column] ?? "nothing"), expected \(value.text)")
      }
    }
    for (key, columns) in rows {
      let text = columns.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
      faults.append("\(key): \(text.joined(separator: ", ")), expected no row")
    }
    return faults.sorted()
  }
}
