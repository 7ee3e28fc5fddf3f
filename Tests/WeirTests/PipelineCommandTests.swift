import Foundation
import Testing

@Suite struct PipelineCommandTests {
  static let pipeline = """
    name: small
    source:
      format: custom
      fields: {name: event, user: [user_id, anonymous_id], time: timestamp}
    metrics:
      events:  {count: true, every: 1h, by: [event]}
      revenue: {sum: properties.total, every: 1h}
    tests:
      - name: money adds up
        events:
          - {timestamp: "2026-01-01T00:00:10Z", event: buy, user_id: u1, properties: {total: 0.1}}
          - {timestamp: "2026-01-01T00:00:20Z", event: buy, user_id: u2, properties: {total: 0.2}}
        expect:
          metrics: [{metric: revenue, value: 0.3}]
          fates: {applied: 2}

    """

  static let events = """
    {"timestamp":"2026-01-01T00:00:10Z","event":"buy","user_id":"u1","properties":{"total":12.5}}
    {"timestamp":"2026-01-01T00:00:20Z","event":"buy","user_id":"u2","properties":{"total":"7.5"}}
    {"timestamp":"2026-01-01T01:00:20Z","event":"view","user_id":"u2"}

    """

  @Test(arguments: Project.pipelines)
  func `A pipeline that is shipped is right and passes its tests`(_ file: String) async throws {
    let check = try await Command.run(["check", file])
    #expect(check.code == 0, "\(check.errors)")
    let verdict = check.output.split(separator: "\n").last
    #expect(verdict?.hasPrefix("\(file): right, ") == true)
    let test = try await Command.run(["test", file])
    #expect(test.code == 0, "\(test.output)\(test.errors)")
    #expect(test.output.hasSuffix(" passed, 0 failed\n"))
    #expect(test.output.hasPrefix("ok "))
  }

  @Test func `There are pipelines that are shipped`() { #expect(Project.pipelines.count >= 3) }

  @Test func `Every fault is told with its place, and the exit code is 1`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "name: a\nsource: {format: segmnt}\nmetrics:\n  a: {count: true, evry: 1h}\n", to: "a.yaml")
    let plain = try await Command.run(["check", file])
    #expect(plain.code == 1)
    #expect(plain.output.isEmpty)
    let lines = plain.errors.split(separator: "\n")
    #expect(lines.count >= 2)
    #expect(lines.allSatisfy { $0.hasPrefix("\(file):") })
    #expect(plain.errors.contains("\(file):2:18 error[") && plain.errors.contains("segment"))
    #expect(plain.errors.contains("\(file):4:20 error[unknown-option]"))
    let json = try await Command.run(["check", file, "--json"])
    #expect(json.code == 1)
    let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
    #expect(!report.right)
    #expect(report.faults.count == lines.count)
    #expect(report.faults.contains { $0.code == "unknown-option" && $0.line == 4 })
  }

  private struct Report: Decodable {
    var right: Bool
    var faults: [Fault]
    struct Fault: Decodable {
      var line: Int
      var column: Int
      var code: String
      var hint: String?
    }
  }

  @Test func `A file is right without its secrets`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      name: a
      source:
        kafka: {brokers: "${WEIR_TEST_NO_BROKERS}", topic: t, options: {sasl.password: "${file:/none}"}}
        format: segment
      metrics: {a: {count: true, every: 1h}}
      """, to: "a.yaml")
    #expect(try await Command.run(["check", file]).code == 0)
  }

  @Test func `A pipeline file that is not there is out of reach`() async throws {
    let outcome = try await Command.run(["check", "no-such.yaml"])
    #expect(outcome.code == 3)
    #expect(outcome.errors.hasPrefix("no-such.yaml:1:1 error[no-file]"))
  }

  @Test func `A plan is explained`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pipeline, to: "small.yaml")
    let outcome = try await Command.run(["check", file, "--explain"])
    #expect(outcome.code == 0)
    for word in ["Sources", "Fields", "Metrics", "sum of properties.total", "files only"] {
      #expect(outcome.output.contains(word))
    }
  }

  @Test func `Real events show which paths are never there`() async throws {
    let folder = try TemporaryFolder()
    let good = try folder.write(Self.pipeline, to: "small.yaml")
    let bad = try folder.write(
      Self.pipeline.replacing("sum: properties.total", with: "sum: properties.totl"),
      to: "bad.yaml")
    let events = try folder.write(Self.events, to: "events.jsonl")
    let right = try await Command.run(["check", good, "--sample", events])
    #expect(right.code == 0, "\(right.output)\(right.errors)")
    let lines = right.output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(lines.contains(["properties.total", "properties.total", "2", "number,", "string"]))
    // One of a field's paths is enough.
    #expect(lines.contains(["user", "anonymous_id", "0"]))
    #expect(right.output.contains("sample: 3 events\n"))
    let wrong = try await Command.run(["check", bad, "--sample", events])
    #expect(wrong.code == 1)
    #expect(wrong.output.contains("never found; did you mean properties.total?"))
    #expect(!wrong.output.contains("right"))
    let empty = try folder.write("", to: "empty.jsonl")
    #expect(try await Command.run(["check", good, "--sample", empty]).code == 1)
    #expect(try await Command.run(["check", good, "--sample", "no-such.jsonl"]).code == 3)
  }

  @Test func `A sample may be CSV of the same events, and more files than one`() async throws {
    let folder = try TemporaryFolder()
    let good = try folder.write(Self.pipeline, to: "small.yaml")
    let rows = try folder.write(
      "timestamp,event,user_id,properties.total\n2026-01-01 00:00:01,buy,u1,5\n", to: "a.csv")
    let events = try folder.write(Self.events, to: "b.jsonl")
    let outcome = try await Command.run(["check", good, "--sample", rows, events, "--json"])
    #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("\"events\" : 4"))
  }

  @Test func `A test that does not hold says what was found`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      Self.pipeline.replacing("value: 0.3", with: "value: 0.4")
        + "  - {name: nothing in, events: [], expect: {fates: {read: 0}}}\n", to: "small.yaml")
    let outcome = try await Command.run(["test", file])
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("not ok  money adds up (\(file):9)\n"))
    #expect(outcome.output.contains("expected revenue = 0.4, found revenue"))
    #expect(outcome.output.contains("ok      nothing in\n"))
    #expect(outcome.output.hasSuffix("\n1 passed, 1 failed\n"))
    let only = try await Command.run(["test", file, "--only", "nothing in"])
    #expect(only.code == 0)
    #expect(only.output == "ok      nothing in\n1 passed, 0 failed\n")
  }

  @Test func `A pipeline without tests has none that fail`() async throws {
    let folder = try TemporaryFolder()
    let text = Self.pipeline.components(separatedBy: "tests:")[0]
    let outcome = try await Command.run(["test", folder.write(text, to: "small.yaml")])
    #expect(outcome.code == 0)
    #expect(outcome.output == "0 passed, 0 failed\n")
  }
}
