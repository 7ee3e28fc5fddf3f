import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

@testable import Inspection

@Suite struct ProposalTests {
  /// Names that a file, a terminal or an expression could take for something else.
  static let hostile = [
    "${HOME}", "$${x}", "$(rm)", "a.b", "a`b", "'", "\"", "\\", "\\u0041", "#", "# x", ": ", "- a",
    "{a: b}", "[x]", "*a", "&a", "!!str x", "|", ">", "%", "@", "<<", "~", "null", "true", "no",
    "yes", "1", "1.5", "0x10", "2026-01-01", "\n", "a\nb", "\t", "\u{0}", "\u{7F}", "\u{85}",
    "\u{2028}", "\u{FEFF}", "\u{202E}", "购买", "🛒", "é", " ", " a ", "event", "user", "time", "id",
    "users", "in", "size", "record_time", "r\"x\"", "a b", "A-B", "*/", "<b>", "$key", "$x", "name",
    String(repeating: "n", count: 90), "metrics", "?", "? a", "key:", "a: b # c", "\u{FFFE}",
  ]

  /// A proposal; when there is none, says why its file does not pass.
  private func made(_ profile: Profile, _ options: ProposalOptions) throws -> Proposal {
    do {
      return try Proposal.make(profile, options: options)
    } catch {
      var writer = ProposalWriter(profile, options, .counts)
      let text = writer.write().text
      let pipeline = try Pipeline.parse(text: text, file: "proposal")
      let outcomes = try PipelineTestRunner.run(pipeline)
      Issue.record("\(outcomes.flatMap(\.mismatches))\n\(text)")
      throw error
    }
  }

  @Test func `A proposal for any names passes check and test with all its stages`() throws {
    try withManySeeds(60) { seed, random in
      func name(_ plain: String) -> String {
        random.chance(0.6) ? random.pick(Self.hostile) : plain
      }
      let events = (0..<3).map { name("event_\($0)") }
      let (amount, platform) = (name("total"), name("platform"))
      let (outer, user) = (name("properties"), name("user_id"))
      let records = (0..<240).map { index -> Record in
        let event = events[index % 3]
        let value = jsonString(index % 2 == 0 ? "ios" : events[0])
        let inner =
          "{\(jsonString(amount)):\(index % 17).5,\(jsonString(platform)):\(value)}"
        return Record(
          "{\"kind_of\":\(jsonString(event)),\(jsonString(user)):\"u\(index % 12)\","
            + "\"at\":\"\(instant(index * 3_600))\",\(jsonString(outer)):\(inner)}")
      }
      var options = InspectionOptions()
      options.overrides.paths = ["name": "kind_of", "time": "at"]
      if FieldPath.isAddressable([user]) {
        options.overrides.paths["user"] = FieldPath.text([user])
      }
      let found = profile(records, options: options)
      var proposing = ProposalOptions()
      proposing.name = name("shop")
      proposing.origin = name("shop.jsonl")
      if random.chance(0.3) { proposing.kafka = ("127.0.0.1:9092", name("shop.events")) }
      let proposal = try made(found, proposing)
      #expect(!proposal.isReduced, "seed \(seed)\n\(proposal.text)")
      let pipeline = try Pipeline.parse(text: proposal.text, file: "p")
      #expect(pipeline.tests.count == 1)
      return !proposal.isReduced
    }
  }

  @Test func `A proposal for rows of any columns passes check and test`() throws {
    try withManySeeds(40) { seed, random in
      var columns: [String] = ["kind_of", "at"]
      for plain in ["user_id", "total", "platform"] {
        let column = random.chance(0.6) ? random.pick(Self.hostile) : plain
        if !columns.contains(column), !column.isEmpty { columns.append(column) }
      }
      let isGiven = random.chance(0.5)
      let delimiter = random.pick([UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, 0x20])
      let format = CSVFormat(delimiter: delimiter, header: columns, trim: delimiter == 0x20)
      let sign = String(UnicodeScalar(delimiter))
      let rows = (0..<120).map { index in
        let values = [
          "view", "\"\(instant(index * 3_600))\"", "u\(index % 9)", "\(index % 7).5", "ios",
        ]
        return Record(values.prefix(columns.count).joined(separator: sign))
      }
      var options = InspectionOptions()
      options.overrides.paths = ["name": "kind_of", "time": "at"]
      let found = profile(rows, format: .csv(format), options: options)
      var proposing = ProposalOptions()
      proposing.csv = format
      if !isGiven { proposing.csv?.header = nil }
      let proposal = try Proposal.make(found, options: proposing)
      #expect(!proposal.isReduced, "seed \(seed)\n\(proposal.text)")
      return !proposal.isReduced
    }
  }

