import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite struct RunFilesTests {
  private static let pipeline = "pipelines/ecom.yaml"

  /// Runs the shop's pipeline over its history.
  private func ecom(_ data: String, _ more: [String] = []) async throws -> Outcome {
    let file = try SharedData.path("ecom/ecom.csv.gz")
    return try await Command.run(["run", Self.pipeline, "--input", file, "--data", data] + more)
  }

  @Test func `A history of clicks is counted as a plain count of its rows says`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("a.sqlite")
    let outcome = try await ecom(data)
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.errors.isEmpty)
    #expect(
      outcome.output.contains(
        "read 31106  rejected 0  filtered 0  late 0  duplicate 0  applied 31106\n"))
    let plain = try PlainCount(file: try SharedData.path("ecom/ecom.csv.gz"))
    #expect(plain.rows == 31_106)
    let reader = try ResultsReader.open(path: data)
    var events: [String: Double] = [:]
    for row in try reader.metrics(MetricQuery(metric: "events", limit: .max)) {
      #expect(row.status == .final)
      let dimensions = try PlainCount.dimensions(row)
      events[
        "\(PlainCount.day(row)) \(dimensions["event"] ?? "") \(dimensions["platform"] ?? "")"] =
        row.value
    }
    #expect(events == plain.events)
    var users: [String: Double] = [:]
    for row in try reader.metrics(MetricQuery(metric: "active_users", limit: .max)) {
      #expect(!row.approximate)
      users["\(PlainCount.day(row)) \(try PlainCount.dimensions(row)["platform"] ?? "")"] =
        row.value
    }
    #expect(users == plain.users)
    let verified = try await Command.run(["verify", data])
    #expect(verified.code == 0, "\(verified)")
    #expect(verified.output.contains(": sound, pipeline ecom"))
  }

  @Test func `Two runs and one on one lane have the same digest`() async throws {
    let folder = try TemporaryFolder()
    var digests: [String] = []
    for (name, more) in [("a", []), ("b", []), ("c", ["--lanes", "1"]), ("d", ["--lanes", "7"])] {
      let outcome = try await ecom(folder.file("\(name).sqlite"), more)
      #expect(outcome.code == 0, "\(outcome)")
      let line = outcome.output.split(separator: "\n").last { $0.hasPrefix("digest") }
      digests.append(String(try #require(line)))
      let stored = try ResultsReader.open(path: folder.file("\(name).sqlite")).manifest()
      #expect(digests.last?.hasSuffix(try #require(stored["result_digest"])) == true)
    }
    #expect(Set(digests).count == 1)
    let diff = try await Command.run(["diff", folder.file("a.sqlite"), folder.file("d.sqlite")])
    #expect(diff.code == 0, "\(diff)")
    // Over the same file once more: nothing is read twice.
    let again = try await ecom(folder.file("a.sqlite"))
    #expect(again.code == 0, "\(again)")
    #expect(again.output.contains("applied 31106\n"))
    #expect(again.output.contains(digests[0]))
  }

  @Test func `A file that is mostly garbage ends with 1 and says what was wrong`() async throws {
    let folder = try TemporaryFolder()
    var lines: [String] = []
    for number in 0..<300 {
      lines.append(#"{"timestamp":"2026-01-01T00:00:00Z","event":"home","user_id":"u\#(number)"}"#)
      lines.append(number % 2 == 0 ? "GET /pixel.gif" : #"{"event":"home","user_id":"u"}"#)
    }
    let half = try folder.write(lines.joined(separator: "\n"), to: "half.jsonl")
    let mostly = try folder.write(
      (lines + ["one more"]).joined(separator: "\n"), to: "mostly.jsonl")
    let fine = try await Command.run(
      ["run", Self.pipeline, "--input", half, "--data", folder.file("half.sqlite")])
    #expect(fine.code == 0, "\(fine)")
    let outcome = try await Command.run(
      ["run", Self.pipeline, "--input", mostly, "--data", folder.file("mostly.sqlite")])
    #expect(outcome.code == 1, "\(outcome)")
    #expect(outcome.output.contains("read 601  rejected 301 "))
    #expect(outcome.output.contains("rejected because: malformed 151  no_time 150\n"))
    #expect(outcome.output.contains("stage             matched  unusable  late  why\n"))
    #expect(outcome.output.contains("Over half of the events were unusable"))
    let samples = try ResultsReader.open(path: folder.file("mostly.sqlite")).rejectedEvents()
    #expect(samples.contains { $0.sample.payload == "GET /pixel.gif" })
  }

  @Test func `What is not there and what does not go together end with 3 and 2`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("{}\n", to: "a.jsonl")
    let data = ["--data", folder.file("x.sqlite")]
    let missing = try await Command.run(
      ["run", Self.pipeline, "--input", file, folder.file("no-such.csv")] + data)
    #expect(missing.code == 3, "\(missing)")
    #expect(missing.errors.contains("no-such.csv: cannot be opened"))
    #expect(missing.output.isEmpty)
    let pipeline = try await Command.run(["run", "no-such.yaml", "--input", file] + data)
    #expect(pipeline.code == 3, "\(pipeline)")
    let elsewhere = try await Command.run(
      ["run", Self.pipeline, "--input", file, "--data", folder.file("no/such/x.sqlite")])
    #expect(elsewhere.code == 3, "\(elsewhere)")
    for wrong in [
      ["--in-order"], ["--close"], ["--until-end", "--input", file], ["--lanes", "0"], ["--nope"],
    ] {
      let outcome = try await Command.run(["run", Self.pipeline] + wrong + data)
      #expect(outcome.code == 2, "\(wrong): \(outcome)")
      #expect(outcome.output.isEmpty)
      #expect(!outcome.errors.isEmpty)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("x.sqlite")))
  }

  @Test func `A second worker on the same file is told who has it`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("a.sqlite")
    let input = Pipe()
    let arguments = ["run", Self.pipeline, "--in-order", "--data", data, "--input"]
    let event = #"{"timestamp":"2026-01-01T00:00:00Z","event":"home","user_id":"u"}"#
    try input.fileHandleForWriting.write(contentsOf: Data((event + "\n").utf8))
    let first = try RunningCommand(arguments + ["-"], input: input)
    try await first.wait {
      (try? String(contentsOfFile: data + ".lock", encoding: .utf8)) == "\(first.id)\n"
    }
    let file = try folder.write("{}\n", to: "b.jsonl")
    let second = try await Command.run(arguments + [file])
    #expect(second.code == 3, "\(second)")
    #expect(second.errors.contains("process \(first.id) is writing to it"), "\(second)")
    #expect(second.output.isEmpty)
    try input.fileHandleForWriting.write(contentsOf: Data((event + "\n").utf8))
    try input.fileHandleForWriting.close()
    #expect(try await first.mustEnd() == 0, "\(first.text)")
    #expect(first.text.contains("read 2 "))
  }
}

/// Events and users of the shop's history by day, counted without Weir.
private struct PlainCount {
  var rows = 0
  /// By day, event and platform.
  var events: [String: Double] = [:]
  /// By day and platform.
  var users: [String: Double] = [:]

  init(file: String) throws {
    let unzip = Process()
    let output = Pipe()
    unzip.executableURL = URL(filePath: "/usr/bin/env")
    unzip.arguments = ["gzip", "-dc", file]
    unzip.standardOutput = output
    try unzip.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    unzip.waitUntilExit()
    try #require(unzip.terminationStatus == 0)
    var seen: Set<String> = []
    for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
      // user_id, session_id, event, timestamp, platform, …
      let cells = String(decoding: line, as: UTF8.self).split(
        separator: ",", omittingEmptySubsequences: false)
      rows += 1
      let day = cells[3].prefix(10)
      events["\(day) \(cells[2]) \(cells[4])", default: 0] += 1
      if seen.insert("\(day) \(cells[4]) \(cells[0])").inserted {
        users["\(day) \(cells[4])", default: 0] += 1
      }
    }
  }

  static func day(_ row: MetricRow) -> String {
    "\(CivilDate(dayNumber: row.windowStart.ms / 86_400_000))"
  }

  static func dimensions(_ row: MetricRow) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(row.dimensions.utf8))
  }
}
