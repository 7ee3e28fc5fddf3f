/// The names most like `name`, nearest first, at most `limit`, none that is far from it.
///
/// O(names × length²) in the length of the name; for error messages.
func nearestNames(to name: String, among names: [String], limit: Int = 3) -> [String] {
  let wanted = Array(name.lowercased().utf8.prefix(249))
  let far = max(2, wanted.count / 3)
  var scored: [(distance: Int, name: String)] = []
  for other in names {
    let bytes = Array(other.lowercased().utf8.prefix(249))
    if abs(bytes.count - wanted.count) > far { continue }
    let distance = editDistance(wanted, bytes)
    if distance <= far { scored.append((distance, other)) }
  }
  scored.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
  return scored.prefix(limit).map(\.name)
}

/// Least number of bytes inserted, removed, replaced or swapped with their neighbour.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  var row = last
  for (i, x) in a.enumerated() {
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      row[j + 1] = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, x == b[j - 1], a[i - 1] == y {
        row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last, row) = (last, row, beforeLast)
  }
  return last[b.count]
}
