import PipelineSpec
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// Dimensions that say who somebody is, wherever rows leave the server.
@Suite struct PersonalDimensionsTests {
  private static let person = "u-secret-4711"

  /// A pipeline whose metrics, alerts and explanations are by person.
  private static func pipeline() throws -> Pipeline {
    try Pipeline.parse(
      text: """
        name: shop
        zone: UTC
        source: {format: custom, fields: {name: event, user: user_id, time: timestamp}}
        time: {lateness: 1m}
        derive:
          who: user_id
          is_known: user_id != null
        metrics:
          events: {count: true, every: 1m, by: [user_id, who, is_known, card, channel]}
        risks:
          many:
            entity: card
            within: 1h
            when: count() > limit
            thresholds: {limit: 500}
        alerts:
          busy:
            watch: events
            when: value >= above
            thresholds: {above: 1}
        """, file: "shop.yaml")
  }

  private struct Room {
    let file: TestFile
    let pipeline: Pipeline
    let alertID: String

    init() throws {
      pipeline = try PersonalDimensionsTests.pipeline()
      file = try TestFile(definition: pipeline.plan.definition)
      let driver = try PipelineDriver(pipeline.plan)
      let person = PersonalDimensionsTests.person
      for number in 0..<20 {
        let at = RoomFile.startMs + Int64(number) * RoomFile.minute
        driver.push(
          #"{"event":"e","user_id":"\#(person)","timestamp":\#(at),"card":"\#(person)-c","#
            + #""channel":"web"}"#)
      }
      driver.close()
      alertID = driver.alertRows.first { $0.opened != nil }?.alertID ?? ""
      let dimensions = driver.rows.first?.dimensions ?? "{}"
      let rule = RuleRow(
        rule: "busy", kind: .alert, severity: "warning", owner: nil,
        dimensions: pipeline.plan.alerts[0].dimensions, definition: #"{"watch":"events"}"#,
        thresholds: pipeline.plan.alerts[0].thresholds)
      try file.commit { change in
        change.rules = [rule]
        change.rows.metrics = driver.rows
        change.rows.alerts = driver.alertRows
        change.rows.alertTransitions = driver.alertTransitions
      }
      #expect(dimensions.contains(person))
      let desk = try PeopleDesk.open(path: file.path)
      defer { desk.close() }
      _ = try desk.silence(
        Silence(
          rule: "busy", dimensions: dimensions, from: WallTime(ms: 1), until: nil,
          created: WallTime(ms: 1), createdBy: "ann", note: "")
      ).get()
      _ = try desk.judge(alertID, verdict: .real, by: "ann", now: WallTime(ms: 1)).get()
    }
  }

  @Test("values made of the user or of a risk's entity are masked on every page and in every list")
  func everywhere() throws {
    let room = try Room()
    let paths = [
      "/", "/wall", "/wall?metric=events", "/series", "/series/events", "/series/events?by=user_id",
      "/alerts", "/alerts?state=open", "/alerts?show=silences", "/alerts/\(room.alertID)",
      "/thresholds", "/thresholds/busy", "/thresholds/busy?try.above=2", "/data",
      "/api/v1/metrics/events/rows", "/api/v1/metrics/events/series", "/api/v1/alerts",
      "/api/v1/alerts/\(room.alertID)", "/api/v1/transitions", "/api/v1/silences",
      "/api/v1/incidents", "/api/v1/thresholds", "/api/v1/thresholds/busy/history",
      "/api/v1/thresholds/busy/preview?set=above=2", "/api/v1/overview",
    ]
    for console in [try room.file.console(pipeline: room.pipeline), try room.file.console()] {
      for path in paths {
        for rights: ConsoleRights in [.read, [.read, .write]] {
          let text = try console.text(path, rights: rights)
          #expect(!text.contains(Self.person), "\(path)")
        }
      }
      for list in ["metrics/events/rows", "metrics/events/series", "alerts", "transitions"] {
        let path = "/api/v1/\(list)"
        #expect(!(try console.text(path + "?format=csv").contains(Self.person)), "\(path)")
        let own = try console.text(path)
        #expect(own.contains(#""channel":"web""#), "\(path)")
        #expect(own.contains(#""is_known":true"#), "\(path)")
        #expect(own.contains(#""user_id":"•"#), "\(path)")
        #expect(try console.text(path, rights: [.read, .reveal]).contains(Self.person), "\(path)")
      }
    }
  }

  @Test("who may not see ids of people may not search by them either")
  func filters() throws {
    let room = try Room()
    let console = try room.file.console(pipeline: room.pipeline)
    let wanted = "dimensions=" + URLText.encoded(#"{"user_id":"\#(Self.person)"}"#)
    for path in [
      "/api/v1/metrics/events/rows", "/api/v1/metrics/events/series", "/series/events",
      "/thresholds/busy", "/api/v1/thresholds/busy/preview",
    ] {
      #expect(throws: Problem.self, "\(path)") { try console.ask("\(path)?\(wanted)") }
      let text = try console.text("\(path)?\(wanted)", rights: [.read, .reveal])
      #expect(text.contains(Self.person), "\(path)")
    }
    let other = "dimensions=" + URLText.encoded(#"{"channel":"web"}"#)
    _ = try console.ask("/api/v1/metrics/events/rows?\(other)")
  }

  @Test("a row's dimensions are masked within it, whatever stands in its texts")
  func rows() {
    let mask = PersonalDimensions(
      definitions: ["source a\n field user = \"u\"\nmetric m\n by u = u"], rules: [])
    let row = #"{"approximate":0,"dimensions":{"a":"}\"","u":"x"},"metric":"m"}"#
    let masked = mask.maskedRow(row)
    #expect(masked.hasPrefix(#"{"approximate":0,"dimensions":{"a":"}\"","u":"•"#))
    #expect(masked.hasSuffix(#""},"metric":"m"}"#))
    #expect(mask.masked(#"{"a":"x"}"#) == #"{"a":"x"}"#)
    #expect(PersonalDimensions.none.maskedRow(row) == row)
  }
}
