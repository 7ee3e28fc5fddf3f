import Foundation
import PipelineSpec
import StreamCore
import Testing

/// What every stage keeps, as versions of Weir wrote it: a worker meets such files when it is
/// started after another version.
@Suite struct StateCodecTests {
  /// Every kind of stage and of aggregate, all of them with something in their hands in the middle
  /// of the log.
  private static func pipeline(keyed: Bool) throws -> PipelinePlan {
    try Pipeline.parse(
      text: """
        name: codec
        zone: Asia/Shanghai
        source:
          format: custom
          keyed: \(keyed)
          fields: {name: event, user: user_id, time: timestamp, id: message_id}
        time: {lateness: 2m}
        users:
          purchases: {count: 'event == "buy"'}
          first_channel: {first: channel}
          last_total: {last: total}
        metrics:
          events: {count: true, every: 1h, by: [channel]}
          revenue: {sum: total, every: 1h, by: [channel], max_series: 2}
          average: {avg: total, every: 1h}
          range: {max: total, every: 1h}
          least: {min: total, every: 1h}
          p90: {p90: total, every: 1h}
          latest: {last: total, every: 1m, carry: 1h}
          users: {distinct: user, window: 10m, every: 5m}
          totals: {distinct: total, every: 1h}
          by_habit: {count: true, every: 1h, by: [users.first_channel], where: users.purchases > 1}
          mean: {formula: revenue / events}
        funnels:
          sale: {steps: [view, cart, buy], within: 20m, entered: 1h, by: [channel]}
          strict:
            {steps: [view, buy], within: 20m, entered: 1h, order: strict, exclude: event == "x"}
          order: {steps: [cart, buy], within: 1h, entered: 1h, per: order}
        retention:
          buyers: {start: 'event == "buy"', unit: day, periods: 3, value: total}
          all: {unit: day, periods: 2, mode: recurring, by: [users.first_channel]}
        sessions: {stays: {gap: 3m, by: [channel]}}
        lifecycle: {growth: {unit: day}}
        kpis:
          income: {formula: revenue_day - previous(revenue_day), period: 1d, layer: business}
          per_user: {formula: revenue_day / day_users, period: 1d, layer: process}
        alerts:
          low: {watch: events, when: value < 3 && value < mean(3), for: 2}
          loose: {watch: sale.conversion, when: upper(value) < 1, keep_firing_for: 2h}
        risks:
          rush: {entity: channel, within: 3m, when: count() >= 9 && distinct(user) >= 2}
          left: {entity: user, sequence: [cart], absent: buy, within: 10m}
        """.replacing(
          "  mean: {formula",
          with: "  revenue_day: {sum: total, every: 1d}\n  day_users: {distinct: user, every: 1d}\n"
            + "  mean: {formula"), file: "codec.yaml"
    ).plan
  }

