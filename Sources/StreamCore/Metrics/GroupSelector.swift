/// Leads the events of a block to the groups of metrics that may take them, so that an event costs
/// the groups it touches, however many others there are.
final class GroupSelector {
  private let groups: [GroupState]
  private let conditions: NamedConditions
  /// For each applied event of a block, and for all of them together, the groups that may take it.
  private let wanted: UnsafeMutablePointer<UInt64>
  private let union: UnsafeMutablePointer<UInt64>

  init(_ groups: [GroupState]) {
    self.groups = groups
    conditions = NamedConditions(groups.map(\.plan.condition))
    wanted = .allocate(capacity: EventBlock.capacity * conditions.words)
    wanted.initialize(repeating: 0, count: EventBlock.capacity * conditions.words)
    union = .allocate(capacity: conditions.words)
    union.initialize(repeating: 0, count: conditions.words)
  }

  deinit {
    wanted.deallocate()
    union.deallocate()
  }

  /// Which events of a block one group may take: bit `mask` of a word of each.
  struct Selection {
    let words: UnsafePointer<UInt64>
    let stride: Int
    let mask: UInt64

    /// Whether the group may take the `k`-th applied event.
    @inline(__always)
    func holds(_ k: Int) -> Bool { words[k &* stride] & mask != 0 }
  }

  /// Applies the applied events of a block.
  func apply(_ block: EventBlock, scratch: ScratchArena) {
    guard conditions.isSelective else {
      for group in groups { group.apply(block, selection: nil, scratch: scratch) }
      return
    }
    select(block, scratch)
    let stride = conditions.words
    for word in 0..<stride {
      var left = union[word]
      while left != 0 {
        let bit = left.trailingZeroBitCount
        left &= left &- 1
        let selection = Selection(
          words: wanted + word, stride: stride, mask: 1 << UInt64(bit))
        groups[word &* 64 &+ bit].apply(block, selection: selection, scratch: scratch)
      }
    }
  }

  private func select(_ block: EventBlock, _ scratch: ScratchArena) {
    let stride = conditions.words
    union.update(repeating: 0, count: stride)
    for k in 0..<block.appliedCount {
      let bits = conditions.mayHold(block.row(Int(block.applied[k])), scratch)
      for word in 0..<stride {
        wanted[k &* stride &+ word] = bits[word]
        union[word] |= bits[word]
      }
    }
  }
}
