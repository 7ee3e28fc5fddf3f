import StreamCore
import Testing

@Suite struct ThresholdDeskTests {
  private let rules = [
    RuleRow(
      rule: "trouble", kind: .alert, severity: "critical", dimensions: ["city", "platform"],
      thresholds: [
        ThresholdPlan(
          name: "above", standard: 0.2, min: 0, max: 1,
          byDimensions: [(#"{"platform":"app"}"#, 0.3)])
      ]),
    RuleRow(
      rule: "card_testing", kind: .risk, severity: "critical",
      thresholds: [
        ThresholdPlan(name: "accounts", standard: 3), ThresholdPlan(name: "failures", standard: 5),
      ]),
    RuleRow(rule: "quiet", kind: .alert, severity: "info"),
  ]
  private let clock = EventTime(ms: 1_767_225_600_000)
  private let now = WallTime(ms: 9)

  private func request(
    _ rule: String = "trouble", _ name: String = "above", _ value: Double? = 0.5,
    dimensions: String = "{}", from: EventTime? = nil, by: String = "ann", reason: String = "noise"
  ) -> ThresholdRequest {
    ThresholdRequest(
      rule: rule, name: name, dimensions: dimensions, value: value, from: from,
      requested: WallTime(ms: 5), requestedBy: by, reason: reason)
  }

  private func row(
    _ value: Double, at ms: Int64, dimensions: String = "{}", _ origin: ThresholdRow.Origin
  ) -> ThresholdRow {
    ThresholdRow(
      rule: "trouble", name: "above", dimensions: dimensions, value: value,
      effective: EventTime(ms: ms), set: now, origin: origin, setBy: "ann", reason: "r")
  }

  private func apply(
    _ request: ThresholdRequest, rows: [ThresholdRow] = [], clock: EventTime?
  ) -> Result<ThresholdRow, Refusal> {
    ThresholdDesk.apply(request, rules: rules, rows: rows, clock: clock, now: now)
  }

  @Test func `A value holds from the clock on, or from a later time that was asked for`() throws {
    let row = try apply(request(dimensions: #" { "platform" : "app" } "#), clock: clock).get()
    #expect(row.effective == clock && row.value == 0.5 && row.origin == .person)
    #expect(row.dimensions == #"{"platform":"app"}"#)
    #expect(row.set == now && row.setBy == "ann" && row.reason == "noise")
    #expect(
      ThresholdDesk.text(of: row)
        == #"trouble.above for {"platform":"app"} is 0.5 "#
        + "from 2026-01-01T00:00:00Z of event time on"
    )
    let later = EventTime(ms: clock.ms + 1500)
    let dated = try apply(request(from: later), clock: clock).get()
    #expect(dated.effective == later)
    #expect(ThresholdDesk.text(of: dated).contains("from 2026-01-01T00:00:01.500Z of"))
    #expect(try apply(request(from: clock), clock: clock).get().effective == clock)
    #expect(try apply(request(), clock: nil).get().effective == EventTime(ms: 0))
  }

  @Test func `What is wrong with a request is said with what is near and what is legal`() {
    let early = EventTime(ms: clock.ms - 1)
    let refused: [(ThresholdRequest, String)] = [
      (request("truble"), "no alert or risk 'truble'; did you mean 'trouble'?"),
      (request("zzz"), "there are card_testing, trouble"),
      (
        request("quiet"),
        "'quiet' has no threshold 'above'. Name a threshold of the rule: it has none"
      ),
      (request("card_testing", "failure"), "did you mean 'failures'?"),
      (request("card_testing", "x"), "it has accounts, failures"),
      (request("trouble", "above", .nan), "nan is not a finite number"),
      (request("trouble", "above", .infinity), "inf is not a finite number"),
      (request("trouble", "above", -0.1), "-0.1 is less than trouble.above may be, 0"),
      (request("trouble", "above", 1.5), "1.5 is more than trouble.above may be, 1"),
      (
        request(from: early),
        "2025-12-31T23:59:59.999Z has been judged already: the clock is at 2026"
      ),
      (request(from: .distantFuture), "it would never begin"),
      (
        request(dimensions: #"{"platfrom":"app"}"#),
        "no dimension 'platfrom'; did you mean 'platform'?"
      ),
      (request("card_testing", "failures", 7, dimensions: #"{"user":"u"}"#), "it has none"),
      (request(dimensions: "platform"), "'platform' are no dimensions"),
      (request(dimensions: #"{"platform":"#), "are no dimensions"),
      (request(dimensions: "[1]"), "are no dimensions"),
      (request(dimensions: ""), "are no dimensions"),
      (request(dimensions: #"{"platform":["app"]}"#), "are no dimensions"),
      (request(by: " "), "the name of who asks is missing"), (request(reason: ""), "--reason"),
      (request(reason: String(repeating: "x", count: 2001)), "longer than 2000 bytes"),
      (request("trouble", "above", nil), "nobody has set trouble.above"),
    ]
    for (request, text) in refused {
      guard case .failure(let refusal) = apply(request, clock: clock) else {
        Issue.record("taken: \(request)")
        continue
      }
      #expect(refusal.description.contains(text), "\(refusal)")
      #expect(refusal.description.hasSuffix("; nothing was changed."))
    }
  }

  @Test func `A reset takes back the person's own value of that scope, once`() throws {
    let app = #"{"platform":"app"}"#
    let rows = [row(0.2, at: 0, .file), row(0.9, at: 5, dimensions: app, .person)]
    let reset = try apply(
      request("trouble", "above", nil, dimensions: app), rows: rows, clock: clock
    )
    .get()
    #expect(reset.origin == .reset && reset.value == 0.3 && reset.effective == clock)
    #expect(ThresholdDesk.text(of: reset).contains("is 0.3 again, as the pipeline file says,"))
    for (dimensions, rows) in [("{}", rows), (app, rows + [reset])] {
      let again = request("trouble", "above", nil, dimensions: dimensions)
      if case .success = apply(again, rows: rows, clock: clock) { Issue.record("taken twice") }
    }
  }

  @Test func `Requests of one snapshot are judged one after the other`() {
    var requests = [request(), request("trouble", "above", nil), request("trouble", "above", nil)]
    for index in requests.indices { requests[index].id = Int64(index + 1) }
    let (rows, answers) = ThresholdDesk.answer(
      requests, rules: rules, rows: [], clock: clock, now: now)
    #expect(rows.map(\.origin) == [.person, .reset])
    #expect(
      answers.map(\.requestID) == [1, 2, 3] && answers.map(\.isTaken) == [true, true, false])
  }

  @Test func `The file's values are said once, from the start, and again when they change`() throws
  {
    let first = ThresholdDesk.fileRows(rules: rules, rows: [], clock: clock, now: now)
    #expect(
      first.map { "\($0.rule).\($0.name)\($0.dimensions)=\($0.value)@\($0.effective.ms)" } == [
        "card_testing.accounts{}=3.0@0", "card_testing.failures{}=5.0@0", "trouble.above{}=0.2@0",
        #"trouble.above{"platform":"app"}=0.3@0"#,
      ])
    #expect(first.allSatisfy { $0.origin == .file && $0.setBy == "file" && $0.set == now })
    #expect(ThresholdDesk.fileRows(rules: rules, rows: first, clock: clock, now: now).isEmpty)
    var changed = rules
    changed[0].thresholds[0].standard = 0.25
    changed[0].thresholds[0].byDimensions = [(#"{"city":"x"}"#, 0.6)]
    let second = ThresholdDesk.fileRows(rules: changed, rows: first, clock: clock, now: now)
    #expect(
      second.map { "\($0.dimensions)=\($0.value)@\($0.effective.ms - clock.ms)" } == [
        "{}=0.25@0", #"{"city":"x"}=0.6@0"#, #"{"platform":"app"}=0.25@0"#,
      ])
    #expect(
      ThresholdDesk.fileRows(rules: changed, rows: first + second, clock: clock, now: now).isEmpty)
  }

  @Test func `Standings show the file's value, the person's, which one holds and what comes`()
    throws
  {
    let app = #"{"platform":"app"}"#
    let file = ThresholdDesk.fileRows(rules: rules, rows: [], clock: nil, now: now)
    let person = row(0.5, at: clock.ms, .person)
    let coming = row(0.6, at: clock.ms + 1, dimensions: app, .person)
    let standings = ThresholdDesk.standings(
      rules: rules, rows: file + [person, coming], clock: clock
    ).filter { $0.rule == "trouble" }
    #expect(standings.map(\.dimensions) == ["{}", app])
    #expect(standings.map(\.standard) == [0.2, 0.3] && standings.map(\.value) == [0.5, 0.3])
    #expect(standings.map(\.person) == [person, nil])
    #expect(standings.map(\.holder?.origin) == [.person, .file])
    #expect(standings.map(\.upcoming) == [[], [coming]])
    let reset = row(0.2, at: clock.ms, .reset)
    let after = ThresholdDesk.standings(rules: rules, rows: file + [person, reset], clock: clock)
    #expect(after.filter { $0.rule == "trouble" }.map(\.value) == [0.2, 0.3])
    #expect(after.allSatisfy { $0.person == nil })
    let none = ThresholdDesk.standings(rules: rules, rows: [], clock: nil)
    #expect(none.map(\.value) == [3, 5, 0.2, 0.3] && none.allSatisfy { $0.holder == nil })
  }

  @Test func `A silence covers its rule's series while it holds`() {
    var silence = Silence(
      rule: "trouble", dimensions: #"{"platform":"app"}"#, from: WallTime(ms: 10),
      until: WallTime(ms: 20), created: WallTime(ms: 10), createdBy: "ann")
    #expect(silence.covers(rule: "trouble", dimensions: #"{"city":"x","platform":"app"}"#))
    #expect(!silence.covers(rule: "trouble", dimensions: "{}"))
    #expect(!silence.covers(rule: "other", dimensions: #"{"platform":"app"}"#))
    #expect(
      [9, 10, 19, 20].map { silence.holds(at: WallTime(ms: $0)) } == [false, true, true, false])
    silence.until = nil
    silence.ended = WallTime(ms: 15)
    #expect([14, 15, 99].map { silence.holds(at: WallTime(ms: $0)) } == [true, false, false])
  }
}
