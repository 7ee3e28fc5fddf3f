/// A growing run of values in place: no bounds or uniqueness checks on the hot path.
///
/// Owned by one task; indices are handed out by the owner and stay in range.
final class Slab<Element> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = Swift.max(capacity, 1)
    base = .allocate(capacity: self.capacity)
  }

  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }

  @inline(__always)
  subscript(index: Int) -> Element {
    unsafeAddress { UnsafePointer(base + index) }
    unsafeMutableAddress { base + index }
  }

  /// Appends `element`; O(1) amortised.
  func append(_ element: Element) {
    if count == capacity { grow() }
    (base + count).initialize(to: element)
    count += 1
  }

  /// Makes the count at least `wanted` by appending copies of `element`.
  func extend(to wanted: Int, with element: @autoclosure () -> Element) {
    while count < wanted { append(element()) }
  }

  /// Keeps the first `wanted` elements.
  func truncate(to wanted: Int) {
    guard wanted < count else { return }
    (base + wanted).deinitialize(count: count - wanted)
    count = wanted
  }

  private func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}
