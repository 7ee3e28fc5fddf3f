import Foundation
import StreamCore
import StreamTestKit
import Testing

@testable import Inspection

@Suite struct ProfilerLimitTests {
  @Test func `Arbitrary bytes never end the process, and every record is counted`() {
    withSeeds(1...6) { _, random in
      let signs = Array(#"{}[]",:\ue0123456789tfn.-+ "#.utf8) + [0, 0xFF, 0xE5, 0x0A]
      let good = Array(
        (#"{"event":"view","user_id":"u","timestamp":"2026-01-01T00:00:00Z","#
          + #""a":{"b":[1,{"c":"\u00e9"}]}}"#).utf8)
      var records: [Record] = []
      for index in 0..<600 {
        var bytes = good
        switch index % 3 {
        case 0: bytes = (0..<random.below(80)).map { _ in random.pick(signs) }
        case 1:
          for _ in 0..<(1 + random.below(6)) {
            bytes[random.below(bytes.count)] = random.pick(signs)
          }
        default: bytes = Array(bytes.prefix(random.below(bytes.count + 1)))
        }
        records.append(Record(bytes: bytes, partition: Int32(random.below(3))))
      }
      for format in [PayloadFormat.json, .csv(CSVFormat(header: ["event", "timestamp", "x"]))] {
        let found = profile(records, format: format)
        #expect(found.records == 600)
        #expect(found.usable + found.unusable.reduce(0) { $0 + $1.count } == 600)
        #expect(found.samples.count <= InspectionLimits.samplesMax)
      }
    }
  }

  @Test func `Keys without end fold, and what is beyond a limit is counted`() {
    let count = 6_000
    let records = (0..<count).map { index in
      Record(
        """
        {"event":"e\(index)","user_id":"u\(index)","timestamp":"\(instant(index))",
        "x\(Self.word(index))":{"y\(Self.word(index / 3))":{"z\(Self.word(index / 7))":1}},
        "deep":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":1}}}}}}}},"id\(index)00000":1}
        """)
    }
    var options = InspectionOptions()
    options.overrides.paths = ["name": "event"]
    let found = profile(records, options: options)
    #expect(found.usable == Int64(count))
    #expect(found.fields.count <= InspectionLimits.pathsMax)
    #expect(found.events.count == InspectionLimits.eventNamesMax)
    #expect(found.otherEvents == Int64(count - InspectionLimits.eventNamesMax))
    #expect(found.fields.contains { $0.path == "*" && !$0.isAddressable })
    #expect(found.deeperObjects == Int64(count))
    #expect(found.fields.allSatisfy { $0.steps.count <= InspectionLimits.depthMax })
  }

  /// Letters only, so that a name is not taken for a key.
  private static func word(_ number: Int) -> String {
    String(number, radix: 5).map { String("abcde"[$0] ?? "a") }.joined()
  }

  @Test func `A sample of keys is halved when it is full, and its scale says by how much`() {
    var sample = KeySample<Int64>(limit: 1_000)
    for number in 0..<50_000 as Range<UInt64> {
      sample.update(Hash64.combine(1, number), first: { 0 }, { $0 += 1 })
    }
    #expect(sample.entries.count <= 1_000)
    #expect(sample.entries.values.allSatisfy { $0 == 1 })
    let estimate = Double(sample.entries.count) * Double(sample.scale)
    #expect(abs(estimate - 50_000) < 8_000, "\(estimate)")
  }

  @Test func `The most frequent key is found among many rare ones`() {
    withSeeds(1...3) { _, random in
      var keys = FrequentKeys(limit: 64)
      var exact: Int64 = 0
      for _ in 0..<20_000 {
        let isLarge = random.chance(0.2)
        if isLarge { exact += 1 }
        keys.add(isLarge ? 1 : random.next() | 2)
      }
      #expect(keys.counts.count <= 64)
      #expect(keys.greatest <= exact && keys.greatest + keys.error >= exact)
      #expect(keys.error <= 20_000 / 64)
    }
  }

  @Test func `Ranges of time widen, lose nothing and stay within their limit`() {
    withSeeds(1...2) { _, random in
      var ranges = TimeRanges()
      var least = Int64.max
      var greatest = Int64.min
      let count = InspectionLimits.timeRanges + 5_000
      for _ in 0..<count {
        let ms = random.whole(-4_000_000_000_000...4_000_000_000_000)
        least = min(least, ms)
        greatest = max(greatest, ms)
        ranges.add(ms)
      }
      let all = ranges.inOrder
      #expect(all.count <= InspectionLimits.timeRanges)
      #expect(all.reduce(0) { $0 + $1.count } == Int64(count))
      #expect(all.first?.firstMs == least && all.last?.lastMs == greatest)
      #expect(zip(all, all.dropFirst()).allSatisfy { $0.lastMs < $1.firstMs })
    }
  }

  @Test func `The same records give the same profile`() throws {
    let records = (0..<3_000).map { index in
      Record(
        #"{"event":"e\#(index % 7)","user_id":"u\#(index % 90)","#
          + #""timestamp":"\#(instant(index * 97))","v":\#(index % 13)}"#
      )
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let first = try encoder.encode(profile(records))
    let second = try encoder.encode(profile(records))
    #expect(first == second)
  }
}

extension String {
  fileprivate subscript(_ digit: Character) -> Character? {
    digit.wholeNumberValue.map { self[index(startIndex, offsetBy: $0)] }
  }
}
