import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// What is announced on arrival, and what becomes of it.
@Suite struct RiskArrivalTests {
  /// Three events `a` of a user within ten seconds, with a lateness of a minute.
  private func driver(
    _ change: (inout RiskPlan) throws -> Void = { _ in }, saved: PipelineDriver.Saved? = nil
  ) throws -> PipelineDriver {
    var risk = RiskPlan(
      name: "burst", entity: nil, entityKind: "user", withinMs: 10_000,
      pattern: .window(
        when: try Expression.compile("n >= limit") { .slot($0 == "n" ? 0 : 1) },
        aggregates: [
          .init(kind: .count, condition: try StageFields.compile("event == \"a\""))
        ]), thresholds: [ThresholdPlan(name: "limit", standard: 3)], severity: "critical",
      owner: "payments")
    try change(&risk)
    var rules = RiskRules()
    rules.latenessMs = 60_000
    var plan = try rules.plan()
    plan.risks = [risk]
    return try PipelineDriver(plan, from: saved)
  }

  private func push(
    _ driver: PipelineDriver, _ seconds: Int64..., name: String = "a", user: String = "u"
  ) {
    for second in seconds {
      driver.push(
        "{\"event\":\"\(name)\",\"user_id\":\"\(user)\","
          + "\"timestamp\":\(Self.startMs + second * 1_000)}"
      )
    }
  }

  private static let startMs: Int64 = 1_767_225_600_000

  private func at(_ second: Int64) -> EventTime { EventTime(ms: Self.startMs + second * 1_000) }

  private func kinds(_ driver: PipelineDriver) -> [FindingTransition.Kind] {
    driver.findingTransitions.map(\.kind)
  }

