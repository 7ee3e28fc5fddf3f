import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// The ready pipeline's alerts on data that others made, against the faults that they built in.
@Suite struct EcomAlertsTests {
  private struct Incident {
    var name: String
    /// Start of the first day, and end of the last one.
    var from: Date
    var to: Date
  }

  private func incidents() throws -> [Incident] {
    let text = try String(
      contentsOfFile: RealData.path("ecom/incidents.csv"), encoding: .utf8)
    let format = Date.ISO8601FormatStyle().year().month().day()
    return try text.split(whereSeparator: \.isNewline).dropFirst().map { line in
      let cells = line.split(separator: ",", maxSplits: 3).map(String.init)
      return Incident(
        name: cells[0], from: try format.parse(cells[1]),
        to: try format.parse(cells[2]).addingTimeInterval(86_400))
    }
  }

  @Test func `The faults that were built into the clicks are found in time, and little else`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = folder.file("ecom.sqlite")
    let input = try RealData.path("ecom/ecom.csv.gz")
    let run = try await Command.run(
      ["run", "pipelines/ecom.yaml", "--quiet", "--input", input, "--data", data])
    #expect(run.code == 0, "\(run)")
    let fired = try ResultsReader.open(path: data).alerts(AlertQuery()).map(\.alert)
      .filter { $0.opened != nil }
    let text = try String(
      contentsOf: Project.root.appending(path: "pipelines/ecom.yaml"), encoding: .utf8)
    let rules = try #require(text.range(of: "\nalerts:\n"))
    let end = try #require(text.range(of: "\ntests:\n"))
    #expect(!text[rules.upperBound..<end.lowerBound].contains("2024"), "a date in a rule")
    #expect(!text.contains("checkout_bug"))
    let incidents = try incidents()
    func days(_ name: String, _ rule: String) throws -> [Double] {
      let incident = try #require(incidents.first { $0.name == name })
      return fired.filter { $0.rule == rule }.compactMap(\.opened).map {
        (Double($0.ms) / 1_000 - incident.from.timeIntervalSince1970) / 86_400
      }
    }
    #expect(try days("payment_gateway", "payment_trouble").contains { $0 >= 1 && $0 <= 2 })
    #expect(try days("checkout_bug", "checkout_stuck").contains { $0 > 0 && $0 <= 10 })
    let outside = fired.filter { alert in
      let opened = Double(alert.opened?.ms ?? 0) / 1_000
      return !incidents.contains {
        $0.from.timeIntervalSince1970 < opened && opened <= $0.to.timeIntervalSince1970
      }
    }
    #expect(outside.count <= 3, "\(outside)")
  }
}
