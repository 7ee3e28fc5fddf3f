import Foundation
import StreamTestKit
import Testing

@Suite(.serialized) struct BacktestCommandTests {
  private static let pipeline = "pipelines/ecom.yaml"

  private struct Report: Decodable {
    struct Rule: Decodable {
      var rule: String
      var candidates: [Candidate]
    }
    struct Candidate: Decodable {
      var candidate: String
      var now: Bool
      var best: Bool
      var all: Part
      var before: Part?
      var after: Part?
      var alerts: [Alert]
    }
    struct Part: Decodable {
      var alerts: Int
      var openMs: Int64
      var incidents: Incidents?
    }
    struct Incidents: Decodable {
      var found: [String]
      var missed: [String]
      var medianDelayMs: Int64?
      var falseAlerts: Int
      var openBefore: Int
      var f1: Double?
    }
    struct Alert: Decodable {
      var opened: String
      var ended: String?
    }
    var from: String
    var to: String
    var eventsRead: Int64
    var rules: [Rule]
  }

  private func data() throws -> [String] {
    [
      "--input", try SharedData.path("ecom/ecom.csv.gz"), "--incidents",
      try SharedData.path("ecom/incidents.csv"),
    ]
  }

  /// What is left of a command that has `folder` for its temporary files.
  private func left(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  @Test func `A sweep shows what each value finds, and leaves no file`() async throws {
    let folder = try TemporaryFolder()
    let outcome = try await Command.run(
      ["backtest", Self.pipeline, "--json", "--sweep", "payment_trouble.above=0.2..0.6:0.2"]
        + data(), environment: ["TMPDIR": folder.path])
    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(try left(folder).isEmpty)
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.eventsRead == 31_106)
    #expect(report.from == "2024-01-04T11:00:00Z" && report.to == "2024-06-29T22:02:40Z")
    let rule = try #require(report.rules.first)
    #expect(report.rules.count == 1 && rule.rule == "payment_trouble")
    #expect(rule.candidates.map(\.candidate) == ["above=0.2", "above=0.4", "above=0.6"])
    #expect(rule.candidates.map(\.now) == [true, false, false])
    #expect(rule.candidates.map(\.best) == [true, false, false])
    let now = rule.candidates[0]
    #expect(now.all.alerts == 1 && now.alerts.count == 1)
    #expect(now.alerts[0].opened == "2024-05-20T00:00:00Z")
    #expect(now.all.incidents?.found == ["payment_gateway"])
    #expect(now.all.incidents?.missed == ["viral_article", "checkout_bug"])
    #expect(now.all.incidents?.medianDelayMs == 86_460_000)
    #expect(now.all.incidents?.f1 == 0.5)
    #expect(rule.candidates[1].all.incidents?.medianDelayMs == 172_860_000)
    #expect(rule.candidates[2].all.alerts == 0)
  }