  @Test func `A pattern is announced at once and confirmed under the same id`() throws {
    let driver = try driver()
    push(driver, 1, 2)
    driver.snapshot()
    #expect(driver.findingRows.isEmpty)
    push(driver, 3)
    driver.snapshot()
    let announced = try #require(driver.findingRows.first)
    #expect(announced.status == .provisional)
    #expect(announced.opened == at(3))
    #expect(announced.entity == "u")
    #expect(announced.entityKind == "user")
    #expect(announced.severity == "critical" && announced.owner == "payments")
    #expect(announced.figures == "{\"count(event == \\\"a\\\")\":3,\"limit\":3}")
    #expect(
      announced.evidence
        == (0..<3).map { "{\"offset\":\($0),\"partition\":0,\"topic\":\"events\"}" }
        .joined(separator: ",").bracketed)
    // More of the same says nothing new, nor does looking again.
    push(driver, 4)
    driver.snapshot()
    driver.snapshot()
    #expect(kinds(driver) == [.opened])
    push(driver, 100, user: "v")
    driver.snapshot()
    let settled = try #require(driver.findingRows.first)
    #expect(driver.findingRows.count == 1)
    #expect(settled.findingID == announced.findingID)
    #expect(settled.status == .final && settled.announcedAs == nil)
    // The event of second 1 leaves at 11.001, that of 2 at 12.001: then there are two.
    #expect(settled.closed == EventTime(ms: at(12).ms + 1))
    #expect(kinds(driver) == [.opened, .confirmed, .closed])
    #expect(settled.findingID.count == 32)
    #expect(driver.conflicts.isEmpty)
  }

  @Test func `An earlier event that comes later moves the opening, without a second opening`()
    throws
  {
    let driver = try driver()
    push(driver, 5, 6, 8)
    driver.snapshot()
    let announced = try #require(driver.findingRows.first)
    push(driver, 7)
    driver.snapshot()
    push(driver, 200, user: "v")
    driver.snapshot()
    let settled = try #require(driver.findingRows.first)
    #expect(driver.findingRows.count == 1)
    #expect(settled.opened == at(7))
    #expect(settled.announcedAs == announced.findingID)
    #expect(settled.findingID != announced.findingID)
    #expect(kinds(driver) == [.opened, .moved, .closed])
  }

  @Test func `What does not hold in order is withdrawn`() throws {
    // At least three `a`, and no `b` before.
    let driver = try driver { risk in
      risk.pattern = .window(
        when: try Expression.compile("n >= limit && first == \"a\"") {
          .slot(["n", "first", "limit"].firstIndex(of: $0) ?? 0)
        },
        aggregates: [
          .init(kind: .count), .init(kind: .first, value: try StageFields.compile("event")),
        ])
    }
    push(driver, 5, 6, 7)
    driver.snapshot()
    #expect(kinds(driver) == [.opened])
    push(driver, 4, name: "b")
    driver.snapshot()
    #expect(kinds(driver) == [.opened])
    push(driver, 200, user: "v")
    driver.snapshot()
    #expect(driver.findingRows.map(\.status) == [.withdrawn])
    #expect(kinds(driver) == [.opened, .withdrawn])
  }

  @Test func `A new life takes over what was announced and does not announce it again`() throws {
    let first = try driver()
    push(first, 1, 2, 3)
    let saved = first.save()
    let second = try driver(saved: saved)
    second.adopt(first.tables)
    second.snapshot()
    push(second, 4)
    second.snapshot()
    #expect(kinds(second) == [.opened])
    push(second, 200, user: "v")
    second.snapshot()
    #expect(kinds(second) == [.opened, .confirmed, .closed])
    #expect(second.findingRows.count == 1)
  }

  @Test func `A deadline passes without an event of its entity, and not past the end of input`()
    throws
  {
    let silence = { (risk: inout RiskPlan) in
      let any = try StageFields.compile("event == \"a\"")
      risk.pattern = .sequence(steps: [.init(name: "seen", condition: any)], absent: any)
      risk.thresholds = []
    }
    let driver = try driver(silence)
    push(driver, 0, 9)
    push(driver, 79, user: "v")
    driver.snapshot()
    #expect(driver.findingRows.isEmpty, "19 is not before the watermark")
    let saved = driver.save()
    let next = try self.driver(silence, saved: saved)
    next.adopt(driver.tables)
    next.push(
      "{\"event\":\"c\",\"user_id\":\"w\",\"timestamp\":\(Self.startMs + 79_001)}")
    next.snapshot()
    #expect(next.findingRows.map(\.opened) == [at(19)])
    #expect(next.findingRows.map(\.entity) == ["u"])
    #expect(next.findingRows.first?.figures == "{\"seen_ms\":\(at(9).ms)}")
    next.close()
    // v would be due at 89, which no clock has reached.
    #expect(next.findingRows.map(\.entity) == ["u"])
    #expect(next.findingRows.first?.closed == nil)
  }

  @Test func `A threshold holds from its instant on, for events after it`() throws {
    let driver = try driver()
    driver.set(
      ThresholdSchedule([
        ThresholdRow(
          rule: "burst", name: "limit", value: 2, effective: at(20), set: WallTime(ms: 0),
          origin: .person, setBy: "me", reason: "")
      ]))
    push(driver, 1, 2, 19, 20, 40, 41)
    driver.close()
    #expect(driver.findingRows.map(\.opened) == [at(41)])
    #expect(driver.findingRows.first?.figures.hasSuffix("\"limit\":2}") == true)
  }

  @Test func `Many events of one entity stay bounded, in time and memory`() throws {
    let driver = try driver { risk in
      risk.withinMs = 1_000_000_000
      risk.thresholds = [ThresholdPlan(name: "limit", standard: 21)]
      risk.maxEvents = 20
    }
    for first in stride(from: Int64(0), to: 100_000, by: 1_000) {
      driver.push(
        (first..<(first + 1_000)).map { number in
          (
            Array(
              "{\"event\":\"a\",\"user_id\":\"u\",\"timestamp\":\(Self.startMs + number * 1_000)}"
                .utf8), nil
          )
        }, to: 0)
    }
    driver.snapshot()
    #expect(driver.records.count == 1)
    #expect(driver.records.bytes < 4_096)
    #expect(driver.findingRows.isEmpty, "twenty are kept")
    #expect(driver.counts.first { $0.name == "burst" }?.matched ?? 0 > 99_000)
  }

  @Test func `Records that mean nothing any more go`() throws {
    let driver = try driver()
    for user in 0..<200 { push(driver, 1, 2, user: "u\(user)") }
    push(driver, 100, user: "v")
    driver.snapshot()
    #expect(driver.records.count == 200)
    for minute in Int64(0)..<5_760 { push(driver, 200 + minute * 60, user: "v") }
    driver.snapshot()
    #expect(driver.records.count == 1)
  }

  @Test func `Late events and those without an entity are counted`() throws {
    let driver = try driver { $0.latenessMs = 1_000 }
    push(driver, 10, 20, 5)
    driver.push("{\"event\":\"a\",\"timestamp\":\(at(20).ms)}")
    driver.push("{\"event\":\"b\",\"timestamp\":\(at(20).ms)}")
    driver.close()
    let counts = try #require(driver.counts.first { $0.name == "burst" })
    #expect(counts.matched == 2)
    #expect(counts.withoutKey == 1)
    #expect(driver.fates.late == 1)
  }
}

extension String {
  /// As the only content of a JSON list.
  fileprivate var bracketed: String { "[\(self)]" }
}
