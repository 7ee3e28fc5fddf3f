import Foundation
import Testing

/// What a file of results and its console must not tell of people and secrets: a real run with
/// `pseudonymize` and variables, every page and every list of the API, whoever asks.
@Suite(.serialized) struct ConsolePrivacyTests {
  /// As events have them.
  private static let people = ["13800138000", "anna@example.com", "62220212345678"]
  private static let environment = [
    "WEIR_PSEUDONYM_KEY": "0123456789abcdef0123456789abcdef", "COUPON": "coupon-7f3e9a",
    "BOT": "bot-agent-5521", "CARD": "card-range-4111",
  ]
  private static let revealer = "reveal-secret-0123456789"

  private static func text(where condition: String = "!(coupon == \"${COUPON}\")") -> String {
    """
    name: private
    zone: Asia/Shanghai
    source: {format: custom, fields: {name: event, user: [phone, mail], time: timestamp}}
    time: {lateness: 1m}
    pseudonymize: [user, properties.card]
    filter: 'agent != "${BOT}"'
    derive: {caller: 'phone'}
    users: {last_card: {last: properties.card}}
    metrics:
      calls: {count: true, where: '\(condition)', every: 1m, by: [phone, caller]}
      cards: {count: true, every: 1m, by: [properties.card]}
      people: {distinct: user, every: 1m}
      share: {formula: cards / cards}
      traits: {count: true, every: 1m, by: [users.last_card]}
    funnels: {twice: {steps: [call, call], within: 1h, by: [properties.card]}}
    retention: {daily: {unit: day, periods: 2, by: [phone]}}
    sessions: {visits: {gap: 30m, by: [phone]}}
    risks:
      spam:
        entity: phone
        within: 10m
        where: '!(card == "${CARD}")'
        when: count() >= limit
        thresholds: {limit: 2}
        notify: [ops]
    alerts:
      many: {watch: calls, when: value >= above, thresholds: {above: 1}, notify: [ops]}
    kpis: {all: {formula: people, period: 1h, layer: process, target: 10}}
    notify: {ops: {log: true}}
    console: {tokens: {ann: {token: writer-secret-0123456789, write: true},
      eve: {token: \(revealer), reveal: true}}}
    """
  }

