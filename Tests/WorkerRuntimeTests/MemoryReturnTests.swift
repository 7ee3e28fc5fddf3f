import Glibc
import Testing

@testable import WorkerRuntime

@Suite struct MemoryReturnTests {
  /// Whether memory was given back at each of some looks, a minute apart: what is held then, MiB.
  private func due(_ looks: [Int64], everyMs: Int64 = 60_000) -> [Bool] {
    var memory = MemoryReturn()
    return looks.enumerated().map { index, held in
      memory.isDue(residentBytes: held << 20, nowMs: Int64(index) * everyMs)
    }
  }

  @Test func `Memory is given back when it grew by a quarter and by 32 MiB, no sooner`() {
    for (grown, isDue) in [(31, false), (49, false), (50, true), (300, true)] {
      #expect(due([200, 200 + Int64(grown)]) == [false, isDue], "grown by \(grown) MiB")
    }
    #expect(due([40, 71, 72]) == [false, false, true])
  }

  @Test func `What is left when it was given back is what growth counts from`() {
    var memory = MemoryReturn()
    let first = memory.isDue(residentBytes: 100 << 20, nowMs: 0)
    memory.note(residentBytes: 300 << 20)
    let under = memory.isDue(residentBytes: 374 << 20, nowMs: 20_000)
    let over = memory.isDue(residentBytes: 375 << 20, nowMs: 40_000)
    #expect([first, under, over] == [false, false, true])
    // What shrank by itself may grow again.
    #expect(due([300, 100, 140]) == [false, false, true])
  }

  @Test func `Looks are ten seconds apart`() {
    #expect(due([100, 400, 400], everyMs: 9_999) == [false, false, true])
    #expect(due([100, 400], everyMs: 10_000) == [false, true])
  }

  @Test func `Pages between blocks that are in use go back to the system`() throws {
    let (count, bytes) = (256 << 10, 1 << 10)
    var blocks: [UnsafeMutableRawPointer] = []
    for _ in 0..<count {
      let block = try #require(malloc(bytes))
      memset(block, 1, bytes)
      blocks.append(block)
    }
    #expect(try #require(ProcessMemory.residentBytes) > Int64(count * bytes / 2))
    // One block in 128 KiB stays.
    let isKept = { (index: Int) in index % 128 == 127 }
    for (index, block) in blocks.enumerated() where !isKept(index) { free(block) }
    ProcessMemory.giveBack()
    let looks = stride(from: 0, to: count, by: 16).map { blocks[$0] }
    let left = looks.count(where: Self.isResident)
    for (index, block) in blocks.enumerated() where isKept(index) { free(block) }
    // Other tests take memory meanwhile, and may get some of this.
    #expect(left < looks.count / 2, "\(left) of \(looks.count) pages are held still")
  }

  /// Whether the system keeps the page of an address in memory.
  private static func isResident(_ address: UnsafeMutableRawPointer) -> Bool {
    let size = Int(sysconf(Int32(_SC_PAGESIZE)))
    var page: UInt8 = 0
    let start = address - Int(bitPattern: address) % size
    return mincore(start, size, &page) == 0 && page & 1 == 1
  }
}
