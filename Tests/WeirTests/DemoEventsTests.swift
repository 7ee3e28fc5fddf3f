import Foundation
import StreamCore
import Testing
import WorkerRuntime

@Suite struct DemoEventsTests {
  @Test func `The shop's events are a line each, the same in every run`() async throws {
    let folder = try TemporaryFolder()
    let (first, second) = (folder.file("a.jsonl"), folder.file("b.jsonl"))
    for file in [first, second] {
      let outcome = try await Command.run(["demo", "--for", "2s", "--events", file])
      #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
    }
    let text = try Data(contentsOf: URL(filePath: first))
    #expect(text == (try Data(contentsOf: URL(filePath: second))))
    var shop = ShopSimulator(seed: 1, start: DemoOptions.openingDefault)
    let events = shop.events(until: EventTime(ms: DemoOptions.openingDefault.ms + 120_000))
    let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    #expect(lines.count == events.count && lines.count > 1_000)
    #expect(zip(lines, events).allSatisfy { Array($0) == $1.payload })
  }

  @Test func `No file is overwritten, and what makes no sense is wrong usage`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("mine", to: "a.jsonl")
    let again = try await Command.run(["demo", "--for", "1s", "--events", file])
    #expect(again.code == 3 && again.errors.contains("none is overwritten"), "\(again)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    for wrong in [["--events", "b"], ["--events", "b", "--for", "1s", "--kpis"]] {
      let outcome = try await Command.run(["demo"] + wrong)
      #expect(outcome.code == 2 && outcome.errors.contains("--events"), "\(outcome)")
    }
  }
}