  @Test(
    "Times in any form are read by the proposed pipeline",
    arguments: [
      "2026/1/5 9:21", "2026/01/05 09:21:14", "05.01.2026 09:21", "20260105", "20260105092114",
      "2026年1月5日", "2026-01-05", "2026-01-05 09:21:14", "1767607200", "1767607200123",
    ])
  func times(_ text: String) throws {
    let format = CSVFormat(header: ["event", "time", "user_id"])
    // A day above twelve, so that its place is known.
    let other = text.replacing("1/5 ", with: "1/15 ").replacing("05.01", with: "15.01")
    let rows = (0..<40).map { Record("view,\($0 % 2 == 0 ? text : other),u\($0 % 4)") }
    let found = profile(rows, format: .csv(format))
    #expect(found.usable == 40, "\(found.roles)")
    var options = ProposalOptions()
    options.csv = format
    let proposal = try Proposal.make(found, options: options)
    #expect(!proposal.isReduced, "\(proposal.text)")
  }

  @Test func `Amounts, dimensions and the way of users are proposed`() throws {
    var records: [Record] = []
    for user in 0..<60 {
      for (step, name) in ["view", "cart", "purchase"].enumerated() where user % (1 << step) == 0 {
        let total = name == "purchase" ? ",\"total\":\(user).25" : ""
        records.append(
          Record(
            "{\"event\":\"\(name)\",\"user_id\":\"u\(user)\","
              + "\"platform\":\"\(user % 2 == 0 ? "ios" : "web")\","
              + "\"timestamp\":\"\(instant(user * 7_200 + step * 60))\"\(total)}"))
      }
    }
    let proposal = try Proposal.make(profile(records), options: ProposalOptions())
    #expect(proposal.stages.amounts.map(\.label) == ["total"])
    #expect(proposal.text.contains(#"{sum: total, where: 'event == "purchase"', every: 1d}"#))
    #expect(proposal.stages.usersBy?.dimension == "platform")
    #expect(proposal.text.contains("      - view\n      - cart\n      - purchase\n"))
    #expect(proposal.text.contains("{unit: day, periods: 4"))
    #expect(!proposal.isReduced)
  }

  private func rows(
    _ columns: [String], delimiter: UInt8 = 0x2C, count: Int = 60, _ row: (Int) -> String
  )
    -> (Profile, ProposalOptions)
  {
    let format = CSVFormat(delimiter: delimiter, header: columns)
    var options = ProposalOptions()
    options.csv = format
    return (profile((0..<count).map { Record(row($0)) }, format: .csv(format)), options)
  }

  @Test func `Commas are between thousands only where nothing else can be meant`() throws {
    let columns = ["event", "time", "user_id", "total"]
    let semicolon = UInt8(ascii: ";")
    for (amount, delimiter, thousands, code) in [
      ("1,299.50", semicolon, "thousands: \",\"", "grouped-numbers"),
      ("1,299", semicolon, "thousands: \".\"", "decimal-commas"),
      ("12,50", semicolon, "thousands: \".\"", "decimal-commas"),
      ("\"0,125\"", 0x2C, "thousands: \".\"", "decimal-commas"),
      ("\"1,299\"", 0x2C, nil, "unclear-commas"), ("1299", 0x2C, nil, nil),
    ] {
      let sign = String(UnicodeScalar(delimiter))
      let (found, options) = rows(columns, delimiter: delimiter) {
        ["view", instant($0 * 60), "u\($0 % 5)", amount].joined(separator: sign)
      }
      let proposal = try Proposal.make(found, options: options)
      let text = proposal.text
      #expect(proposal.stages.amounts.map(\.label) == (code == "unclear-commas" ? [] : ["total"]))
      #expect(
        text.contains(thousands ?? "csv: {") && text.contains("thousands") == (thousands != nil))
      #expect(found.warnings.map(\.code).contains(code ?? "") == (code != nil), "\(amount)")
    }
  }

  @Test func `A dimension has no value that may lead to a person`() throws {
    for (rare, isProposed) in [("web", true), ("Ann Lee", false), ("0123456789", false)] {
      let (found, options) = rows(["event", "time", "user_id", "place"], count: 300) {
        let place = $0 % 30 < 2 && rare != "web" ? rare : $0 % 3 == 0 ? "web" : "ios"
        return "view,\(instant($0 * 60)),u\($0 % 30),\(place)"
      }
      let stages = try Proposal.make(found, options: options).stages
      #expect((stages.usersBy != nil) == isProposed, "\(rare)")
      #expect(!stages.safeValues.contains(rare) || isProposed)
    }
  }

  @Test func `Where all dates deny what the first ones suggest, nothing is proposed`() throws {
    func row(_ index: Int) -> String {
      let day = index < InspectionLimits.headRecords ? "0\(1 + index % 9)" : "\(13 + index % 9)"
      return "view,\(day)/02/2026 10:00,u\(index % 9)"
    }
    let (found, options) = rows(["event", "time", "user_id"], count: 6_000, row)
    #expect(found.isSerious && found.warnings.contains { $0.code == "dates-misread" })
    #expect(found.betterRoles?.timePattern == "d/M/yyyy H:mm")
    #expect(throws: Proposal.Impossible.self) { try Proposal.make(found, options: options) }
  }

  @Test func `Without times nothing is proposed, and the error says what to do`() {
    let found = profile((0..<5).map { Record("{\"a\":\($0)}") })
    #expect {
      try Proposal.make(found, options: ProposalOptions())
    } throws: {
      "\($0)".contains("--field time=PATH")
    }
  }
}
