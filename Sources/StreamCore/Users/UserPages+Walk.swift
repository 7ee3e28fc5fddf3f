extension UserPages {
  /// Calls `body` with the hash and the bytes of every record, page by page. Nothing may change
  /// meanwhile. O(records).
  func forEach(_ body: (UInt64, UnsafeRawBufferPointer) -> Void) {
    for number in 0..<pages.count {
      let page = pages[number]
      page.forEach { hash, place in body(hash, page.bytes(place)) }
    }
  }
}
