import Foundation
import Testing

@Suite struct InspectCommandTests {
  /// Files of the shared data that hold events, with the records that they have.
  private static let files =
    [("ecom/ecom.csv.gz", 31_106), ("cdnow/CDNOW_sample.txt", 6_919)]
    + ((try? SharedData.path("nab/windows.json")).map { windows in
      let root = URL(filePath: windows).deletingLastPathComponent()
      let names = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String]
      let series = (names ?? []).filter { $0.hasSuffix(".gz") }.sorted()
      // One of four: they differ in little but their numbers.
      return series.indices.filter { $0 % 4 == 0 }.map { ("nab/\(series[$0])", 0) }
    } ?? [])

  @Test("A proposal passes check and test, and runs over its file", arguments: files)
  func proposals(_ name: String, _ records: Int) async throws {
    let folder = try TemporaryFolder()
    let file = try SharedData.path(name)
    let proposed = try await Command.run(["inspect", file, "--propose"])
    #expect(proposed.code == 0, "\(proposed)")
    let pipeline = try folder.write(proposed.output, to: "proposed.yaml")
    for command in ["check", "test"] {
      let outcome = try await Command.run([command, pipeline])
      #expect(outcome.code == 0, "\(outcome)")
    }
    let run = try await Command.run([
      "run", pipeline, "--input", file, "--data", folder.file("a.sqlite"),
    ])
    #expect(run.code == 0, "\(run)")
    #expect(run.output.contains("rejected 0  filtered 0  late 0"), "\(run)")
    if records > 0 { #expect(run.output.hasPrefix("read \(records)  "), "\(run)") }
  }

  @Test func `The report names events, fields and times, and shows no user`() async throws {
    let outcome = try await Command.run(["inspect", try SharedData.path("ecom/ecom.csv.gz")])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.hasPrefix("31,106 records of CSV, 31,106 usable, 0 not\n"))
    #expect(
      outcome.output.contains(
        "  product_view       6,851    598  2024-01-04T11:53:00Z  2024-06-29T22:02:40Z\n"))
    #expect(outcome.output.contains("desktop, mobile, tablet"))
    #expect(!outcome.output.contains("user_0"))
    #expect(outcome.errors.isEmpty)
  }

  @Test func `The profile is JSON with names as in the tables`() async throws {
    let outcome = try await Command.run([
      "inspect", try SharedData.path("ecom/ecom.csv.gz"), "--json", "--events", "1000",
    ])
    #expect(outcome.code == 0, "\(outcome)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(object["records"] as? Int == 1_000)
    #expect(object["format"] as? String == "csv")
    let time = try #require(object["time"] as? [String: Any])
    #expect(time["first_ms"] is Int)
  }

  @Test func `Standard input is inspected as a file`() async throws {
    let text = (0..<30).map {
      #"{"event":"e","user_id":"u\#($0 % 3)","timestamp":"2026-01-01T00:00:\#($0 + 10)Z"}"#
    }.joined(separator: "\n")
    let outcome = try await Command.run(["inspect", "-"], input: text)
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.hasPrefix("30 records of JSON, 30 usable, 0 not\n"))
    let proposed = try await Command.run(["inspect", "-", "--propose"], input: text)
    #expect(proposed.output.contains("records of standard input,"), "\(proposed)")
    #expect(proposed.output.contains("\nname: events\n"))
  }

  @Test func `A day above twelve far below says how all dates are read`() async throws {
    let folder = try TemporaryFolder()
    let rows = (0..<6_000).map {
      "u\($0 % 9),view,\($0 < 5_500 ? "0\(1 + $0 % 9)" : "\(13 + $0 % 9)")/02/2026"
    }
    let file = try folder.write("user,event,time\n" + rows.joined(separator: "\n"), to: "a.csv")
    let proposed = try await Command.run(["inspect", file, "--propose"])
    #expect(proposed.code == 0, "\(proposed)")
    #expect(proposed.output.contains("format: \"d/M/yyyy\""))
    let report = try await Command.run(["inspect", file])
    #expect(report.output.hasPrefix("6,000 records of CSV, 6,000 usable, 0 not\n"), "\(report)")
  }

  @Test func `Ids that a spreadsheet has rounded are an exit code of 1`() async throws {
    let folder = try TemporaryFolder()
    let rows = (0..<40).map { "u\($0 % 4),e,2026/1/\(1 + $0 % 28) 9:\(10 + $0),1.38E+10" }
    let text = "user_id,event,time,order\n" + rows.joined(separator: "\r\n")
    let file = try folder.write(text, to: "orders.csv")
    let outcome = try await Command.run(["inspect", file])
    #expect(outcome.code == 1, "\(outcome)")
    #expect(outcome.output.contains("order holds ids that a spreadsheet has rounded"))
    #expect(outcome.output.contains("times are written as yyyy/M/d H:mm"))
  }

  @Test func `A file that is not there and a topic without brokers are told apart`() async throws {
    let file = try await Command.run(["inspect", "nothing/here.csv"])
    #expect(file.code == 3, "\(file)")
    let topic = try await Command.run(["inspect", "shop.events"])
    #expect(topic.code == 2, "\(topic)")
    #expect(topic.errors.contains("--brokers HOST:PORT"))
    let preset = try await Command.run(["inspect", "a.csv", "--preset", "segmnt"])
    #expect(preset.code == 2)
    #expect(preset.errors.contains("did you mean segment?"))
  }

  @Test func `A topic is read to its end of the start, and its proposal runs on it`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(4)
    let produced = try await Command.run(
      ["produce", try SharedData.path("ecom/ecom.csv.gz"), "--pipeline", "pipelines/ecom.yaml"],
      environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic])
    #expect(produced.code == 0, "\(produced)")
    let report = try await Command.run(["inspect", topic, "--brokers", broker.brokers])
    #expect(report.code == 0, "\(report)")
    #expect(report.output.hasPrefix("31,106 records of JSON, 31,106 usable, 0 not\n"))
    #expect(report.output.contains("the record's key is the user in 100%"))
    #expect(report.output.contains("0 of 600 looked at are in several partitions"))
    #expect(report.output.contains("  \(topic)/3"))
    let some = try await Command.run([
      "inspect", topic, "--brokers", broker.brokers, "--events", "400", "--json",
    ])
    #expect(some.output.contains("\"records\" : 400"), "\(some)")
    let proposed = try await Command.run([
      "inspect", topic, "--brokers", broker.brokers, "--propose", "--name", "shop",
    ])
    let pipeline = try folder.write(proposed.output, to: "shop.yaml")
    for command in [["check"], ["test"], ["run", "--until-end", "--close", "--data", "x"]] {
      var words = [command[0], pipeline] + command.dropFirst()
      if let last = words.indices.last, words[last] == "x" { words[last] = folder.file("a.sqlite") }
      let outcome = try await Command.run(words)
      #expect(outcome.code == 0, "\(outcome)")
      if command[0] == "run" { #expect(outcome.output.hasPrefix("read 31106  rejected 0")) }
    }
  }
}
