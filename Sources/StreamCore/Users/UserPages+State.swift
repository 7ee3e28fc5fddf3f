// Records of the state file.

extension UserPages {
  /// The pages to save and the keys to delete since the last call. The pages are not written any
  /// more while the caller has them.
  func takeUnsaved() -> (pages: [UserPage], gone: [[UInt8]]) {
    var taken: [UserPage] = []
    for number in unsaved where saving[Int(number)].isUnsaved {
      saving[Int(number)] = Saving(isUnsaved: false, isStored: true)
      taken.append(pages[Int(number)])
    }
    unsaved.removeAll(keepingCapacity: true)
    defer { goneKeys.removeAll() }
    return (taken, goneKeys)
  }

  /// Puts a saved page back. After the last one `finishRestore()` must find them complete.
  func restore(key: [UInt8], from reader: inout ByteReader) throws(CodecError) {
    guard key.count == 9, key[0] < 32 else { throw reader.invalid("key of a page of users") }
    if !isRestoring {
      isRestoring = true
      forgetPages()
    }
    let prefix = key[1...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard prefix & (UInt64.max >> UInt64(key[0])) == 0 else {
      throw reader.invalid("key of a page of users")
    }
    let page = try UserPage.decode(depth: key[0], prefix: prefix, from: &reader)
    count += Int(page.header.count)
    pageBytes += Int(page.header.capacity) + Self.overheadBytes
    pages.append(page)
    saving.append(Saving(isUnsaved: false, isStored: true))
    stamps.append(0)
  }

  /// Makes the directory of the pages that were put back. Throws when they do not cover all hashes
  /// once. Does nothing when none were.
  func finishRestore() throws(CodecError) {
    guard isRestoring else { return }
    isRestoring = false
    let shares = (0..<pages.count).reduce(0) { $0 + 1 << (31 - Int(pages[$1].header.depth)) }
    guard shares == 1 << 31 else { throw CodecError(.invalid, "pages of users", at: 0) }
    depth = (0..<pages.count).map { pages[$0].header.depth }.max() ?? 0
    let size = 1 << Int(depth)
    directory.deallocate()
    directory = .allocate(capacity: size)
    directory.initialize(repeating: .max, count: size)
    var covered = 0
    for number in 0..<pages.count {
      let header = pages[number].header
      let first = depth == 0 ? 0 : Int(truncatingIfNeeded: header.prefix >> UInt64(64 - depth))
      let span = 1 << Int(depth - header.depth)
      for index in first..<min(first + span, size) where directory[index] == .max {
        directory[index] = UInt32(number)
        covered += 1
      }
    }
    guard covered == size else { throw CodecError(.invalid, "pages of users", at: 0) }
  }
}
