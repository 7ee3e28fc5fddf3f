import Foundation
import Testing

@testable import Notifications

@Test("a notice reads back as it was written")
func noticeRoundTrip() throws {
  var notice = Notice(
    messageID: "m1", event: .firing, kind: .alert, id: "a1", pipeline: "shop", rule: "errors",
    severity: "critical", dimensions: "{}", value: 0.5, thresholds: #"{"above":0.2}"#,
    windowStartMs: 0, windowEndMs: 60_000, decidedWallMs: 61_000)
  notice.labels = ["team": "pay"]
  notice.explanation = ["platform mobile: 80% of the change"]
  let read = try JSONDecoder().decode(Notice.self, from: JSONEncoder().encode(notice))
  #expect(read == notice)
}
