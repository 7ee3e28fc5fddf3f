import Testing

@testable import StreamCore

@Suite struct HashSet64Tests {
  @Test(
    "a set agrees with Swift's at every size", arguments: [1, 2, 3, 4, 7, 16, 100, 3000, 20_000])
  func agrees(size: Int) {
    let seed = UInt64(size) * 31
    var random = AggregateRandom(seed: seed)
    var set = HashSet64()
    var oracle: Set<UInt64> = []
    let universe = (0..<size).map { _ in random.next() }
    for step in 0..<(size * 3) {
      let hash = universe[Int.random(in: 0..<size, using: &random)]
      let agree =
        set.contains(hash) == oracle.contains(hash)
        && set.insert(hash) == oracle.insert(hash).inserted && set.count == oracle.count
      if !agree { Issue.record("seed \(seed), step \(step)") }
    }
    #expect(set.sorted() == oracle.sorted())
    for _ in 0..<100 {
      let other = random.next()
      #expect(set.contains(other) == oracle.contains(other))
    }
  }

  @Test("the least and the greatest hash are elements like others", arguments: [0, 2, 20, 20_000])
  func extremes(others: Int) throws {
    var random = AggregateRandom(seed: 5)
    var set = HashSet64()
    for _ in 0..<others { set.insert(random.next()) }
    #expect(!set.contains(.max) && !set.contains(0))
    #expect(set.insert(.max) && set.insert(0))
    #expect(!set.insert(.max) && !set.insert(0))
    #expect(set.count == others + 2 && set.sorted().first == 0 && set.sorted().last == .max)
    var reader = ByteReader(ByteWriter.bytes { set.encode(into: &$0) })
    #expect(try HashSet64(from: &reader) == set)
  }

  @Test func `hashes that are not spread at all are still counted right`() {
    for shift: UInt64 in [0, 40, 63] {
      var set = HashSet64()
      var oracle: Set<UInt64> = []
      for number: UInt64 in 0..<7000 {
        let hash = shift == 63 ? number | 0xffff_ffff_0000_0000 : number << shift
        let agree = set.insert(hash) == oracle.insert(hash).inserted
        if !agree { Issue.record("\(number) shifted by \(shift)") }
      }
      #expect(set.sorted() == oracle.sorted())
      #expect(set.byteCount < 40 * set.count)
    }
  }

  @Test("a copy never sees later insertions", arguments: [1, 3, 100, 30_000])
  func copies(size: Int) {
    let seed = UInt64(size) + 77
    var random = AggregateRandom(seed: seed)
    var sets: [(set: HashSet64, oracle: Set<UInt64>)] = [(HashSet64(), [])]
    for _ in 0..<6 {
      for index in sets.indices {
        for _ in 0..<(size / 4 + 1) {
          let hash = random.next()
          sets[index].set.insert(hash)
          sets[index].oracle.insert(hash)
        }
      }
      if sets.count < 6, let any = sets.randomElement(using: &random) { sets.append(any) }
      if sets.count > 3, Bool.random(using: &random) { sets.removeFirst() }
      for (set, oracle) in sets { #expect(set.sorted() == oracle.sorted(), "seed \(seed)") }
    }
  }

  @Test func `neither of two copies sees what the other inserts, whoever writes first`() {
    var random = AggregateRandom(seed: 14)
    var first = HashSet64()
    for _ in 0..<30_000 { first.insert(random.next()) }
    var second = first
    let before = first.sorted()
    // The first leaves the shared directory here, most segments stay shared.
    let mine = random.next()
    first.insert(mine)
    var theirs: [UInt64] = []
    for _ in 0..<2000 {
      theirs.append(random.next())
      second.insert(theirs[theirs.count - 1])
    }
    #expect(first.sorted() == (before + [mine]).sorted())
    #expect(second.sorted() == (before + theirs).sorted())
  }

  @Test func `a copy that is written while another thread reads the original is its own`() async {
    var random = AggregateRandom(seed: 8)
    var set = HashSet64()
    for _ in 0..<50_000 { set.insert(random.next()) }
    for _ in 0..<20 {
      let snapshot = set
      let expected = set.count
      let reader = Task.detached { snapshot.sorted().count }
      for _ in 0..<5000 { set.insert(random.next()) }
      #expect(await reader.value == expected)
      #expect(set.count == expected + 5000)
    }
  }

  @Test func `unions hold the elements of both`() {
    let seed: UInt64 = 21
    var random = AggregateRandom(seed: seed)
    let sizes = [0, 1, 2, 3, 50, 20_000]
    for a in sizes {
      for b in sizes {
        let shared = random.next()
        let left = (0..<a).map { $0 == 0 ? shared : random.next() }
        let right = (0..<b).map { $0 == 0 ? shared : random.next() }
        var union = HashSet64()
        var other = HashSet64()
        for hash in left { union.insert(hash) }
        for hash in right { other.insert(hash) }
        union.formUnion(other)
        #expect(union.sorted() == Set(left + right).sorted(), "seed \(seed): \(a), \(b)")
        #expect(other.sorted() == Set(right).sorted())
      }
    }
  }

  @Test func `memory stays under 16 bytes for each element of a large set`() {
    var random = AggregateRandom(seed: 3)
    var set = HashSet64()
    for number in 1...60_000 {
      set.insert(random.next())
      if number > 5000, number % 97 == 0, set.byteCount > 16 * number {
        Issue.record("\(set.byteCount) bytes for \(number) elements")
        return
      }
    }
    #expect(HashSet64().byteCount == 0 && MemoryLayout<HashSet64>.size == 32)
  }

  @Test("encodings survive and damage is found", arguments: [0, 1, 2, 30, 9000])
  func codec(size: Int) throws {
    var random = AggregateRandom(seed: UInt64(size))
    var set = HashSet64()
    for _ in 0..<size { set.insert(random.next()) }
    try checkCodec(
      ByteWriter.bytes { set.encode(into: &$0) }, seed: UInt64(size),
      decode: { try HashSet64(from: &$0) }, encode: { $0.encode(into: &$1) })
  }

  @Test func `elements out of order and impossible counts are refused`() {
    for bytes in [
      ByteWriter.bytes {
        $0.writeVarint(2)
        $0.writeFixed(UInt64(7))
        $0.writeFixed(UInt64(7))
      },
      ByteWriter.bytes {
        $0.writeVarint(.max)
        $0.writeFixed(UInt64(7))
      },
    ] {
      #expect(throws: CodecError.self) {
        var reader = ByteReader(bytes)
        _ = try HashSet64(from: &reader)
      }
    }
  }
}
