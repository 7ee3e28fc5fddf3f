/// Slots that an expression is evaluated over outside the hot path.
final class SlotBuffer {
  let base: UnsafeMutablePointer<Value>
  let scratch = ScratchArena(chunkBytes: 256)

  init(count: Int) {
    base = .allocate(capacity: Swift.max(1, count))
    base.initialize(repeating: .null, count: Swift.max(1, count))
  }

  deinit { base.deallocate() }
}
