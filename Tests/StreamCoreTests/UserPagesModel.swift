import StreamTestKit
import Testing

@testable import StreamCore

/// Records of users beside a plain dictionary of them and a plain model of the state file, all told
/// the same.
struct UserPagesModel {
  private(set) var pages = UserPages(isSaved: true)
  private(set) var records: [UInt64: [UInt8]] = [:]
  /// What the state file holds.
  private var saved: [[UInt8]: [UInt8]] = [:]
  /// Pages whose writing goes on, and what they were when they were taken.
  private var held: [(page: UserPage, bytes: [UInt8])] = []
  /// What was found to differ.
  private(set) var faults: [String] = []

  /// Hashes of users, spread in one of several unkind ways.
  static func universe(_ count: Int, _ g: inout SeededGenerator) -> [UInt64] {
    let way = g.below(5)
    let shared = g.next()
    return (0..<count).map { _ in
      let hash = g.next()
      switch way {
      case 0: return hash
      // Equal first bits, as if many users had met in one page.
      case 1: return (shared & ~(UInt64.max >> 8)) | hash >> 8
      case 2: return (shared & ~(UInt64.max >> 11)) | hash >> 11
      // Equal bits of slots: every record of a page is a candidate for every user.
      case 3: return hash & ~0xFF | shared & 0xFF
      default: return g.chance(0.5) ? hash : (shared & ~(UInt64.max >> 12)) | hash >> 12
      }
    }
  }

