import StreamTestKit
import Testing

@testable import StreamCore

/// Records so long that a page has few of them.
@Suite struct UserPagesDirectoryTests {
  @Test(arguments: [20, 300, 600, 2_000])
  func `The directory stays in proportion to the pages, however long records are`(
    recordBytes: Int
  ) throws {
    var generator = SeededGenerator(seed: 7)
    let users = UserPages(isSaved: true)
    var expected: [UInt64: UInt8] = [:]
    for _ in 0..<4_000 {
      let hash = generator.next()
      let mark = UInt8(truncatingIfNeeded: hash >> 20) | 1
      let bytes = [UInt8](repeating: mark, count: recordBytes)
      bytes.withUnsafeBytes { users.set(hash, users.find(hash), to: $0) }
      expected[hash] = mark
    }
    try check(users, expected)
    #expect(users.directorySize <= 2_048 + 16 * users.pageCount)

    let restored = UserPages(isSaved: true)
    for page in users.takeUnsaved().pages {
      var writer = ByteWriter()
      page.encode(into: &writer)
      var reader = ByteReader(writer.bytes)
      try restored.restore(key: page.stateKey, from: &reader)
    }
    try restored.finishRestore()
    try check(restored, expected)
  }

  @Test func `Hashes that are alike share a page, also beyond its size and over a restart`() throws
  {
    let users = UserPages(isSaved: true)
    var expected: [UInt64: UInt8] = [:]
    for index in 0..<1_000 {
      let hash = 0xABCD_EF01_2345_0000 | UInt64(index)
      [UInt8(truncatingIfNeeded: index)].withUnsafeBytes {
        users.set(hash, users.find(hash), to: $0)
      }
      expected[hash] = UInt8(truncatingIfNeeded: index)
    }
    try check(users, expected)
    #expect(users.directorySize <= 8_192)
    let restored = UserPages(isSaved: true)
    for page in users.takeUnsaved().pages {
      var writer = ByteWriter()
      page.encode(into: &writer)
      var reader = ByteReader(writer.bytes)
      try restored.restore(key: page.stateKey, from: &reader)
    }
    try restored.finishRestore()
    try check(restored, expected)
  }

  private func check(_ users: UserPages, _ expected: [UInt64: UInt8]) throws {
    #expect(users.count == expected.count)
    for (hash, mark) in expected {
      let found = try #require(users.find(hash))
      #expect(users.bytes(found).first == mark)
    }
  }
}
