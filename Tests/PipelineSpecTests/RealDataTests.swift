import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Data of others, recomputed from its lines by plain loops.
@Suite struct RealDataTests {
  private func plan(_ source: String, _ stages: String) throws -> PipelinePlan {
    let text = """
      name: real
      zone: UTC
      source:
        format: custom
      \(source)
      \(stages)
      """
    return try Pipeline.parse(text: text, file: "real.yaml").plan
  }

  /// The rows of lines in order of time, dealt to partitions by user.
  private func rows(_ plan: PipelinePlan, _ lines: [RealData.Line], partitions: Int) throws
    -> UserRows
  {
    let driver = try PipelineDriver(plan, partitions: partitions)
    var numbers: [String: Int] = [:]
    for line in lines {
      let user = line.event.user ?? ""
      let number = numbers[user] ?? numbers.count
      numbers[user] = number
      driver.push([(Array(line.text.utf8), nil)], to: number % partitions)
    }
    driver.close()
    return UserRows(driver, isEnd: true)
  }

  @Test func `The shop's funnel and weekly retention equal plain loops over its file`() throws {
    let lines = try RealData.ecom()
    #expect(lines.count == 31_106)
    let plan = try plan(
      """
        fields: {name: event, user: user_id, time: timestamp}
        csv: {header: [\(RealData.ecomColumns.joined(separator: ", "))]}
      """,
      """
      funnels:
        checkout:
          steps: [catalog, product_view, add_to_cart, payment_details, purchase]
          within: 1d
          by: [platform]
      retention:
        weekly: {unit: week, periods: 12}
      """)
    let rows = try rows(plan, lines, partitions: 3)
    let events = lines.map(\.event)
    let checkout = RealData.ecomCheckout(name: "checkout")
    #expect(checkout.rows(events).contains { $0.step == 5 && $0.timesMs.count > 1 })
    #expect(checkout.differences(events, actual: rows.funnels).prefix(5) == [])
    let weekly = RealData.ecomWeekly(name: "weekly", periods: 12)
    #expect(weekly.differences(events, actual: rows.retention).prefix(5) == [])
  }

  @Test func `Customers who buy CDs again, and for how much, equal plain loops over the file`()
    throws
  {
    let lines = try RealData.cdnow()
    #expect(lines.count == 6_919)
    let plan = try plan(
      """
        fields:
          name: {const: purchase}
          user: customer
          time: {path: date, format: yyyyMMdd}
        csv:
          {header: [\(RealData.cdnowColumns.joined(separator: ", "))], delimiter: " ", trim: true}
      """,
      """
      retention:
        repurchase: {unit: month, periods: 18, value: dollars}
        remembered: {unit: month, periods: 18, value: dollars, forget_after: 600d}
      """)
    let rows = try rows(plan, lines, partitions: 1)
    let events = lines.map(\.event)
    let repurchase = RealData.cdnowRepurchase(name: "repurchase", periods: 18)
    #expect(repurchase.differences(events, actual: rows.retention).prefix(5) == [])
    let remembered = RealData.cdnowRepurchase(
      name: "remembered", periods: 18, forgetAfterDays: 600)
    #expect(remembered.differences(events, actual: rows.retention).prefix(5) == [])
    // Every customer is in one cohort, of the first three months of 1997; all money is in a cell.
    let cells = remembered.rows(events)
    #expect(cells.filter { $0.period == 0 }.map(\.users).reduce(0, +) == 2_357)
    #expect(Set(cells.map(\.cohortDay)) == ["1997-01-01", "1997-02-01", "1997-03-01"])
    #expect(cells.compactMap(\.units).reduce(0, +) == events.compactMap(\.units).reduce(0, +))
    // Some bought nothing for more than 400 days, and are new after that.
    #expect(repurchase.rows(events).filter { $0.period == 0 }.map(\.users).reduce(0, +) == 2_408)
  }
}