  private static var events: String {
    var lines = (0..<40).map { minute in
      let mail = minute % 5 == 0 ? #","mail":"\#(people[1])""# : ""
      let phone = minute % 5 == 0 ? "null" : #""\#(people[0])""#
      let time = 1_767_571_200_000 + minute * 60_000
      return #"{"event":"call","phone":\#(phone)\#(mail),"agent":"app","#
        + #""properties":{"card":"\#(people[2])"},"timestamp":\#(time)}"#
    }
    // Rejected and filtered ones.
    lines.append(#"{"event":"call","phone":"\#(people[0])","properties":{"card":"\#(people[2])"}}"#)
    lines.append(#"{"phone":"\#(people[0])","timestamp":1767571260000}"#)
    lines.append("no JSON \(people[0])")
    lines.append(
      #"{"event":"call","phone":"\#(people[0])","agent":"bot-agent-5521","#
        + #""timestamp":1767571260000}"#
    )
    return lines.joined(separator: "\n")
  }

  private func run(_ folder: TemporaryFolder) async throws -> (data: String, pipeline: String) {
    let data = folder.file("private.sqlite")
    let pipeline = try folder.write(Self.text(), to: "private.yaml")
    let outcome = try await Command.run(
      [
        "run", pipeline, "--data", data, "--input",
        try folder.write(Self.events, to: "events.jsonl"),
      ], environment: Self.environment)
    try #require(outcome.code == 0, "\(outcome)")
    return (data, pipeline)
  }

  private static var hidden: [String] { people + environment.values }

  @Test func `No page, list or file has a pseudonymized value or what a variable stands for`()
    async throws
  {
    let folder = try TemporaryFolder()
    let (data, pipeline) = try await run(folder)
    for name in [data, data + "-state"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: name))
      for value in Self.hidden {
        #expect(bytes.range(of: Data(value.utf8)) == nil, "\(value) is in \(name)")
      }
    }
    // What there is is what the pipeline says: nothing was left out to hide it.
    let findings = try SettledRows.query(data, "SELECT count(*) FROM findings")
    #expect(findings != ["0"])
    for more in [["--pipeline", pipeline], []] {
      let console = try await Console.file(data, more, keeping: folder)
      let probe = try console.probe
      var rights: [[(String, String)]] = [[]]
      if !more.isEmpty { rights.append(ConsoleFixture.bearer(Self.revealer)) }
      for headers in rights {
        let texts = try await everything(probe, headers)
        #expect(texts.count > 60, "\(texts.count)")
        for (path, body) in texts {
          for value in Self.hidden { #expect(!body.contains(value), "\(path) has \(value)") }
        }
      }
      for value in Self.hidden { #expect(!console.process.text.contains(value)) }
    }
  }

  @Test
  func `A changed file is compared with the one that made the results, by its variables' names`()
    async throws
  {
    let folder = try TemporaryFolder()
    let (data, _) = try await run(folder)
    func check(_ text: String, _ environment: [String: String]) async throws -> Outcome {
      let pipeline = try folder.write(text, to: "changed.yaml")
      return try await Command.run(
        ["check", pipeline, "--against", data, "--json"], environment: environment)
    }
    let same = try await check(Self.text(), Self.environment)
    #expect(same.code == 0, "\(same)")
    let changed = try await check(
      Self.text(where: "coupon == \"${COUPON}\""), Self.environment)
    #expect(changed.code == 1)
    #expect(changed.output.contains(#""stage" : "metrics.calls""#), "\(changed)")
    var other = Self.environment
    other["COUPON"] = "another"
    let values = try await check(Self.text(), other)
    #expect(values.code != 0)
    #expect(values.errors.contains("${COUPON}"), "\(values)")
    #expect(!values.errors.contains("coupon-7f3e9a") && !values.errors.contains("another,"))
    for outcome in [same, changed, values] {
      for value in Self.hidden {
        #expect(!(outcome.output + outcome.errors).contains(value), "\(outcome)")
      }
    }
  }

  /// All that can be reached by links, and every address of the API with what lists name.
  private func everything(
    _ probe: Probe, _ headers: [(String, String)]
  ) async throws -> [(path: String, body: String)] {
    var texts = try await Crawl.run(probe, headers, perKind: 3, limit: 90).pages
      .map { ($0.path, $0.answer.body) }
    let document = try await probe.get("/api/v1/openapi.json", headers)
    let paths = try JSONDecoder().decode(JSON.self, from: Data(document.body.utf8))["paths"]
    guard case .object(let operations)? = paths else { return [] }
    let names = [
      "metric": ["calls", "cards", "traits", "share"], "funnel": ["twice"], "retention": ["daily"],
      "session": ["visits"], "kpi": ["all"], "rule": ["many", "spam"],
    ]
    for path in operations.filter({ $0.value["get"] != nil }).keys.sorted() {
      var filled = [path]
      if let name = path.firstMatch(of: /\{(?<name>\w+)\}/).map({ String($0.name) }) {
        let values = try await values(of: name, in: path, names, probe, headers)
        filled = values.map { path.replacing("{\(name)}", with: $0) }
        #expect(!filled.isEmpty, "\(path) has nothing to be filled with")
      }
      for path in filled {
        for format in ["", "?format=json", "?format=csv"] {
          texts.append((path + format, try await probe.get(path + format, headers).body))
        }
      }
    }
    return texts
  }

  /// What can stand for a segment of a path.
  private func values(
    of name: String, in path: String, _ names: [String: [String]], _ probe: Probe,
    _ headers: [(String, String)]
  ) async throws -> [String] {
    if let known = names[name] { return known }
    let list = String(path.prefix { $0 != "{" }.dropLast())
    let kinds = ["metrics", "funnels", "retention", "sessions", "kpis"]
    if let kind = kinds.first(where: list.hasSuffix) {
      return names[String(kind.hasSuffix("s") ? kind.dropLast() : kind[...])] ?? []
    }
    let body = try await probe.get(list + "?format=csv&limit=3", headers).body
    return body.split(separator: "\r\n").dropFirst().compactMap {
      $0.split(separator: ",").first.map(String.init)
    }
  }
}
