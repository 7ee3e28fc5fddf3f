import Foundation
import PipelineSpec
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite("The company around the simulated shop")
struct CompanySimulatorTests {
  private static let start = EventTime(ms: 1_767_265_200_000)

  private func messages(seed: UInt64, hours: Int64) -> [CompanySimulator.Message] {
    var company = CompanySimulator(seed: seed, customers: 300, start: Self.start)
    var found: [CompanySimulator.Message] = []
    let end = EventTime(ms: Self.start.ms + hours * 3_600_000)
    while company.upcoming < end, let message = company.next() { found.append(message) }
    return found
  }

  @Test("equal seeds tell equal things, others others, in the order in which they are sent")
  func order() {
    let all = messages(seed: 1, hours: 60)
    #expect(all.map(\.event) == messages(seed: 1, hours: 60).map(\.event))
    #expect(all.map(\.event) != messages(seed: 2, hours: 60).map(\.event))
    for (a, b) in zip(all, all.dropFirst()) { #expect(a.event.time <= b.event.time) }
    let ids = all.map { $0.event.payload }
    #expect(Set(ids).count == ids.count)
  }

  @Test("facts are told after they happened, and within the lateness of kpi.yaml")
  func lateness() throws {
    for message in messages(seed: 3, hours: 60) where message.stream == .facts {
      let object =
        try JSONSerialization.jsonObject(with: Data(message.event.payload)) as? [String: Any]
      let text = try #require(object?["at"] as? String)
      let at = try #require(Instants.parse(text, zone: .utc))
      #expect(at <= message.event.time)
      #expect(message.event.time.ms - at.ms < 2 * 86_400_000)
    }
  }

  @Test("kpi.yaml takes all of it: nothing is rejected or late, and its KPIs have values")
  func pipeline() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "pipelines/kpi.yaml"), encoding: .utf8)
    let pipeline = try Pipeline.parse(text: text, file: "kpi.yaml", environment: [:])
    #expect(pipeline.plan.sources.map(\.name) == ["behaviour", "facts"])
    let driver = try PipelineDriver(pipeline.plan)
    var shop = ShopSimulator(seed: 5, customers: 300, start: Self.start)
    var records: [(payload: [UInt8], timestampMs: Int64?)] = []
    var told: [(payload: [UInt8], timestampMs: Int64?)] = []
    for message in messages(seed: 5, hours: 50) {
      while shop.upcoming < message.event.time {
        let event = shop.next()
        records.append((event.payload, event.time.ms))
      }
      if message.stream == .facts {
        told.append((message.event.payload, message.event.time.ms))
      } else {
        records.append((message.event.payload, message.event.time.ms))
      }
    }
    driver.push(records, to: 0)
    driver.push(told, to: 1)
    driver.close()
    driver.snapshot()
    #expect(driver.fates(1).applied == driver.fates(1).read)
    // The shop itself sends a few that are meant to be rejected or late.
    #expect(driver.fates(0).rejected * 100 < driver.fates(0).read)
    let values = Set(driver.tables.kpis.values.map(\.kpi))
    for kpi in ["roi", "net_profit", "ltv_to_cac", "nps", "output_per_head", "mau", "ctr", "cvr"] {
      #expect(values.contains(kpi), "\(kpi)")
    }
  }
}
