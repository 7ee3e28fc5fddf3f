import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite(.serialized) struct VerdictCommandTests {
  private func weir(_ arguments: String...) async throws -> Outcome {
    try await Command.run(arguments)
  }

  private func write(_ path: String) throws {
    var rows = ResultRows()
    rows.alerts = [
      AlertFixture.alert("aaaa", "ios", .resolved), AlertFixture.alert("bbbb", "web", .firing),
      AlertFixture.alert("cccc", "app", .resolved),
    ]
    rows.findings = [
      FindingRow(
        findingID: AlertFixture.id("dddd"), rule: "card_testing", entityKind: "user", entity: "u,1",
        opened: EventTime(ms: AlertFixture.start), closed: nil, status: .final, announcedAs: nil,
        figures: "{}", evidence: "[]", severity: "warning", owner: nil)
    ]
    try AlertFixture.write(path, rows)
  }

  @Test func `A verdict is told, listed and shown, and a later one takes its place`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    try write(data)
    let known = try await weir("alerts", "verdict", data, "aaaa", "known", "--by", "ann")
    #expect(known.output == "trouble platform=ios (aaaa000000): known, says ann\n", "\(known)")
    let real = try await weir(
      "alerts", "verdict", data, "aaaa", "real", "--by", "bob", "--note", "退款失败")
    #expect(
      real.output
        == "trouble platform=ios (aaaa000000): real, says bob; backtests with --incidents \(data) "
        + "have to find it\n", "\(real)")
    let alarm = try await weir("alerts", "verdict", data, "cccc", "false_alarm", "--by", "ann")
    #expect(alarm.output.contains("): false alarm, says ann\n"), "\(alarm)")
    let list = try await weir("alerts", "list", data)
    #expect(list.output.contains("  payments  real, says bob\n"), "\(list)")
    #expect(list.output.contains("  payments  false alarm, says ann\n"), "\(list)")
    let show = try await weir("alerts", "show", data, "aaaa")
    let lines = show.output.split(separator: "\n").drop { $0 != "what it was" }.dropFirst()
    #expect(lines.first?.hasPrefix("  real: bob at 20") == true, "\(show)")
    #expect(lines.first?.hasSuffix(": 退款失败") == true, "\(show)")
    #expect(lines.dropFirst().first?.hasPrefix("  known: ann at 20") == true, "\(show)")
    let json = try await weir("alerts", "show", data, "aaaa", "--json")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((object["verdict"] as? [String: Any])?["verdict"] as? String == "real")
    #expect((object["verdicts"] as? [Any])?.count == 2)
    let csv = try await weir("alerts", "list", data, "--csv")
    #expect(csv.output.contains(",false,real\r\n"), "\(csv)")
  }

  @Test func `What was real is printed as a file of incidents, and nothing else is`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    try write(data)
    let none = try await weir("alerts", "incidents", data)
    #expect(none.code == 0 && none.output.hasPrefix("no incident: nobody"), "\(none)")
    let empty = try await weir(
      "backtest", "pipelines/ecom.yaml", "--incidents", data, "--input", data)
    #expect(empty.code == 3, "\(empty)")
    #expect(empty.errors.contains("weir alerts verdict \(data) ID real"), "\(empty)")
    for (id, verdict) in [("aaaa", "real"), ("bbbb", "real"), ("cccc", "known"), ("dddd", "real")] {
      let outcome = try await weir("alerts", "verdict", data, id, verdict, "--by", "ann")
      #expect(outcome.code == 0, "\(outcome)")
    }
    _ = try await weir("alerts", "verdict", data, "bbbb", "false_alarm", "--by", "ann")
    let csv = try await weir("alerts", "incidents", data, "--csv")
    #expect(
      csv.output.split(separator: "\r\n").map(String.init) == [
        "incident,from,to,rule,series",
        "trouble aaaa000000,2026-01-05T00:00:00Z,2026-01-05T00:02:00Z,trouble,"
          + #""{""platform"":""ios""}""#,
        "card_testing dddd000000,2026-01-05T00:00:00Z,2026-01-05T00:00:00.001Z,card_testing,"
          + #""u,1""#,
      ], "\(csv)")
    let table = try await weir("alerts", "incidents", data)
    #expect(table.output.hasSuffix("\n2 incidents\n"), "\(table)")
  }

  @Test func `What cannot be judged is refused, and nothing is written`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    try write(data)
    let slips: [(Int32, [String], String)] = [
      (1, [data, "ffff", "real", "--by", "ann"], "there is no alert and no finding 'ffff'"),
      (1, [data, "aaaa", "real", "--by", " "], "the name of who judges is missing"),
      (2, [data, "aaaa", "wrong", "--by", "ann"], "false_alarm"),
      (2, [data, "aaaa"], "verdict"),
    ]
    for (code, arguments, word) in slips {
      let outcome = try await Command.run(["alerts", "verdict"] + arguments)
      #expect(outcome.code == code, "\(arguments) \(outcome)")
      #expect(outcome.errors.contains(word), "\(arguments) \(outcome)")
    }
    let reader = try ResultsReader.open(path: data)
    #expect(try reader.verdictPage().rows.isEmpty)
  }

  @Test func `A backtest of the file's own thresholds finds what was real, by file and by CSV`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = try await AlertFixture.run(folder)
    let reader = try ResultsReader.open(path: data)
    let alert = try #require(try reader.alertPage().rows.first { $0.alert.rule == "trouble" })
    reader.close()
    _ = try await weir("alerts", "verdict", data, alert.alert.alertID, "real", "--by", "ann")
    let csv = try await weir("alerts", "incidents", data, "--csv")
    let file = try folder.write(csv.output, to: "incidents.csv")
    var outputs: [String] = []
    for incidents in [data, file] {
      let outcome = try await weir(
        "backtest", folder.file("pay.yaml"), "--set", "trouble.above=0.9", "--incidents", incidents,
        "--csv", "--input", folder.file("pay.jsonl"))
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
      outputs.append(outcome.output)
    }
    #expect(outputs[0] == outputs[1])
    let rows = outputs[0].split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let found = try #require(rows[0].firstIndex(of: "found"))
    let missed = try #require(rows[0].firstIndex(of: "missed"))
    #expect(rows[1...].map { [$0[found], $0[missed]] } == [["1", "0"], ["0", "1"]], "\(rows)")
  }
}
