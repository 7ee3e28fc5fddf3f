import Foundation
import StreamCore
import StreamTestKit
import Testing

@testable import Inspection

@Suite struct ProfilerTests {
  private func event(_ second: Int, _ name: String = "view", user: String = "u1") -> String {
    #"{"event":"\#(name)","user_id":"\#(user)","timestamp":"\#(instant(second))"}"#
  }

  @Test func `Events, users and times are those of the records`() throws {
    var records = (0..<20).map { Record(event($0 * 60, user: "u\($0 % 4)")) }
    records += (0..<5).map { Record(event(3_600 + $0, "buy", user: "u1")) }
    records += [Record(""), Record("{"), Record("[1]"), Record("{\"event\":\"x\"}")]
    let profile = profile(records)
    #expect(profile.records == 29)
    #expect(profile.usable == 25)
    #expect(
      profile.unusable.map(\.reason).sorted() == ["empty", "malformed", "no_time", "not_an_object"])
    #expect(profile.events.map(\.name) == ["view", "buy"])
    #expect(profile.events.map(\.count) == [20, 5])
    #expect(profile.events.map(\.users) == [4, 1])
    #expect(profile.users?.users == 4)
    #expect(profile.users?.largestEvents == 10)
    #expect(profile.roles.name?.paths == [["event"]])
    #expect(profile.roles.user?.paths == [["user_id"]])
    #expect(profile.roles.time?.paths == [["timestamp"]])
    #expect(profile.time?.spanMs == 3_604_000)
    #expect(profile.fields.first { $0.path == "event" }?.fill == 26.0 / 26)
    #expect(profile.fields.first { $0.path == "user_id" }?.fill == 25.0 / 26)
  }

  @Test func `Lateness is what a plain loop over each partition says`() throws {
    withSeeds(1...4) { _, random in
      var records: [Record] = []
      var clocks: [Int32: Int] = [:]
      var delays: [Int64] = []
      for second in 0..<3_000 {
        let at = max(0, second - (random.chance(0.2) ? random.below(400) : 0))
        let partition = Int32(random.below(3))
        delays.append(Int64(max(0, (clocks[partition] ?? at) - at)) * 1_000)
        clocks[partition] = max(clocks[partition] ?? at, at)
        records.append(Record(event(at, user: "u\(partition)"), partition: partition))
      }
      let found = profile(records).disorder
      let sorted = delays.sorted()
      #expect(found?.allMs == sorted.last)
      #expect(found?.behind == Int64(delays.count { $0 > 0 }))
      for (perMille, ms) in [(990, found?.p99Ms), (999, found?.p999Ms)] {
        let exact = sorted[(sorted.count * perMille + 999) / 1000 - 1]
        let most = Double(exact) * 1.04 + 1
        #expect((ms ?? -1) >= exact && Double(ms ?? .max) <= most, "\(perMille)")
      }
    }
  }

  @Test func `Copies are told apart by id, time and bytes`() {
    func record(_ id: String, _ second: Int) -> Record {
      Record(
        #"{"event":"view","user_id":"u","message_id":"\#(id)","timestamp":"\#(instant(second))"}"#)
    }
    var records = (0..<100).map { record("m\($0)", $0) }
    records += [record("m1", 1), record("m1", 1), record("m2", 500)]
    let copies = profile(records).duplicates
    #expect(copies.withID == 103)
    #expect(copies.sameIDAndTime == 2)
    #expect(copies.sameIDOtherTime == 1)
    #expect(copies.identicalRecords == 2)
    #expect(!copies.isEstimate)
  }

  @Test func `Users in several partitions and keys that are no user show`() {
    var options = InspectionOptions()
    options.isTopic = true
    let records = (0..<400).map { index in
      Record(
        event(index, user: "u\(index % 40)"), key: index % 4 == 0 ? "u\(index % 40)" : "other",
        partition: index % 40 < 10 ? Int32(index / 40 % 2) : 0)
    }
    let found = profile(records, options: options)
    #expect(found.users?.inSeveralPartitions == 10)
    #expect(found.users?.sampled == 40)
    #expect(found.users?.keyIsUser == 0.25)
    #expect(found.warnings.contains { $0.code == "not-keyed-by-user" })
  }

  @Test func `Clocks ahead of the record are measured, far ones rejected as the core does`() {
    var options = InspectionOptions()
    options.isTopic = true
    let base = 1_767_225_600_000 as Int64
    var records = (0..<90).map {
      Record(event($0), timestampMs: base + Int64($0) * 1_000 + 2_000)
    }
    records += (90..<100).map {
      Record(event($0), timestampMs: base + Int64($0) * 1_000 - 300_000)
    }
    records.append(Record(event(5 * 86_400), timestampMs: base))
    let found = profile(records, options: options)
    #expect(found.unusable.map(\.reason) == ["too_far_ahead"])
    #expect(found.skew?.events == 100)
    #expect(found.skew?.shareAhead == 0.1)
    #expect(found.skew?.aheadMostMs == 300_000)
    #expect(found.skew?.behindMostMs == 2_000)
    #expect(found.warnings.contains { $0.code == "clocks-ahead" })
  }

  @Test func `A long silence against the usual rate is a gap`() {
    let seconds = Array(0..<1_000) + Array(90_000..<91_000)
    let gaps = profile(seconds.map { Record(event($0)) }).time?.gaps
    #expect(gaps?.count == 1)
    #expect(gaps?.first.map { $0.toMs - $0.fromMs } == 89_001_000)
  }

  @Test func `Ids that a spreadsheet has rounded, and a lack of events, are serious`() {
    let header = CSVFormat(header: ["user_id", "event", "timestamp", "order_id"])
    let rows = (0..<50).map { Record("u\($0 % 5),view,\(instant($0)),1.38E+10") }
    let mangled = profile(rows, format: .csv(header))
    #expect(mangled.isSerious)
    #expect(mangled.warnings.first?.code == "mangled-ids")
    let broken = profile((0..<50).map { _ in Record("nothing") })
    #expect(broken.isSerious)
    #expect(broken.warnings.first?.code == "mostly-unusable")
    #expect(profile([]).isSerious)
  }

  @Test(
    "Payloads of well-known kinds are recognised",
    arguments: [
      ("segment", #"{"type":"track","event":"e","userId":"u","messageId":"m1","timestamp":"T"}"#),
      ("posthog", #"{"event":"e","distinct_id":"u","uuid":"m1","timestamp":"T"}"#),
      (
        "cloudevents",
        #"{"specversion":"1.0","type":"e","subject":"u","id":"m1","time":"T","source":"s"}"#
      ),
      ("snowplow", #"{"event_name":"e","user_id":"u","event_id":"m1","derived_tstamp":"T"}"#),
      (
        "sensors",
        #"{"type":"track","event":"e","distinct_id":"u","time":1767225600000,"#
          + #""_track_id":1,"lib":{"$lib":"js"}}"#
      ),
    ])
  func presets(_ name: String, _ payload: String) {
    let records = (0..<10).map {
      Record(payload.replacingOccurrences(of: "\"T\"", with: "\"\(instant($0))\""))
    }
    let found = profile(records)
    #expect(found.roles.preset == name)
    #expect(found.usable == 10)
  }

  @Test func `A person's choice of fields comes before every guess`() {
    var options = InspectionOptions()
    options.overrides.paths = ["name": "kind.of", "time": "when"]
    let records = (0..<10).map {
      Record(#"{"event":"x","kind":{"of":"y"},"timestamp":1,"when":"\#(instant($0))"}"#)
    }
    let found = profile(records, options: options)
    #expect(found.events.map(\.name) == ["y"])
    #expect(found.usable == 10)
  }

  @Test func `Nothing of a person is in a profile, whatever the fields are called`() throws {
    let secrets = (0..<60).map { "Zebulon\($0)Quark" }
    let records = (0..<600).map { index -> Record in
      let secret = secrets[index % 60]
      return Record(
        """
        {"event":"view","user_id":"\(secret)","timestamp":"\(instant(index))","note":"\(secret) x",
        "mail":"\(secret)@example.com",
        "deep":{"\(secret)@example.com":1,"nickname":"\(secrets[index % 3])"},
        "tel":"1381234\(5678 + index)"}
        """)
    }
    let found = profile(records)
    let proposal = try Proposal.make(found, options: ProposalOptions())
    let json = String(decoding: try JSONEncoder().encode(found), as: UTF8.self)
    for text in [json, proposal.text] {
      #expect(!text.contains("Zebulon"))
      #expect(!text.contains("1381234"))
    }
    #expect(json.contains("\"view\""))
  }

  @Test func `Names of people are not taken for names of events`() {
    func names(_ values: [String]) -> [String] {
      profile(
        (0..<200).map {
          Record("{\"name\":\"\(values[$0 % values.count])\",\"time\":\"\(instant($0))\"}")
        }
      ).events.map(\.name)
    }
    #expect(names(["Anna", "Bert", "张三"]) == ["event"])
    #expect(Set(names(["product_view", "add_to_cart", "home"])).count == 3)
  }

  @Test func `A value that many have is shown, and no field with others is a dimension`() {
    let records = (0..<400).map { index -> Record in
      let platform = index % 400 < 3 ? "prototype" : index % 2 == 0 ? "ios" : "android"
      return Record(
        #"{"event":"view","user_id":"u\#(index % 30)","timestamp":"\#(instant(index))","#
          + #""platform":"\#(platform)"}"#
      )
    }
    let field = profile(records).fields.first { $0.path == "platform" }
    #expect(field?.values.map(\.name).sorted() == ["android", "ios"])
    #expect(field?.safeValues == ["android", "ios"])
    #expect(field?.use == nil)
    let late = profile(Array(records.dropFirst(3))).fields.first { $0.path == "platform" }
    #expect(late?.use == "dimension")
  }
}
