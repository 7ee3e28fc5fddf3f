import StreamTestKit
import Testing

@testable import StreamCore

@Suite struct UserPagesTests {
  /// A number of steps of every kind.
  private func run(_ model: inout UserPagesModel, _ universe: [UInt64], _ g: inout SeededGenerator)
    throws
  {
    let sweepShare = UInt64(g.pick([5, 30, 80]))
    for _ in 0..<Int(g.whole(5...60)) {
      switch g.below(12) {
      case 0:
        model.sweep(Int(g.whole(1...Int64(2 * model.pages.pageCount))), share: sweepShare)
      case 1: model.save()
      case 2: model.release()
      case 3 where g.chance(0.3): try model.restore(&g)
      case 4...6:
        let changes = (0..<Int(g.whole(1...64))).map { _ in
          let hash = g.pick(universe)
          return (hash, g.chance(0.2) ? [] : UserPagesModel.record(hash, &g))
        }
        // One change a user: a block's second event of a user is looked up again.
        var seen: Set<UInt64> = []
        model.setAll(changes.filter { seen.insert($0.0).inserted })
      default:
        for _ in 0..<Int(g.whole(1...100)) {
          let hash = g.pick(universe)
          model.set(hash, g.chance(0.15) ? [] : UserPagesModel.record(hash, &g))
        }
      }
    }
  }

  @Test func `Records are those of a dictionary, through splits, sweeps, saves and restarts`()
    throws
  {
    try withManySeeds(15) { seed, g in
      var model = UserPagesModel()
      let universe = UserPagesModel.universe(g.pick([20, 300, 2_500]), &g)
      if g.chance(0.5) { for hash in universe { model.set(hash, UserPagesModel.record(hash, &g)) } }
      try run(&model, universe, &g)
      model.checkAll()
      if g.chance(0.3) {
        model.removeAll()
        if g.chance(0.5) { try run(&model, universe, &g) }
        model.checkAll()
      }
      // Everything goes, and pages unite to one that is empty.
      if g.chance(0.5) {
        for _ in 0..<20 { model.sweep(model.pages.pageCount, share: 50) }
        model.checkAll()
      }
      try model.restore(&g)
      #expect(model.faults == [], "seed \(seed)")
      return model.faults.isEmpty
    }
  }

  @Test func `Memory is little more than the records, and given back with them`() {
    withSeeds(1...3) { _, g in
      let pages = UserPages(isSaved: false)
      let hashes = (0..<20_000).map { _ in g.next() }
      var content = 0
      for hash in hashes {
        let record = [UInt8](repeating: 7, count: Int(g.whole(10...70)))
        content += record.count + 9
        record.withUnsafeBytes { pages.set(hash, pages.find(hash), to: $0) }
      }
      #expect(pages.count == hashes.count)
      #expect(pages.byteCount > content && pages.byteCount < content * 3 / 2)
      let before = pages.pageCount
      for hash in hashes.dropFirst(200) {
        if let found = pages.find(hash) {
          pages.set(hash, found, to: UnsafeRawBufferPointer(start: nil, count: 0))
        }
      }
      #expect(pages.count == 200)
      // Nothing is due any more, so a record is touched to have each page looked at.
      for _ in 0..<(2 * before) { pages.sweep(isDue: { _ in true }, rest: { $0 }) }
      #expect(pages.byteCount < 200 * 200 + 8 * before, "\(pages.byteCount) bytes")
      for hash in hashes.prefix(200) { #expect(pages.find(hash) != nil) }
    }
  }

  @Test func `Long records do not make the directory outgrow them`() {
    withSeeds(1...2) { _, g in
      let pages = UserPages(isSaved: true)
      let record = [UInt8](repeating: 9, count: 600)
      let hashes = (0..<4_000).map { _ in g.next() }
      for hash in hashes { record.withUnsafeBytes { pages.set(hash, pages.find(hash), to: $0) } }
      #expect(
        pages.byteCount > 600 * 4_000 && pages.byteCount < 2 * 1_100 * 4_000, "\(pages.byteCount)")
      for hash in hashes { #expect(pages.find(hash) != nil) }
    }
  }

  @Test func `A missing page, a page too many and a key of nothing are refused`() throws {
    try withSeeds(1...5) { _, g in
      var model = UserPagesModel()
      for _ in 0..<2_000 {
        let hash = g.next()
        model.set(hash, UserPagesModel.record(hash, &g))
      }
      model.save()
      let whole = model.stateRecords
      #expect(whole.count > 8)
      func restore(_ records: [(key: [UInt8], bytes: [UInt8])]) throws {
        let pages = UserPages(isSaved: true)
        for record in records {
          var reader = ByteReader(record.bytes)
          try pages.restore(key: record.key, from: &reader)
        }
        try pages.finishRestore()
      }
      try restore(whole)
      try restore([])
      let one = g.below(whole.count)
      var without = whole
      without.remove(at: one)
      #expect(throws: CodecError.self) { try restore(without) }
      #expect(throws: CodecError.self) { try restore(whole + [whole[one]]) }
      var swapped = whole
      swapped[one] = whole[(one + 1) % whole.count]
      #expect(throws: CodecError.self) { try restore(swapped) }
      for key in [
        [], [0], [31] + Array(repeating: 0, count: 8), [1] + [0x40, 0, 0, 0, 0, 0, 0, 0],
      ] {
        #expect(throws: CodecError.self, "\(key)") {
          try restore([(key: key.map { UInt8($0) }, bytes: [0, 0])])
        }
      }
    }
  }

  @Test func `Cut and damaged pages are refused or read, and never lead astray`() throws {
    try withSeeds(1...4) { seed, g in
      var model = UserPagesModel()
      for _ in 0..<(seed == 1 ? 5 : 60) {
        let hash = g.next()
        model.set(hash, UserPagesModel.record(hash, &g))
      }
      model.save()
      for (key, bytes) in model.stateRecords.prefix(3) {
        let prefix = key.dropFirst().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        try checkCodec(
          bytes, seed: seed,
          decode: { try UserPage.decode(depth: key[0], prefix: prefix, from: &$0) },
          encode: { page, writer in
            // Whatever was accepted can be read, searched and split.
            page.forEach { hash, place in
              _ = page.bytes(place).reduce(0) { $0 ^ $1 }
              _ = page.find(hash)
            }
            page.encode(into: &writer)
          })
      }
    }
  }
}