  /// Records of one partition, by plain arithmetic: what they are must never change.
  private static let records: [(payload: [UInt8], timestampMs: Int64?)] = {
    var random: UInt64 = 7
    func below(_ count: UInt64) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((random >> 33) % count)
    }
    return (0..<240).map { number in
      let ms = 1_767_225_600_000 + Int64(number) * 37_000 - Int64(below(90_000))
      let event = ["view", "cart", "buy", "x"][min(below(5), 3)]
      let total = event == "buy" ? #","total":\#(below(9_000)).\#(10 + below(89))"# : ""
      let id = number - below(20) / 19
      let text = """
        {"event":"\(event)","user_id":"u\(below(9))","order":"o\(below(30))",\
        "channel":"\(["web", "app", "店"][below(3)])","message_id":"m\(id)",\
        "timestamp":\(ms)\(total)}
        """
      return (Array(text.utf8), ms + 60_000)
    }
  }()

  private static let half = 170

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(_ hex: Substring) throws -> [UInt8] {
    try stride(from: 0, to: hex.count, by: 2).map { at in
      let start = hex.index(hex.startIndex, offsetBy: at)
      return try #require(UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16))
    }
  }

  /// A record a line: owner, stage, version, key, bytes.
  private static func text(_ saved: PipelineDriver.Saved) -> String {
    saved.records.map { record in
      let key = record.key
      return "\(key.owner) \(String(key.stage, radix: 16)) \(record.codecVersion) -\(hex(key.key)) "
        + hex(record.bytes) + "\n"
    }.joined()
  }

  private static func records(_ text: String) throws -> [StateRecord] {
    try text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      try #require(parts.count == 5)
      return StateRecord(
        key: StateKey(
          owner: String(parts[0]), stage: try #require(UInt32(parts[1], radix: 16)),
          key: try bytes(parts[3].dropFirst())),
        codecVersion: try #require(UInt16(parts[2])), bytes: try bytes(parts[4]))
    }
  }

  private static let version = StateRecord.readableVersions.upperBound

  /// The fixture of this version; `made` becomes it where there is none and documents are written.
  private static func fixture(
    keyed: Bool, _ made: String? = nil, version: UInt16 = version
  ) throws -> String {
    let name = "state-codec-v\(version)-\(keyed ? "keyed" : "exchanged").txt"
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Released/\(name)")
    if let made, !FileManager.default.fileExists(atPath: url.path),
      ProcessInfo.processInfo.environment["WEIR_WRITE_DOCS"] != nil
    {
      try Data(made.utf8).write(to: url)
    }
    let committed = try? String(contentsOf: url, encoding: .utf8)
    return try #require(
      committed, "make \(name): WEIR_WRITE_DOCS=1 swift test --filter StateCodecTests")
  }

  @Test(arguments: [true, false])
  func `State is written as its version says, and gone on with as if nothing had happened`(
    keyed: Bool
  ) throws {
    let plan = try Self.pipeline(keyed: keyed)
    let first = try PipelineDriver(plan)
    first.push(Array(Self.records[..<Self.half]), to: 0)
    let saved = first.save()
    let text = Self.text(saved)
    let fixture = try Self.fixture(keyed: keyed, text)
    let (written, released) = (text.split(separator: "\n"), fixture.split(separator: "\n"))
    let difference = zip(written, released).first { $0 != $1 }
    #expect(
      text == fixture,
      """
      \(written.count) records, \(released.count) in the fixture, the first that differs: \
      \(difference.map { "\($0.prefix(200)) instead of \($1.prefix(200))" } ?? "none").
      Files of version \(Self.version) are out there: raise TaskState.codecVersion, and keep the
      fixtures.
      """)

    let straight = try PipelineDriver(plan)
    straight.push(Array(Self.records[..<Self.half]), to: 0)
    straight.snapshot()
    straight.push(Array(Self.records[Self.half...]), to: 0)
    straight.close()
    for version in StateRecord.readableVersions {
      var kept = saved
      kept.records = try Self.records(try Self.fixture(keyed: keyed, version: version))
      let second = try PipelineDriver(plan, from: kept)
      second.adopt(first.tables)
      second.push(Array(Self.records[Self.half...]), to: 0)
      // What was put back is saved again in the way of today, and nothing is left of the other.
      let third = try PipelineDriver(plan, from: second.save())
      third.adopt(second.tables)
      for driver in [second, third] { driver.close() }
      #expect(second.conflicts.isEmpty && third.conflicts.isEmpty)
      for driver in [second, third] {
        #expect(driver.tables == straight.tables, "version \(version)")
        #expect(driver.fates == straight.fates, "version \(version)")
      }
    }
  }

  @Test func `Every kind of record is in the fixtures`() throws {
    let kept = try [true, false].map { try Self.records(try Self.fixture(keyed: $0)) }
    for records in kept {
      #expect(records.allSatisfy { $0.codecVersion == Self.version })
      // Cells alone and together, numbers of series and names of stages, pages, events that wait,
      // copies, headers.
      let kinds = Set(
        records.map { $0.key.stage < 0xFFFF_0000 ? $0.key.stage >> 28 : $0.key.stage })
      #expect(
        kinds.isSuperset(of: [0, 0xC, 0xD, 0xE, 0xF, 0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFD]),
        "\(kinds)")
      #expect(records.contains { $0.key.owner == "merge" })
    }
    #expect(kept[1].contains { $0.key.owner.hasPrefix("exchange/") })
  }
}
