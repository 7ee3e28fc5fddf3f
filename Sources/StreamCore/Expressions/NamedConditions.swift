/// Which of many conditions may hold of an event, as far as its name tells. Owned by one task.
///
/// Most conditions ask for the event's name, alone or beside other things. What its name says of
/// all of them is worked out once and remembered by the name's 64-bit hash, so that an event costs
/// the conditions that it may meet, however many others there are.
final class NamedConditions {
  private let conditions: [Expression?]
  /// Words of 64 conditions.
  let words: Int
  /// Whether the name alone says whether condition `index` holds.
  let isOfName: [Bool]
  /// Whether the name says anything of any condition.
  let isSelective: Bool
  /// Bits of names seen lately, each where the low bits of its hash say.
  private let hashes: UnsafeMutablePointer<UInt64>
  private let bits: UnsafeMutablePointer<UInt64>
  private static let knownCount = 256

  /// Of conditions, nil for one that always holds.
  init(_ conditions: [Expression?]) {
    self.conditions = conditions
    words = max(1, (conditions.count + 63) / 64)
    isOfName = conditions.map { $0?.slots == [Slot.name] }
    isSelective = conditions.contains { $0?.slots.contains(Slot.name) ?? false }
    hashes = .allocate(capacity: Self.knownCount)
    bits = .allocate(capacity: Self.knownCount * words)
    bits.initialize(repeating: 0, count: Self.knownCount * words)
    // A hash that belongs elsewhere is found by none.
    for at in 0..<Self.knownCount { (hashes + at).initialize(to: ~UInt64(at)) }
  }

  deinit {
    hashes.deallocate()
    bits.deallocate()
  }

  /// A bit for each condition that may hold of an event: `words` words, valid until the next call.
  @inline(__always)
  func mayHold(_ row: UnsafePointer<Value>, _ scratch: ScratchArena) -> UnsafePointer<UInt64> {
    let name = row[Slot.name]
    let hash = Hash64.of(name.bytes, seed: UInt64(name.kind.rawValue))
    let place = Int(truncatingIfNeeded: hash % UInt64(Self.knownCount))
    if hashes[place] != hash { learn(place, hash, row, scratch) }
    return UnsafePointer(bits + place &* words)
  }

  @inline(never)
  private func learn(
    _ place: Int, _ hash: UInt64, _ row: UnsafePointer<Value>, _ scratch: ScratchArena
  ) {
    hashes[place] = hash
    let known = bits + place * words
    known.update(repeating: 0, count: words)
    for (index, condition) in conditions.enumerated()
    where condition?.mayBeTrue(knowing: Slot.name, row, scratch) ?? true {
      known[index / 64] |= 1 << UInt64(index % 64)
    }
  }
}

extension Expression {
  /// Whether it may be true of a row of which only one slot is known: false only when it is not
  /// true whatever the other slots hold. O(its size).
  func mayBeTrue(
    knowing slot: Int, _ row: UnsafePointer<Value>, _ scratch: ScratchArena
  ) -> Bool {
    if slots == [slot] { return isTrue(row, scratch) }
    return slots.contains(slot) ? mayBeTrue(node: 0, knowing: slot, row, scratch) : true
  }
}
