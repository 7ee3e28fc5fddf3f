import Foundation
import PipelineSpec
import StreamTestKit
import Testing

@testable import StreamCore

/// Cells of metrics in the state file: small ones of a window together, large ones and those of
/// windows with very many each alone, whatever becomes of them between two saves.
@Suite struct CellSavingTests {
  private static let text = """
    name: cells
    zone: UTC
    source: {format: custom, keyed: true, fields: {name: event, user: user, time: ts, id: id}}
    time: {lateness: 5m}
    metrics:
      users: {distinct: user, every: 10m, by: [k], max_series: 200}
      sums:  {sum: n, every: 10m, by: [k], max_series: 400}
      span:  {p90: n, every: 1h}
    """

  private static func events(
    _ count: Int, _ generator: inout SeededGenerator
  ) -> [(payload: [UInt8], timestampMs: Int64?)] {
    var ms: Int64 = 1_767_225_600_000
    var series = 3
    var users = 10
    return (0..<count).map { number in
      if number % 1_000 == 0 {
        series = generator.pick([1, 40, 300, 3_000])
        users = generator.pick([5, 60, 150, 400])
      }
      ms += Int64(generator.below(700))
      let event = ms - Int64(generator.below(240_000))
      let text = """
        {"event":"e","id":"\(number)","user":"u\(generator.below(users))",\
        "k":"\(generator.below(series))","n":\(generator.below(1_000)),"ts":\(event)}
        """
      return (Array(text.utf8), ms)
    }
  }

  /// Records of cells, and cells that left the others of their window.
  private struct Seen {
    var together = 0
    var alone = 0
    var parted = 0
    private var last: Set<StateKey> = []

    mutating func note(_ records: [StateRecord]) throws {
      let keys = Set(records.filter { !Merge.owns($0) && $0.key.stage < 0xD000_0000 }.map(\.key))
      for record in records where record.key.stage >> 28 == 0xC && !Merge.owns(record) {
        together += 1
        #expect(try record.apart().allSatisfy { !keys.contains($0.key) }, "a cell is there twice")
      }
      for key in keys where key.stage < 0xC000_0000 {
        alone += 1
        let window = StateKey(
          owner: key.owner, stage: key.stage + 0xC000_0000, key: Array(key.key.prefix(8)))
        if last.contains(window), !last.contains(key) { parted += 1 }
      }
      last = keys
    }
  }

  @Test func `Cells that are saved together or alone are put back as they were`() throws {
    var seen = Seen()
    try withSeeds(1...4) { _, generator in
      let plan = try Pipeline.parse(text: Self.text, file: "cells.yaml").plan
      let events = Self.events(6_000, &generator)
      let straight = try PipelineDriver(plan)
      straight.push(events, to: 0)
      straight.close()

      var driver = try PipelineDriver(plan)
      var at = 0
      while at < events.count {
        let next = min(events.count, at + 1 + generator.below(500))
        driver.push(Array(events[at..<next]), to: 0)
        at = next
        let saved = driver.save()
        try seen.note(saved.records)
        if generator.below(3) == 0 {
          let after = try PipelineDriver(plan, from: saved)
          after.adopt(driver.tables)
          driver = after
        }
      }
      driver.close()
      #expect(driver.conflicts.isEmpty)
      #expect(driver.tables == straight.tables)
    }
    #expect(seen.together > 0 && seen.alone > 0 && seen.parted > 0, "\(seen)")
  }
}
