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
    let check = SampleCheck(plan: plan)
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
    let check = SampleCheck(plan: plan)
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

  @Test func `Each part of a stage that follows users is asked about the events`() throws {
    let plan = try pipeline(
      """
      derive: {big: total > 10}
      filter: event != "bot"
      users:
        orders: {count: event == "purchase"}
        city: {first: context.city}
      funnels:
        checkout:
          steps: [product_view, add_to_card, {name: paid, where: event == "purchase" && big}]
          within: 1d
          exclude: event == "refund"
        order: {steps: [purchase, {name: purchase, where: false}], within: 1d, per: order_id}
      retention: {back: {start: users.orders == 0, return: event == "purchase", value: total}}
      sessions: {visits: {where: event != "purchase"}, all: {}}
      lifecycle: {growth: {where: big}}
      """
    ).plan
    let check = SampleCheck(plan: plan)
    for event in ["product_view", "product_view", "add_to_cart", "purchase", "bot"] {
      check.add(
        Array(
          #"{"event":"\#(event)","user_id":"u","total":\#(event.utf8.count + 3),"order_id":null}"#
            .utf8))
    }
    check.add(Array("[]".utf8))
    let lines = check.matches().map(\.description)
    #expect(
      lines == [
        "users.city first: 0 of 4 events", "users.orders count: 1 of 4 events",
        "checkout step 1 product_view: 2 of 4 events",
        "checkout step 2 add_to_card: 0 of 4 events; did you mean add_to_cart?",
        "checkout step 3 paid: 1 of 4 events", "checkout exclude: 0 of 4 events",
        "order step 1 purchase: 1 of 4 events", "order step 2 purchase: 0 of 4 events",
        "order per: 0 of 4 events", "back start: reads traits", "back return: 1 of 4 events",
        "back value: 4 of 4 events", "visits where: 3 of 4 events",
        "growth where: 4 of 4 events",
      ])
  }

  @Test func `Steps are found in CSV by its first row`() throws {
    let plan = try Pipeline.parse(
      text: """
        name: csv
        source: {format: custom, fields: {name: event, user: user, time: time}, csv: {}}
        funnels: {f: {steps: [view, paid], within: 1d}}
        """, file: "a"
    ).plan
    let check = SampleCheck(plan: plan)
    for row in ["user,event,time", "a,view,1", "a,paid,2", "b,view,3"] {
      check.add(Array(row.utf8))
    }
    #expect(check.matches().map(\.matched) == [2, 1])
  }

  @Test func `Deep JSON is no crash`() throws {
    let check = SampleCheck(plan: try pipeline("").plan)
    for depth in [100, 10_000, 200_000] {
      check.add(
        Array(
          (String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth))
            .utf8))
    }
    #expect(check.events + check.unreadable == 3)
  }
}
