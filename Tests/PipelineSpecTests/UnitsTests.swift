import StreamCore
import StreamTestKit
import Testing

@testable import PipelineSpec

@Suite struct UnitsTests {
  @Test func `A duration reads as it writes`() throws {
    withSeeds(1...3) { _, generator in
      for _ in 0..<500 {
        let ms = generator.whole(0...generator.pick([100, 1_000_000, 1 << 50]))
        #expect((try? Units.duration(Units.text(ofDuration: ms))) == ms)
        #expect((try? Units.duration(Units.text(ofFixed: ms))) == ms)
        #expect((try? Units.size(Units.text(ofSize: ms))) == ms)
      }
    }
  }

  @Test(arguments: ["", "5", "-1s", "1.5h", "1 s", "s", "1S", "1sec", "９s", "1h30m", "+1s"])
  func `What is no duration is refused`(text: String) {
    #expect(throws: Units.Failure.malformed) { try Units.duration(text) }
  }

  @Test func `Lengths that overflow are refused`() {
    #expect(throws: Units.Failure.tooLarge) { try Units.duration("9223372036854775807w") }
    #expect(throws: Units.Failure.tooLarge) { try Units.size("99999999TiB") }
    #expect(throws: Units.Failure.tooLarge) { try Units.window("9223372036854775807y") }
  }

  @Test(arguments: [
    ("2026-01-01", 1_767_225_600_000), ("2026-01-01T00:00:00Z", 1_767_225_600_000),
    ("2026-01-01 08:00:00.5+0800", 1_767_225_600_500), ("2024-02-29T23:59", 1_709_251_140_000),
    ("1969-12-31T23:59:59.999Z", -1), ("0001-01-01", -62_135_596_800_000),
    ("2026-01-01t00:00:00.123456789-00:30", 1_767_227_400_123),
  ]) func `Times are read`(text: String, ms: Int64) {
    #expect(Instants.parse(text, zone: .utc) == EventTime(ms: ms))
  }

  @Test(arguments: [
    "2026-02-29", "2026-13-01", "2026-00-01", "26-01-01", "2026-01-01T24:00", "2026-01-01T00:60",
    "2026-01-01T00:00:00+99:00", "2026-01-01T00:00:00Zx", "2026-01-01T", "now", "２026-01-01",
  ]) func `What is no time is refused`(text: String) {
    #expect(Instants.parse(text, zone: .utc) == nil)
  }

  @Test func `A time reads as it writes`() {
    withSeeds(1...3) { _, generator in
      for _ in 0..<500 {
        let time = EventTime(ms: generator.whole(-62_135_596_800_000...253_402_300_799_999))
        #expect(Instants.parse(Instants.text(time), zone: .utc) == time)
      }
    }
  }
}
