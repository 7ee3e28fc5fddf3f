import Testing

@testable import Notifications

@Suite("Alertmanager")
struct AlertmanagerTests {
  @Test(
    "names of labels are legal",
    arguments: [
      "platform", "context.platform", "城市", "__name__", "9lives", "", "a-b", "é", "_x",
    ])
  func legal(name: String) {
    #expect(LabelName.isLegal(LabelName.legal(name, prefix: "dimension_")), "\(name)")
  }

  @Test("legal names stay, others are told apart")
  func labels() {
    var notice = Notices.full()
    notice.labels = ["severity": "other", "team": "pay", "none": ""]
    notice.dimensions =
      #"{"a.b":"1","a_b":"2","a-b":"3","team":"web","owner":"x","城":"4","市":"5","n":1.5,"z":null}"#
    let labels = AlertmanagerJSON.labels(of: notice)
    #expect(labels["alertname"] == "payment_trouble")
    #expect(labels["severity"] == "critical")
    #expect(labels["label_severity"] == "other")
    #expect(labels["team"] == "pay")
    #expect(labels["dimension_team"] == "web")
    #expect(labels["dimension_owner"] == "x")
    #expect(labels["n"] == "1.5")
    #expect(labels["z"] == nil && labels["none"] == nil)
    for name in labels.keys { #expect(LabelName.isLegal(name), "\(name)") }
    // No value is lost to another of the same name.
    #expect(Set(labels.values).isSuperset(of: ["1", "2", "3", "4", "5"]))
  }

  @Test("an alert has the same labels from its beginning to its end")
  func identity() {
    var resolved = Notices.full(.resolved)
    resolved.value = nil
    resolved.windowStartMs += 86_400_000
    resolved.windowEndMs += 86_400_000
    resolved.explanation = []
    resolved.messageID = "m-0009"
    resolved.isProvisional = true
    #expect(
      AlertmanagerJSON.labels(of: resolved) == AlertmanagerJSON.labels(of: Notices.full()))
  }

  @Test(
    "it fires until it is resolved, and then has ended before now",
    arguments: [
      Notice.Event.firing, .repeated, .escalated, .resolved, .summary,
    ])
  func times(event: Notice.Event) throws {
    var notice = Notices.full(event)
    // Event time may be ahead of wall time.
    for ahead in [-90_000_000, 90_000_000] as [Int64] {
      notice.windowStartMs = notice.decidedWallMs + ahead
      let destination = Destination(name: "d", kind: .alertmanager, target: "")
      let payload = MessageText.payload(of: notice, for: destination)
      let members = try #require(JSONValue.members(of: payload.dropFirst().dropLast().utf8))
      guard case .string(let start)? = members["startsAt"],
        case .string(let end)? = members["endsAt"]
      else {
        Issue.record("times are missing")
        return
      }
      #expect(start <= end)
      #expect((end < TimeText.rfc3339(notice.decidedWallMs)) == (event == .resolved))
      #expect(members["generatorURL"] == nil)
    }
  }
}
