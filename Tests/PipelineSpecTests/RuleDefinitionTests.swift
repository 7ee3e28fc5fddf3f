import Foundation
import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct RuleDefinitionTests {
  private static let rules = """
    notify: {ops: {log: true}, boss: {log: true}}
    metrics: {m: {count: true, every: 1h, by: [p]}, n: {count: true, every: 1h, by: [p]}}
    alerts:
      a:
        watch: m
        when: value > above
        clear: value < above
        thresholds: {above: {default: 5, min: 0, max: 9, step: 1, values: [{where: {p: x}, value: 6}]}}
        for: 2
        keep_firing_for: 10m
        min_samples: 100
        no_data: keep
        active: [mon-fri 09:00-18:00]
        provisional: false
        explain: [c]
        severity: warning
        owner: shop
        runbook: look
        summary: few
        labels: {t: u}
        notify: [ops]
        repeat: 1h
        escalate: {after: 2h, to: [boss]}
    risks:
      r:
        entity: ip
        where: q
        within: 1h
        when: count(x) > least
        max_events: 50
        lateness: 7s
        thresholds: {least: 3}
      s: {within: 20m, sequence: [one, two], absent: three}
    health: {freshness: 6m}
    notify_within: 3h
    """

  private func definition(_ old: String = "", _ new: String = "") throws -> String {
    try pipeline(Self.rules.replacing(old.isEmpty ? "\0" : old, with: new)).plan.definition
  }

  @Test func `Whatever decides transitions and findings is in the definition`() throws {
    var seen: Set<String> = [try definition()]
    let changes = [
      ("watch: m", "watch: n"), ("value > above", "value >= above"),
      ("value < above", "value <= above"), ("above", "over"), ("for: 2", "for: 3"),
      ("for: 2", "for: 2h"), ("keep_firing_for: 10m", "keep_firing_for: 11m"),
      ("min_samples: 100", "min_samples: 101"), ("no_data: keep", "no_data: ok"),
      ("09:00", "08:00"), ("mon-fri", "mon-sat"), ("provisional: false", "provisional: true"),
      ("explain: [c]", "explain: [d]"), ("  a:", "  a2:"), ("  r:", "  r2:"),
      ("entity: ip", "entity: user"), ("entity: ip", "entity: {ip: ip2}"), ("where: q", "where: z"),
      ("within: 1h", "within: 2h"), ("count(x)", "count(y)"), ("least", "atleast"),
      ("max_events: 50", "max_events: 51"), ("lateness: 7s", "lateness: 8s"),
      ("[one, two]", "[one, three]"), ("absent: three", "absent: two"),
    ]
    for (old, new) in changes {
      #expect(seen.insert(try definition(old, new)).inserted, "\(old) → \(new)")
    }
  }

  @Test func `Values of thresholds and how people are told are not in the definition`() throws {
    let plain = try definition()
    let changes = [
      ("default: 5", "default: 4"), ("min: 0", "min: 1"), ("max: 9", "max: 10"),
      ("step: 1", "step: 2"), ("value: 6", "value: 7"), ("{p: x}", "{p: y}"),
      ("{least: 3}", "{least: 4}"), ("severity: warning", "severity: info"),
      ("owner: shop", "owner: pay"), ("runbook: look", "runbook: read"), ("few", "many"),
      ("{t: u}", "{t: v}"), ("notify: [ops]", "notify: [boss]"), ("repeat: 1h", "repeat: 2h"),
      ("after: 2h", "after: 3h"), ("freshness: 6m", "freshness: off"),
      ("notify_within: 3h", "notify_within: 4h"), ("{log: true}", "{webhook: https://example.com}"),
    ]
    for (old, new) in changes { #expect(try definition(old, new) == plain, "\(old) → \(new)") }
  }

  @Test func `A rule says whose it is and who is told`() throws {
    let notify = try pipeline(Self.rules).notify
    let policy = try #require(notify.policies["a"])
    #expect(policy.severity == "warning" && policy.owner == "shop" && policy.runbook == "look")
    #expect(policy.summary == "few" && policy.labels == ["t": "u"] && policy.notify == ["ops"])
    #expect(policy.repeatEveryMs == 3_600_000 && policy.repeatMax == 10)
    #expect(policy.escalateAfterMs == 7_200_000 && policy.escalateTo == ["boss"])
    #expect(notify.policies["r"] == RulePolicy())
    #expect(notify.health.freshnessMs == 360_000 && notify.health.lagMs == 900_000)
    #expect(notify.withinMs == 10_800_000)
    let silent = try pipeline("").notify
    #expect(silent == NotifyOptions())
  }

  @Test func `Destinations and health rules are what is written, or have their defaults`() throws {
    let notify = try pipeline(
      """
      notify:
        ops: {webhook: "${HOOK}", secret: "${KEY:-k}", timeout: 5s, attempts: 3, per_minute: 7}
        chat: {dingtalk: http://user:word@example.com:81/x?y, language: zh}
        all: {log: true}
      health:
        {freshness: off, lag: off, rejected_share: off, late_share: 0.5,
         users_in_two_partitions: off, undelivered: 1h, severity: critical, notify: all,
         repeat: {every: 30m, max: 3}}
      """, environment: ["HOOK": "https://example.com/SECRET"]
    ).notify
    var ops = NotifyDestination(name: "ops", kind: .webhook, target: "https://example.com/SECRET")
    ops.secret = "k"
    ops.timeoutMs = 5_000
    ops.attemptsMax = 3
    ops.perMinute = 7
    var chat = NotifyDestination(
      name: "chat", kind: .dingtalk, target: "http://user:word@example.com:81/x?y")
    chat.language = .zh
    #expect(
      notify.destinations == [NotifyDestination(name: "all", kind: .log, target: ""), chat, ops])
    let health = notify.health
    #expect(health.freshnessMs == nil && health.lagMs == nil && health.rejectedShare == nil)
    #expect(health.lateShare == 0.5 && !health.usersInTwoPartitions)
    #expect(health.undeliveredMs == 3_600_000 && health.policy.severity == "critical")
    #expect(health.policy.notify == ["all"] && health.policy.repeatEveryMs == 1_800_000)
    #expect(health.policy.repeatMax == 3)
  }

  private static let secret = """
    metrics: {m: {count: true, every: 1h}}
    notify:
      ops: {webhook: "${HOOK}", secret: "${KEY}"}
      chat: {feishu: "https://example.com/hook/SECRET", secret: SECRET}
    alerts:
      a:
        watch: m
        when: value > above
        thresholds: {above: "${ABOVE}", least: {default: "${LEAST}", min: 1, max: 2}}
        clear: value < least
        for: "${FOR}"
        notify: ["${WHO}", ops]
        labels: {team: "${TEAM}"}
    """

  @Test func `A file is checked without its secrets`() throws {
    let pipeline = try pipeline(Self.secret, secretsRequired: false)
    #expect(pipeline.notify.destinations.map(\.name) == ["chat", "ops"])
    #expect(pipeline.plan.alerts.map(\.thresholds.count) == [2])
    #expect(faults(Self.secret).count == 7)
  }

  @Test func `Nothing that is explained or wrong shows a secret`() throws {
    let text = Self.secret.replacing("${FOR}", with: "SECRET").replacing("feishu", with: "wecom")
    let environment = [
      "HOOK": "no url but SECRET", "KEY": "SECRET", "ABOVE": "SECRET", "LEAST": "SECRET",
      "WHO": "SECRET", "TEAM": "SECRET",
    ]
    do throws(PipelineFaults) {
      _ = try pipeline(text, environment: environment)
      Issue.record("it was accepted")
    } catch {
      // The value of `for` is written in the file.
      let others = error.faults.filter { !$0.message.hasPrefix("for is") }
      #expect(others.count == 5, "\(error)")
      #expect(!others.contains { $0.description.contains("SECRET") }, "\(error)")
    }
    let right = try pipeline(
      Self.secret,
      environment: [
        "HOOK": "https://example.com/SECRET", "KEY": "SECRET", "ABOVE": "1", "LEAST": "1",
        "FOR": "1", "WHO": "chat", "TEAM": "SECRET",
      ])
    #expect(right.notify.destinations.map(\.secret) == ["SECRET", "SECRET"])
    #expect(!"\(PlanExplanation(right))".contains("SECRET"))
    #expect(!right.plan.definition.contains("SECRET"))
  }

  @Test func `Rules are explained, with what an entity costs and who is told`() throws {
    let explanation = PlanExplanation(try pipeline(Self.rules))
    for section in explanation.sections {
      #expect(section.rows.allSatisfy { $0.count == section.columns.count }, "\(section.title)")
    }
    let rows = Dictionary(
      uniqueKeysWithValues: explanation.sections.map { ($0.title, $0.rows) })
    #expect(
      rows["Alerts"] == [
        [
          "a", "m", "1h", "p", "value > above", "2 windows", "value < above, for 10m", "100",
          "keep",
          "mon,tue,wed,thu,fri 09:00-18:00", "0 windows", "c",
        ]
      ])
    #expect(
      rows["Risks"] == [
        ["r", "ip", "q", "1h", "50", "7s", "21", "5", "271"],
        ["s", "user", "", "20m", "1000", "1m", "36", "0", "36"],
      ])
    #expect(
      rows["Patterns of risks"] == [
        ["r", "while count(x) > least"], ["s", "step 1 one: event == \"one\""],
        ["s", "step 2 two: event == \"two\""], ["s", "and then not: event == \"three\""],
      ])
    #expect(
      rows["Thresholds"] == [
        ["r.least", "", "3.0", "", "", ""], ["a.above", "", "5.0", "0.0", "9.0", "1.0"],
        ["a.above", "{\"p\":\"x\"}", "6.0", "0.0", "9.0", "1.0"],
      ])
    #expect(
      rows["Who is told"] == [
        ["r", "warning", "", "nobody", "", ""], ["s", "warning", "", "nobody", "", ""],
        ["a", "warning", "shop", "ops", "every 1h, 10 times", "boss after 2h"],
        ["health", "warning", "", "nobody", "", ""],
      ])
    #expect(rows["Metrics"]?.map(\.first) == ["m", "n"])
    #expect(rows["Health rules"]?.first == ["freshness", "6m"])
    #expect(rows["Destinations"]?.count == 2)
  }
}
