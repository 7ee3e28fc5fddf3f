/// Instants at which something is to be looked at although no event comes: a heap, least first.
///
/// An entity has one entry at most, but for ones that mean nothing any more: its record says which
/// instant counts.
struct RiskDeadlines {
  /// One entry.
  struct Entry: Comparable {
    var ms: Int64
    var keyHash: UInt64

    static func < (a: Entry, b: Entry) -> Bool {
      a.ms != b.ms ? a.ms < b.ms : a.keyHash < b.keyHash
    }
  }

  private var entries: ContiguousArray<Entry> = []

  /// Entries there are.
  var count: Int { entries.count }

  /// Bytes of memory that they take.
  var byteCount: Int { entries.capacity * MemoryLayout<Entry>.stride }

  /// The least; nil without one.
  var first: Entry? { entries.first }

  /// The entities of all entries, in no order, some of them several times.
  var keyHashes: [UInt64] { entries.map(\.keyHash) }

  /// Forgets all.
  mutating func removeAll() { entries.removeAll() }

  /// Adds an entry. O(log n).
  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var at = entries.count - 1
    while at > 0 {
      let parent = (at - 1) / 2
      if !(entries[at] < entries[parent]) { break }
      entries.swapAt(at, parent)
      at = parent
    }
  }

  /// Takes the least out. O(log n).
  mutating func removeFirst() {
    guard let last = entries.popLast(), !entries.isEmpty else { return }
    entries[0] = last
    var at = 0
    while true {
      var least = at
      for child in [at * 2 + 1, at * 2 + 2] where child < entries.count {
        if entries[child] < entries[least] { least = child }
      }
      if least == at { return }
      entries.swapAt(at, least)
      at = least
    }
  }
}
