/// Ids with the time at which each was first seen, for `DedupIndex`.
///
/// 256 small tables chosen by the id's first bits, so that growth rebuilds one of them at a time
/// and an insertion after a copy was taken copies one of them. Ids that are no longer wanted stay
/// until their table is full; then they make room. About 21 to 32 bytes for each id.
struct RecentIDs: Sendable {
  fileprivate struct Slot {
    var id: UInt64
    /// `Int64.min` in a free slot.
    var seenMs: Int64
  }

  fileprivate struct Table {
    var slots: ContiguousArray<Slot> = []
    /// Slots that are not free.
    var used = 0
  }

  private var tables = ContiguousArray<Table>(repeating: Table(), count: 256)

  /// Remembers an id, unless it was seen at or after `liveFromMs`; true when it is remembered now.
  /// `seenMs` is greater than `Int64.min`. O(1).
  mutating func insert(_ id: UInt64, seenMs: Int64, liveFromMs: Int64) -> Bool {
    tables[Int(truncatingIfNeeded: id >> 56)].insert(id, seenMs, liveFromMs)
  }

  /// Ids seen at or after `liveFromMs`, by time and id.
  func sorted(liveFromMs: Int64) -> [(id: UInt64, seenMs: Int64)] {
    var live: [(id: UInt64, seenMs: Int64)] = []
    for table in tables {
      for slot in table.slots where slot.seenMs != .min && slot.seenMs >= liveFromMs {
        live.append((slot.id, slot.seenMs))
      }
    }
    live.sort { ($0.seenMs, $0.id) < ($1.seenMs, $1.id) }
    return live
  }
}

extension RecentIDs.Table {
  fileprivate mutating func insert(_ id: UInt64, _ seenMs: Int64, _ liveFromMs: Int64) -> Bool {
    if used * 4 >= slots.count * 3 { rebuild(liveFromMs) }
    let index = slots.withUnsafeBufferPointer { Self.find(id, $0) }
    let found = slots[index].seenMs
    if found != .min, found >= liveFromMs { return false }
    if found == .min { used += 1 }
    slots[index] = RecentIDs.Slot(id: id, seenMs: seenMs)
    return true
  }

  /// The slot of an id, or the free one where it belongs. At least one slot is free.
  @inline(__always)
  private static func find(_ id: UInt64, _ slots: UnsafeBufferPointer<RecentIDs.Slot>) -> Int {
    var index = Int((id << 8).multipliedFullWidth(by: UInt64(slots.count)).high)
    while slots[index].seenMs != .min, slots[index].id != id {
      index += 1
      if index == slots.count { index = 0 }
    }
    return index
  }

  private mutating func rebuild(_ liveFromMs: Int64) {
    let live = slots.filter { $0.seenMs != .min && $0.seenMs >= liveFromMs }
    let free = RecentIDs.Slot(id: 0, seenMs: .min)
    slots = ContiguousArray(repeating: free, count: max(8, live.count * 2))
    used = live.count
    slots.withUnsafeMutableBufferPointer { slots in
      for slot in live { slots[Self.find(slot.id, UnsafeBufferPointer(slots))] = slot }
    }
  }
}
