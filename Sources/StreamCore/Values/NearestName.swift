/// Finds what someone meant to write.
public enum NearestName {
  /// The name of `names` that is most like `name`, or nil when none is like it: at most a third of
  /// its letters wrong (insertions, deletions, replacements, swapped neighbours; case does not
  /// count), or the same last segment of a path. Of equally near names the first in order.
  /// O(length² × names).
  public static func of(_ name: String, in names: [String]) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars.prefix(128))
    var best: (distance: Int, name: String)?
    for candidate in names.sorted() where candidate != name {
      let letters = Array(candidate.lowercased().unicodeScalars.prefix(128))
      let limit = max(1, max(wanted.count, letters.count) / 3)
      guard abs(wanted.count - letters.count) <= limit else { continue }
      let distance = distance(wanted, letters)
      if distance <= limit, distance < best?.distance ?? Int.max { best = (distance, candidate) }
    }
    if let best { return best.name }
    let last = lastSegment(name)
    return names.sorted().first { $0 != name && lastSegment($0) == last }
  }

  private static func lastSegment(_ path: String) -> Substring {
    path.lastIndex(of: ".").map { path[path.index(after: $0)...] } ?? path[...]
  }

  /// Edits that lead from `a` to `b`, neighbours swapped counting as one.
  private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      row.reserveCapacity(b.count + 1)
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        var least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          least = min(least, beforeLast[j - 2] + 1)
        }
        row.append(least)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
