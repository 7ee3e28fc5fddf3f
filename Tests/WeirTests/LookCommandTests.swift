import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite struct LookCommandTests {
  private func outputs(_ folder: TemporaryFolder) -> [String] {
    [
      "--page", folder.file("a.html"), "--data", folder.file("a.sqlite"), "--keep-pipeline",
      folder.file("a.yaml"),
    ]
  }

  @Test func `A look leaves a page, a pipeline and its results`() async throws {
    let folder = try TemporaryFolder()
    let file = try SharedData.path("ecom/ecom.csv.gz")
    let outcome = try await Command.run(["look", file] + outputs(folder))
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.hasPrefix("31,106 events of 600 users, "), "\(outcome)")
    #expect(outcome.output.contains("page      \(folder.file("a.html"))\n"))
    let page = try String(contentsOfFile: folder.file("a.html"), encoding: .utf8)
    for part in [
      "31,106 events of 600 users", "Events a day", "Users a day", "product_view", "Who comes back",
      "How far users come",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(!page.contains("<script") && !page.contains("user_0"))
    let rows = try ResultsReader.open(path: folder.file("a.sqlite"))
      .metrics(MetricQuery(metric: "all_events", limit: .max))
    #expect(rows.reduce(0) { $0 + $1.value } == 31_106)
    #expect(try await Command.run(["test", folder.file("a.yaml")]).code == 0)
    let again = try await Command.run(["look", file] + outputs(folder))
    #expect(again.code == 2, "\(again)")
    #expect(again.errors.contains("--overwrite"))
    let replaced = try await Command.run(["look", file, "--overwrite"] + outputs(folder))
    #expect(replaced.code == 0, "\(replaced)")
    #expect(try String(contentsOfFile: folder.file("a.html"), encoding: .utf8) == page)
  }

  /// An export of a spreadsheet in Chinese: names of columns, dates of one digit, amounts with
  /// separators between thousands.
  private static let columns: [[UInt8]] = [
    [0xD3, 0xC3, 0xBB, 0xA7], [0xCA, 0xC2, 0xBC, 0xFE], [0xCA, 0xB1, 0xBC, 0xE4],
    [0xBD, 0xF0, 0xB6, 0xEE],
  ]

  @Test func `An export in GBK with amounts as 1,299.00 becomes a page`() async throws {
    let folder = try TemporaryFolder()
    var bytes = Array(Self.columns.joined(separator: [0x2C])) + [0x0D, 0x0A]
    for row in 0..<60 {
      bytes += Array("u\(row % 7),".utf8) + [0xD6, 0xA7, 0xB8, 0xB6]
      bytes += Array(",2026/1/\(1 + row % 20) 9:05,\"1,\(200 + row).50\"\r\n".utf8)
    }
    try Data(bytes).write(to: URL(filePath: folder.file("gbk.csv")))
    let outcome = try await Command.run(
      ["look", folder.file("gbk.csv"), "--zone", "Asia/Shanghai"] + outputs(folder))
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.contains("60 events of 7 users"), "\(outcome)")
    let pipeline = try String(contentsOfFile: folder.file("a.yaml"), encoding: .utf8)
    #expect(pipeline.contains("encoding: gbk, thousands: \",\""))
    #expect(pipeline.contains("time: {path: 时间, format: \"yyyy/M/d H:mm\"}"))
    let sum = try ResultsReader.open(path: folder.file("a.sqlite"))
      .metrics(MetricQuery(metric: "amount_sum", limit: .max)).reduce(0) { $0 + $1.value }
    #expect(sum == Double((0..<60).reduce(0) { $0 + 1_200 + $1 }) + 30)
    let page = try String(contentsOfFile: folder.file("a.html"), encoding: .utf8)
    #expect(page.contains("Sum of 金额 a day") && page.contains("支付"))
  }

  @Test func `Standard input is looked at as a file`() async throws {
    let folder = try TemporaryFolder()
    let text = (0..<30).map { "u\($0 % 3),home,2026-01-0\(1 + $0 % 5) 10:00:\($0 + 10)" }
    let outcome = try await Command.run(
      ["look", "-"] + outputs(folder),
      input: "user_id,event,time\n" + text.joined(separator: "\n"))
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.hasPrefix("30 events of 3 users"))
  }

  @Test func `Nothing is replaced that is not of an earlier look, and no input`() async throws {
    let folder = try TemporaryFolder()
    let text = (0..<30).map { "u\($0 % 3),home,2026-01-0\(1 + $0 % 5) 10:00:\($0 + 10)" }
    let file = try folder.write(
      "user_id,event,time\n" + text.joined(separator: "\n"), to: "a.csv")
    let look = ["look", file, "--overwrite"] + outputs(folder)
    #expect(try await Command.run(look).code == 0)
    func content(_ name: String) -> Data? {
      FileManager.default.contents(atPath: folder.file(name))
    }
    let names = ["a.csv", "a.html", "a.yaml", "a.sqlite", "a.sqlite-state", "a.sqlite.lock"]
    let before = names.map(content)
    #expect(before.allSatisfy { $0 != nil })
    func refused(_ arguments: [String], _ code: Int32, _ reason: String) async throws {
      let outcome = try await Command.run(arguments)
      #expect(outcome.code == code && outcome.errors.contains(reason), "\(outcome)")
      #expect(names.map(content) == before, "\(reason)")
    }
    // The input, as itself and as a link; results that are a page, too.
    for option in ["--page", "--data", "--keep-pipeline"] {
      try await refused(look + [option, file], 2, "is the same file as the input")
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: file)
    try await refused(look + ["--page", folder.file("link")], 2, "is the same file as the input")
    try await refused(
      look + ["--page", folder.file("a.sqlite-wal"), "--data", folder.file("a.sqlite")], 2,
      "is the same file as")
    // Files that somebody wrote, and results of another pipeline.
    for option in ["--page", "--keep-pipeline"] {
      let own = try folder.write("mine", to: "own.txt")
      try await refused(look + [option, own], 2, "was not made by weir look")
    }
    try await refused(look + ["--name", "other"], 3, "holds results of the pipeline a")
    // A worker holds them.
    let descriptor = open(folder.file("a.sqlite.lock"), O_RDWR)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try await refused(look, 3, "is writing to it")
  }

  @Test func `Without times there is no page, and what is missing is said`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("a,b\nx,y\nz,w\n", to: "a.csv")
    let outcome = try await Command.run(["look", file] + outputs(folder))
    #expect(outcome.code == 1, "\(outcome)")
    #expect(outcome.errors.contains("--field time=PATH"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.html")))
  }
}
