import PipelineSpec
import Testing

@Suite struct SampleCheckTests {
  @Test func `Each path is held against the events`() throws {
    let plan = try pipeline(
      """
      metrics:
        a: {sum: properties.total, every: 1h, by: [chanel, total, context]}
      """
    ).plan
    var check = SampleCheck(plan: plan)
    check.add(Array(#"{"event":"a","user_id":1,"properties":{"total":1},"channel":"x"}"#.utf8))
    check.add(Array(#"{"event":"b","user_id":"u","properties":{"total":"2"},"context":{}}"#.utf8))
    check.add(Array(#"{"event":"c","user_id":null,"timestamp":true,"context":[1]}"#.utf8))
    check.add(Array("[1]".utf8))
    check.add(Array("{".utf8))
    check.add([0xFF])
    #expect(check.events == 3)
    #expect(check.unreadable == 3)
    let lines = check.findings().map(\.description)
    #expect(
      lines == [
        "event: in 3 of 3 events (string)", "user_id: in 2 of 3 events (number, string)",
        "timestamp: in 1 of 3 events (bool)", "message_id: in 0 of 3 events",
        "chanel: in 0 of 3 events; did you mean channel?",
        "context: in 2 of 3 events (list, object)",
        "properties.total: in 2 of 3 events (number, string)",
        "total: in 0 of 3 events; did you mean properties.total?",
      ])
  }

  @Test func `Columns of CSV are those of its first row`() throws {
    let plan = try Pipeline.parse(
      text: """
        name: csv
        source:
          {format: custom, fields: {name: event, time: time}, csv: {delimiter: ";", trim: true}}
        metrics: {a: {sum: totl, every: 1h, by: [note]}}
        """, file: "a"
    ).plan
    var check = SampleCheck(plan: plan)
    for row in ["\u{FEFF}event;time;total;note\r\n", " a ;1;2;\"x;\"\"y\"\"\"", "b;;;\n", "c;\"x"] {
      check.add(Array(row.utf8))
    }
    #expect(check.events == 2)
    #expect(check.unreadable == 1)
    #expect(
      check.findings().map(\.description) == [
        "event: in 2 of 2 events (string)", "time: in 1 of 2 events (number)",
        "note: in 1 of 2 events (string)", "totl: in 0 of 2 events; did you mean total?",
      ])
  }

  @Test func `Deep JSON is no crash`() throws {
    var check = SampleCheck(plan: try pipeline("").plan)
    for depth in [100, 10_000, 200_000] {
      check.add(
        Array(
          (String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth))
            .utf8))
    }
    #expect(check.events + check.unreadable == 3)
  }
}
