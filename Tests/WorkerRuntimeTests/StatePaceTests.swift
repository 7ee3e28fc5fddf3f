import StreamTestKit
import Testing

@testable import WorkerRuntime

struct StatePaceTests {
  @Test func `However state grows and is changed, saving takes at most a tenth of the time`() {
    withManySeeds(200) { _, g in
      let everyMs = g.whole(100...30_000)
      let nanosecondsPerByte = Double(g.whole(1...20))
      let bytesPerMs = g.whole(0...200_000)
      let mostBytes = g.whole(0...2_000_000_000)
      var pace = StatePace(nowMs: 0)
      var nowMs: Int64 = 0
      var savedMs: Int64 = 0
      var saves = 0
      while nowMs < 600_000 {
        nowMs += g.whole(1...250)
        let bytes = min(mostBytes, nowMs * bytesPerMs)
        guard nowMs >= pace.nextMs(everyMs: everyMs, recordBytes: bytes) else { continue }
        // All of it, or a part.
        let written = g.chance(0.5) ? bytes : bytes / g.whole(1...20)
        let tookMs = Int64(Double(written) * nanosecondsPerByte / 1e6)
        nowMs += tookMs
        savedMs += tookMs
        saves += 1
        pace.note(endedMs: nowMs, tookMs: tookMs, bytes: Int(written))
        #expect(savedMs * 10 <= nowMs, "\(savedMs) of \(nowMs) ms after \(saves) saves")
      }
      #expect(saves > 0)
      return true
    }
  }

  @Test func `What takes no time is saved as often as asked for, and slow disks are spared`() {
    var pace = StatePace(nowMs: 1_000)
    #expect(pace.nextMs(everyMs: 500, recordBytes: 0) == 1_500)
    #expect(pace.nextMs(everyMs: 500, recordBytes: 1_000_000) == 1_500)
    pace.note(endedMs: 1_510, tookMs: 10, bytes: 100)
    #expect(pace.nextMs(everyMs: 500, recordBytes: 0) == 2_010)
    // Two seconds for hardly anything.
    pace.note(endedMs: 4_100, tookMs: 2_000, bytes: 100)
    #expect(pace.nextMs(everyMs: 500, recordBytes: 1_000_000) == 28_100)
    // 100 ns a byte, which ten times as many records may take as well.
    pace.note(endedMs: 30_000, tookMs: 999, bytes: 10_000_000)
    #expect(pace.nextMs(everyMs: 500, recordBytes: 100_000_000) == 150_000)
  }
}