  @Test func `Candidates are chosen by what is before, and the rest is shown apart`() async throws {
    let outcome = try await Command.run(
      [
        "backtest", Self.pipeline, "--json", "--validate-from", "2024-04-20", "--sweep",
        "checkout_stuck.below=0.3,0.7", "--sweep", "payment_trouble.above=0.1,0.3",
      ] + data())
    #expect(outcome.code == 0, "\(outcome)")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    let stuck = try #require(report.rules.first { $0.rule == "checkout_stuck" })
    #expect(stuck.candidates.map(\.candidate) == ["below=0.5", "below=0.7", "below=0.3"])
    #expect(stuck.candidates.map(\.best) == [false, true, false])
    #expect(stuck.candidates[0].before?.openMs == 172_800_000)
    #expect(stuck.candidates[0].after?.incidents?.missed == ["payment_gateway"])
    let trouble = try #require(report.rules.first { $0.rule == "payment_trouble" })
    #expect(
      stuck.candidates.allSatisfy { $0.after?.incidents != nil && $0.before?.incidents != nil })
    #expect(trouble.candidates.allSatisfy { !$0.best }, "nothing was found before")
    #expect(trouble.candidates[0].after?.incidents?.found == ["payment_gateway"])
  }

  @Test func `The table, the CSV and the page say the same`() async throws {
    let folder = try TemporaryFolder()
    let page = folder.file("backtest.html")
    let words = ["backtest", Self.pipeline, "--sweep", "checkout_stuck.below=0.7"]
    let chart = folder.file("backtest.svg")
    let table = try await Command.run(words + ["--html", page, "--svg", chart] + data())
    #expect(try String(contentsOfFile: chart, encoding: .utf8).hasPrefix("<svg"))
    let csv = try await Command.run(words + ["--csv"] + data())
    #expect(table.code == 0 && csv.code == 0, "\(table) \(csv)")
    #expect(table.output.contains("checkout_stuck: upper(value) < below of address_to_payment"))
    #expect(table.output.contains("now below=0.5"))
    let rows = csv.output.split(separator: "\r\n").map { $0.split(separator: ",") }
    #expect(rows.count == 3 && rows[1].prefix(3) == ["checkout_stuck", "below=0.5", "true"])
    let html = try String(contentsOfFile: page, encoding: .utf8)
    for part in ["<svg", "checkout_bug", "platform=mobile", "below=0.7", "now below = 0.5"] {
      #expect(html.contains(part), "\(part)")
    }
    for part in ["<script", "src=", "@import", "url(h"] { #expect(!html.contains(part), "\(part)") }
    let links = html.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!links.contains("http:") && !links.contains("https:"), "nothing from outside")
  }

  @Test(arguments: [
    (["--set", "payment_trouble.abov=0.3"], "did you mean 'above'?"),
    (["--set", "payment_troubl.above=0.3"], "did you mean 'payment_trouble'?"),
    (["--set", "payment_trouble.above=3"], "at least 0 and at most 1"),
    (["--set", "payment_trouble"], "names no value of a rule"),
    (["--validate-from", "2030-01-01"], "is not between the first event and the last"),
    (["--json", "--csv"], "Choose one"),
    (["--svg", "two-rules.svg"], "--svg is the chart of one rule"),
  ])
  func `What cannot be tried is wrong usage`(words: [String], message: String) async throws {
    let folder = try TemporaryFolder()
    let outcome = try await Command.run(
      ["backtest", Self.pipeline, "--input", try SharedData.path("ecom/ecom.csv.gz")] + words,
      environment: ["TMPDIR": folder.path])
    #expect(outcome.code == 2, "\(outcome)")
    #expect(outcome.errors.contains(message), "\(outcome)")
    #expect(try left(folder).isEmpty)
  }

  @Test func `Interrupted it leaves no file and tells nothing as known`() async throws {
    let folder = try TemporaryFolder()
    let temporary = try TemporaryFolder()
    let pipe = Pipe()
    // With a reader of our own, what is written after its end is no broken pipe.
    let reader = dup(pipe.fileHandleForReading.fileDescriptor)
    defer { close(reader) }
    let process = try RunningCommand(
      ["backtest", Self.pipeline, "--in-order", "--input", "-"],
      environment: ["TMPDIR": temporary.path], input: pipe)
    // Its folder is there as soon as it has begun; the input stays open.
    pipe.fileHandleForWriting.write(
      Data("user_id,session_id,event,timestamp,platform,acquisition_channel\n".utf8))
    try await process.wait { try !left(temporary).isEmpty }
    process.send(SIGINT)
    // It takes notice between two reads. The input does not end before that; there are no more
    // lines than a pipe takes that nobody reads.
    var code: Int32?
    for _ in 0..<1_000 where code == nil {
      pipe.fileHandleForWriting.write(Data("u,s,page_view,2024-04-01T00:00:00Z,web,ads\n".utf8))
      code = await process.ended(withinMs: Patience.ms / 1_000)
    }
    #expect(code == 130, "\(process.text)")
    #expect(process.text.contains("stopped before the end"))
    #expect(try left(temporary).isEmpty)
    withExtendedLifetime(folder) {}
  }

  @Test func `False alerts of a part in which no incident began are told`() async throws {
    let folder = try TemporaryFolder()
    let incidents = try folder.write(
      "incident,from,to\nearly\u{1B}[31m,2024-02-29,2024-03-03\n"
        + "never\u{1B}[31m,2020-01-01,2020-01-02\n",
      to: "incidents.csv")
    let words = [
      "backtest", Self.pipeline, "--validate-from", "2024-04-20", "--sweep",
      "payment_trouble.above=0.3", "--incidents", incidents, "--input",
      try SharedData.path("ecom/ecom.csv.gz"),
    ]
    let json = try await Command.run(words + ["--json"])
    #expect(json.errors.contains("the incident never\u{FFFD}[31m lies outside"), "\(json)")
    #expect(!json.errors.contains("\u{1B}"))
    let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
    let after = try #require(report.rules.first?.candidates.first?.after)
    #expect(after.alerts == 1 && after.incidents?.falseAlerts == 1)
    let csv = try await Command.run(words + ["--csv"])
    let row = try #require(
      csv.output.split(separator: "\r\n").first { $0.contains(",true,") && $0.contains(",after,") })
    #expect(row.split(separator: ",", omittingEmptySubsequences: false)[12] == "1", "\(row)")
  }

  // MARK: - Suggestions

  private func suggest(_ words: [String]) async throws -> Outcome {
    try await Command.run(
      ["thresholds", "suggest", Self.pipeline] + words
        + ["--input", try SharedData.path("ecom/ecom.csv.gz")])
  }

  @Test func `A suggestion meets its budget, and a backtest of it says the same`() async throws {
    let outcome = try await suggest([
      "checkout_stuck", "--max-alerts-per-week", "0.3", "--data", "my shop.sqlite",
    ])
    #expect(outcome.code == 0, "\(outcome)")
    let line = try #require(
      outcome.output.split(separator: "\n").last { $0.contains("weir thresholds set") })
    #expect(line.contains("set 'my shop.sqlite' checkout_stuck.below="))
    let value = try #require(
      line.firstMatch(of: /checkout_stuck\.below=([0-9.]+) --reason "backtest .*: (\d+) alerts"/))
    let tried = try await Command.run([
      "backtest", Self.pipeline, "--json", "--set", "checkout_stuck.below=\(value.1)", "--input",
      try SharedData.path("ecom/ecom.csv.gz"),
    ])
    let report = try JSONDecoder().decode(Report.self, from: Data(tried.output.utf8))
    let alerts = try #require(report.rules.first?.candidates.last?.all.alerts)
    #expect(Int(value.2) == alerts && alerts > 1)
    #expect(Double(alerts) / 177.5 * 7 <= 0.3)
  }

  @Test func `What cannot be met ends with 1 and the nearest, and what is misspelt with 2`()
    async throws
  {
    let never = try await suggest(["payment_trouble", "--max-alerts-per-week", "0"])
    #expect(never.code == 0, "no alert at all is a budget that can be met: \(never)")
    let incidents = try SharedData.path("ecom/incidents.csv")
    let tight = try await suggest([
      "payment_trouble", "--max-alerts-per-week", "0.01", "--incidents", incidents,
    ])
    #expect(tight.code == 1, "\(tight)")
    #expect(tight.output.contains("nothing that was tried meets the budget; the nearest is"))
    #expect(!tight.output.contains("weir thresholds set"))
    let good = try await suggest(["payment_trouble.above", "--incidents", incidents])
    #expect(good.code == 0 && good.output.contains("nothing to set"), "\(good)")
    for (words, message) in [
      (["payment_troubl"], "did you mean 'payment_trouble'?"),
      (["payment_trouble.abov"], "did you mean 'above'?"),
    ] {
      let outcome = try await suggest(words + ["--max-alerts-per-week", "1"])
      #expect(outcome.code == 2 && outcome.errors.contains(message), "\(outcome)")
    }
    #expect(try await suggest(["payment_trouble"]).code == 2)
  }

  @Test func `Nothing is suggested from nothing`() async throws {
    let folder = try TemporaryFolder()
    let text = """
      name: t
      source: {format: custom, fields: {name: event, user: user_id, time: timestamp}}
      metrics: {n: {count: true, every: 1h}}
      alerts: {many: {watch: n, when: value > most, thresholds: {most: 3}}}
      """
    let pipeline = try folder.write(text, to: "t.yaml")
    let steps = try folder.write(
      text.replacing("most: 3", with: "most: {default: 3, min: 0, max: 9, step: 1}"),
      to: "steps.yaml")
    let empty = try folder.write("{\"event\": 1}\n", to: "empty.jsonl")
    let words = ["many", "--max-alerts-per-week", "1", "--input"]
    let outcome = try await Command.run(["thresholds", "suggest", steps] + words + [empty])
    #expect(outcome.code == 1 && outcome.errors.contains("no event was applied"), "\(outcome)")
    #expect(!outcome.output.contains("weir thresholds set"))
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let passing = try await Command.run(["thresholds", "suggest", pipeline] + words + [pipe])
    #expect(passing.code == 2 && passing.errors.contains("can be read only once"), "\(passing)")
    let absent = try folder.write("incident,from,to\na,2020-01-01,2020-01-02\n", to: "a.csv")
    let outside = try await suggest(["checkout_stuck", "--incidents", absent])
    #expect(outside.code == 1 && outside.errors.contains("no incident"), "\(outside)")
  }
}
