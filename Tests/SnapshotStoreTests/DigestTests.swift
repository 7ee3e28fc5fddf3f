import Digests
import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct DigestTests {
  /// The digest by the words of docs/schema.sql, with nothing of the store's own code.
  private func expectedDigest(_ rows: [MetricRow]) -> String {
    var sum = [UInt8](repeating: 0, count: 32)
    for row in rows {
      var bytes: [UInt8] = []
      func number(_ value: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
          bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
      }
      func text(_ value: String) {
        bytes.append(3)
        number(UInt64(value.utf8.count))
        bytes += Array(value.utf8)
      }
      func integer(_ value: Int64) {
        bytes.append(1)
        number(UInt64(bitPattern: value))
      }
      text("metrics")
      text(row.metric)
      integer(row.windowStart.ms)
      text(row.dimensions)
      integer(row.windowEnd.ms)
      bytes.append(2)
      number(row.value == 0 ? 0 : row.value.bitPattern)
      if let exact = row.valueExact { text(exact) } else { bytes.append(0) }
      integer(row.approximate ? 1 : 0)
      var carry = 0
      let digest = SHA256Digest.of(bytes)
      for place in (0..<32).reversed() {
        let total = Int(sum[place]) + Int(digest[place]) + carry
        sum[place] = UInt8(total & 255)
        carry = total >> 8
      }
    }
    return sum.map { String(format: "%02x", $0) }.joined()
  }

  private func randomRows(_ random: inout Seeded) -> [MetricRow] {
    let values: [Double] = [0, -0.0, 1, 0.1, -3.5, 1e300, 9_007_199_254_740_994, .infinity]
    var rows: [MetricRow] = []
    for name in ["buyers", "revenue", "收入"] {
      for start in 0..<Int64.random(in: 1...12, using: &random) {
        for value in [#"{}"#, #"{"city":null}"#, #"{"city":"北京"}"#, #"{"city":"é"}"#].shuffled(
          using: &random
        ).prefix(Int.random(in: 1...4, using: &random)) {
          rows.append(
            metric(
              name, at: start - 5, dimensions: value,
              value: values.randomElement(using: &random) ?? 0,
              exact: Bool.random(using: &random) ? "\(start).000000001" : nil,
              approximate: Bool.random(using: &random)))
        }
      }
    }
    return rows
  }

  /// Commits `rows` in some order and batching, each perhaps provisional first and again at the
  /// end.
  private func commit(
    _ rows: [MetricRow], to path: String, _ random: inout Seeded
  ) throws -> String {
    let file = try ResultsFile.open(path: path, identity: shop)
    var pending: [MetricRow] = []
    for row in rows {
      var early = row
      early.status = .provisional
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        early.value = Double.random(in: 0...9, using: &random)
        pending.append(early)
      }
      pending.append(row)
    }
    pending.shuffle(using: &random)
    for row in rows where Bool.random(using: &random) { pending.append(row) }
    // Every final row is in `pending` at least once, so whatever came before it must not count.
    while !pending.isEmpty {
      let batch = Array(pending.prefix(Int.random(in: 1...20, using: &random)))
      pending.removeFirst(batch.count)
      _ = try file.commit(change(batch), durable: false)
    }
    defer { try? file.close() }
    return try file.resultDigest
  }

  @Test func `Any order and batching of the same rows gives one digest, and no difference`() throws
  {
    var random = Seeded("digest")
    for _ in 0..<12 {
      let directory = try TemporaryDirectory()
      let rows = randomRows(&random)
      let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
      let digests = [try commit(rows, to: a, &random), try commit(rows, to: b, &random)]
      #expect(digests == [expectedDigest(rows), expectedDigest(rows)])
      let report = try ResultsDigest.diff(a, b)
      #expect(report.isEmpty && report.differences.isEmpty)
      #expect(report.tables.map(\.equal) == inTables("metrics", Int64(rows.count)))
      let verified = try ResultsDigest.verify(path: a)
      #expect(verified.isSound)
      #expect(verified.tables.map(\.table) == digestedTables)
      #expect(verified.tables.map(\.rows) == inTables("metrics", Int64(rows.count)))
      #expect(verified.recomputed == digests[0])
    }
  }

  @Test func `Diff finds each changed, missing and added row, in the order of the key`() throws {
    var random = Seeded("diff")
    for _ in 0..<12 {
      let directory = try TemporaryDirectory()
      let rows = randomRows(&random)
      var (other, expected): ([MetricRow], [Difference.Kind: Int64]) = ([], [:])
      for row in rows {
        switch Int.random(in: 0...5, using: &random) {
        case 0: expected[.onlyInA, default: 0] += 1
        case 1:
          var changed = row
          changed.value += row.value == 1e300 || row.value == .infinity ? -.infinity : 1024
          if changed.value.isNaN { changed.value = 7 }
          other.append(changed)
          expected[.changed, default: 0] += 1
        default: other.append(row)
        }
      }
      other.append(metric("zebra"))
      let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
      _ = try commit(rows, to: a, &random)
      _ = try commit(other, to: b, &random)
      let report = try ResultsDigest.diff(a, b, limit: rows.count + 1)
      let totals = try #require(report.tables.first { $0.table == "metrics" })
      #expect(totals.onlyInA == expected[.onlyInA] ?? 0)
      #expect(totals.changed == expected[.changed] ?? 0)
      #expect(totals.onlyInB == 1)
      #expect(report.differences.count == Int(totals.differing))
      #expect(report.digestA != report.digestB && !report.isEmpty)
      let back = try ResultsDigest.diff(b, a, limit: 1)
      #expect(back.tables.map(\.onlyInB) == inTables("metrics", totals.onlyInA))
      #expect(back.differences.count == 1)
    }
  }

  @Test func `Diff says what the rows of a key hold`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
    for (path, value) in [(a, 1.5), (b, 2.5)] {
      let file = try ResultsFile.open(path: path, identity: shop)
      _ = try file.commit(
        change([metric(value: value, exact: "x"), metric("only \(value)")]), durable: false)
      try file.close()
    }
    let found = try ResultsDigest.diff(a, b).differences
    #expect(found.map(\.kind) == [.onlyInA, .onlyInB, .changed])
    #expect(found.last?.key == "metric=revenue window_start_ms=0 dimensions={}")
    #expect(found.last?.a == "window_end_ms=60000 value=1.5 value_exact=x approximate=0")
    #expect(found.last?.b == "window_end_ms=60000 value=2.5 value_exact=x approximate=0")
    #expect(found.first?.b == nil && found.first?.a != nil)
  }

  @Test(arguments: [
    "UPDATE metrics SET value = value + 1 WHERE metric = 'b'",
    "UPDATE metrics SET value_exact = 'x' WHERE metric = 'b'",
    "UPDATE metrics SET status = 'provisional' WHERE metric = 'b'",
    "DELETE FROM metrics WHERE metric = 'b'",
    "UPDATE run_manifest SET value = replace(value, '1', '2') WHERE key = 'result_digest.metrics'",
    "DELETE FROM run_manifest WHERE key = 'result_digest'",
    "UPDATE partitions SET read = read + 1, late = late + 1",
  ])
  func `Verify notices what somebody changed behind the worker's back`(sql: String) throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change([metric("a"), metric("b"), metric("c")], next: 1), durable: false)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
    try execute(sql, on: directory.file())
    #expect(try !ResultsDigest.verify(path: directory.file()).isSound)
  }
}