  /// A record that says whose it is, when it is long enough.
  static func record(_ hash: UInt64, _ g: inout SeededGenerator) -> [UInt8] {
    let count =
      switch g.below(20) {
      case 0: Int(g.whole(226...246))
      case 1: Int(g.whole(240...1_200))
      case 2: Int(g.whole(1...7))
      default: Int(g.whole(8...60))
      }
    let own = (0..<8).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 * 8)) }
    let rest = (0..<max(0, count - 8)).map { _ in UInt8(g.whole(0...255)) }
    return Array((own + rest).prefix(count))
  }

  /// Whose record it says it is; nil when it is too short for that.
  private static func owner(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
    bytes.count < 8 ? nil : bytes.loadUnaligned(as: UInt64.self)
  }

  /// Whether `bytes` are a record, or one with zeros behind it.
  private static func isSame(_ bytes: UnsafeRawBufferPointer, _ record: [UInt8]) -> Bool {
    bytes.count >= record.count && bytes.prefix(record.count).elementsEqual(record)
      && bytes.dropFirst(record.count).allSatisfy { $0 == 0 }
      && (bytes.count == record.count || record.count + 7 > UserPage.shortLimit)
  }

  private mutating func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
    if !isTrue && faults.count < 5 { faults.append(what()) }
  }

  /// Puts a record in place of a user's, none for none.
  mutating func set(_ hash: UInt64, _ record: [UInt8]) {
    let found = pages.find(hash)
    record.withUnsafeBytes { pages.set(hash, found, to: $0) }
    records[hash] = record.isEmpty ? nil : record
    check(hash)
  }

  /// Finds many users at once, then changes them as stages do: what was found is used unless its
  /// page has changed since.
  mutating func setAll(_ changes: [(hash: UInt64, record: [UInt8])]) {
    let hashes = changes.map(\.hash)
    var found = [UserPages.Found?](repeating: nil, count: hashes.count)
    found.withUnsafeMutableBufferPointer { found in
      guard let base = found.baseAddress else { return }
      hashes.withUnsafeBufferPointer {
        if let first = $0.baseAddress { _ = pages.find(first, count: $0.count, into: base) }
      }
    }
    for (hash, found) in zip(hashes, found) {
      expect((found != nil) == (records[hash] != nil), "a search of many: \(hash)")
      if let found, let record = records[hash] {
        expect(Self.isSame(pages.bytes(found), record), "a search of many finds another record")
      }
    }
    for (change, found) in zip(changes, found) {
      let current = found.flatMap { pages.isCurrent($0) ? $0 : nil } ?? pages.find(change.hash)
      change.record.withUnsafeBytes { pages.set(change.hash, current, to: $0) }
      records[change.hash] = change.record.isEmpty ? nil : change.record
    }
    for change in changes { check(change.hash) }
  }

  /// Goes over `count` pages, drops `share` of the records that it sees and cuts as many.
  mutating func sweep(_ count: Int, share: UInt64) {
    let cut = RecordWriter()
    var changed: [UInt64: [UInt8]] = [:]
    for _ in 0..<count {
      pages.sweep(
        isDue: { bytes in
          guard let owner = Self.owner(bytes) else { return false }
          return Hash64.combine(owner, UInt64(bytes.count)) % 100 < 2 * share
        },
        rest: { bytes in
          guard let owner = Self.owner(bytes) else { return bytes }
          let isDropped = Hash64.combine(owner, UInt64(bytes.count)) % 2 == 0
          cut.begin()
          if !isDropped {
            cut.write(UnsafeRawBufferPointer(rebasing: bytes[..<max(8, bytes.count / 3)]))
          }
          changed[owner] = Array(cut.bytes)
          return cut.bytes
        })
    }
    for (hash, rest) in changed {
      let before = records[hash]
      expect(before != nil, "a sweep sees a record of \(hash)")
      records[hash] = rest.isEmpty ? nil : rest
      check(hash)
    }
  }

  /// Writes what changed into the state file, after checking that what was being written before
  /// has stayed as it was.
  mutating func save() {
    for (page, bytes) in held {
      expect(
        ByteWriter.bytes { page.encode(into: &$0) } == bytes, "a page changed while it was saved")
    }
    let (taken, gone) = pages.takeUnsaved()
    held = taken.map { page in (page, ByteWriter.bytes { page.encode(into: &$0) }) }
    for key in gone {
      expect(saved[key] != nil, "a page is to be deleted that was never saved")
      saved[key] = nil
    }
    for (page, bytes) in held { saved[page.stateKey] = bytes }
    expect(Set(taken.map(\.stateKey)).count == taken.count, "two pages of one key")
  }

  /// Drops every record.
  mutating func removeAll() {
    pages.removeAll()
    records = [:]
    expect(pages.count == 0 && pages.pageCount == 1, "records are left")
  }

  /// Lets go of the pages that are being written.
  mutating func release() { held = [] }

  /// Goes on with what the state file says, which must be what was saved last.
  mutating func restore(_ g: inout SeededGenerator) throws {
    save()
    let restored = UserPages(isSaved: true)
    for (key, bytes) in saved.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
      .shuffled(using: &g)
    {
      var reader = ByteReader(bytes)
      try restored.restore(key: key, from: &reader)
      try reader.finish("page")
    }
    try restored.finishRestore()
    let (again, gone) = restored.takeUnsaved()
    expect(again.isEmpty && gone.isEmpty, "what was read back is written again")
    pages = restored
    release()
    checkAll()
  }

  /// The records of the state file, by their keys.
  var stateRecords: [(key: [UInt8], bytes: [UInt8])] {
    saved.map { ($0.key, $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  private mutating func check(_ hash: UInt64) {
    let found = pages.find(hash)
    expect(found.map { pages.isCurrent($0) } ?? true, "what was just found is not current")
    if let record = records[hash] {
      expect(found != nil, "\(hash) is not found")
      if let found { expect(Self.isSame(pages.bytes(found), record), "\(hash) has other bytes") }
    } else {
      expect(found == nil, "\(hash) is found, and has none")
    }
  }

  /// Looks for everyone, and at what the pages say of themselves.
  mutating func checkAll() {
    for hash in records.keys { check(hash) }
    let (count, wanted) = (pages.count, records.count)
    expect(count == wanted, "count \(count), not \(wanted)")
    let (bytes, content) = (pages.byteCount, records.values.reduce(0) { $0 + $1.count })
    expect(bytes >= content, "\(bytes) bytes for \(content)")
  }
}
