import StreamCore
import Testing

@testable import PipelineSpec

/// What a file of results may say of the pipeline file that made it, where that has variables.
@Suite struct ShownTextsTests {
  private static let secrets = [
    "s3cr3t-coupon", "4111 1111", "anna@example.com", "13800138000", "k-9f8e7d",
  ]

  private static let environment = [
    "COUPON": "s3cr3t-coupon", "CARD": "4111 1111", "VIP": "anna@example.com",
    "STAFF": "13800138000", "KEY": "k-9f8e7d", "FIELD": "channel", "SIZE": "30", "EVERY": "1h",
    "CONDITION": #"event == "k-9f8e7d""#,
  ]

  private static let text = """
    name: shop
    source:
      format: custom
      fields: {name: event, user: user_id, time: timestamp, tenant: {const: "${KEY}"}}
    filter: 'user_id != ${STAFF}'
    derive: {is_vip: 'email == "${VIP}"', size: 'total > ${SIZE}', plain: 'a == "$${x}"'}
    metrics:
      orders:
        count: true
        where: >-
          event == "purchase"
            && coupon == "${COUPON}"
        every: ${EVERY}
        by: ["${FIELD}", {kind: 'card == "${CARD:-none}" ? "own" : "${OTHER:-other}"'}]
      whole: {count: true, where: '${CONDITION}', every: 1h}
    funnels: {f: {steps: [view, {name: paid, where: 'coupon == "${COUPON}"'}], within: 1h}}
    risks: {r: {entity: user, within: 1h, where: 'card == "${CARD}"', when: count() > 3}}
    sessions: {s: {gap: 30m, where: 'tenant != "other"'}}
    alerts: {a: {watch: whole, when: 'value > ${STAFF}'}}
    """

  private func pipeline(
    _ text: String = text, _ environment: [String: String] = environment
  ) throws -> Pipeline {
    try Pipeline.parse(text: text, file: "p.yaml", environment: environment)
  }

  @Test func `Values of variables that may be secrets are in no text that others read`() throws {
    let pipeline = try pipeline()
    let shown = pipeline.shown.definition(pipeline.plan.definition)
    for secret in Self.secrets {
      #expect(pipeline.plan.definition.contains(secret), "\(secret) decides results")
      #expect(!shown.contains(secret), "\(shown)")
      #expect(!pipeline.definitionDocument.contains(secret), "\(pipeline.definitionDocument)")
    }
    #expect(shown.contains(#" where event == "purchase" && coupon == "${COUPON}""#), "\(shown)")
    #expect(shown.contains(#" where ${CONDITION}"#))
    #expect(shown.contains(#" field tenant = const "${KEY}""#))
    #expect(shown.contains(#"user_id != ${STAFF}"#))
    let risk = try #require(pipeline.plan.risks.first?.condition)
    #expect(pipeline.shown.text(risk.text) == #"card == "${CARD}""#)
  }

  @Test func `Names, short numbers, and what the file gives itself are shown`() throws {
    let pipeline = try pipeline()
    let shown = pipeline.shown.definition(pipeline.plan.definition)
    #expect(shown.contains(" by channel = channel"), "\(shown)")
    #expect(shown.contains("total > 30"))
    #expect(shown.contains(#": "other""#))
    #expect(shown.contains(#"a == "${x}""#))
    let names = ["KEY", "STAFF", "VIP", "COUPON", "CARD", "CONDITION"]
    #expect(Pipeline.variables(in: pipeline.definitionDocument) == names.sorted())
    let plain = try self.pipeline(
      Self.text.replacing("card == \"${CARD:-none}\"", with: "card == \"x\""), Self.environment)
    #expect(plain.shown.definition(plain.plan.definition).contains(#"card == "x" ? "own""#))
  }

  @Test func `The document is read again as the same definition, with the same values alone`()
    throws
  {
    let pipeline = try pipeline()
    let former = try pipeline.parse(former: pipeline.definitionDocument, file: "p.sqlite")
    #expect(former.plan.definition == pipeline.plan.definition)
    // A default that was used stays what it was.
    var environment = Self.environment
    environment["OTHER"] = "somebody else"
    let later = try self.pipeline(Self.text, environment)
    #expect(later.plan.definition != pipeline.plan.definition)
    #expect(
      try later.parse(former: pipeline.definitionDocument, file: "p.sqlite").plan.definition
        == pipeline.plan.definition)
    environment["COUPON"] = "changed"
    let changed = try self.pipeline(Self.text, environment)
    #expect(
      try changed.parse(former: pipeline.definitionDocument, file: "p.sqlite").plan.definition
        != pipeline.plan.definition)
  }

  @Test func `Without variables texts are shown as they are`() throws {
    let pipeline = try pipeline(
      "name: a\nsource: {format: segment}\n"
        + "metrics: {m: {count: true, where: 'a == \"b\"', every: 1h}}",
      [:])
    let definition = pipeline.plan.definition
    #expect(pipeline.shown.definition(definition) == definition)
    #expect(pipeline.shown.text("a") == "a")
    #expect(Pipeline.variables(in: pipeline.definitionDocument).isEmpty)
  }
}
