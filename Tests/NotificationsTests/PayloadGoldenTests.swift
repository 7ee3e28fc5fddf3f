import Foundation
import StreamCore
import Testing

@testable import Notifications

/// Payloads of every kind, compared to the byte with the files in `Golden`; `WEIR_WRITE_GOLDEN=1`
/// writes them anew, to be read before they are kept.
@Suite("payloads")
struct PayloadGoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")
  static let notices = [
    Notices.full(), Notices.full(.resolved), Notices.finding(), Notices.summary(),
  ]

  static func shanghai() throws -> Zone {
    let path = "/usr/share/zoneinfo/Asia/Shanghai"
    return try Zone(name: "Asia/Shanghai", tzif: Array(Data(contentsOf: URL(filePath: path))))
  }

  static func destination(
    _ kind: Destination.Kind, _ language: Destination.Language
  ) throws -> Destination {
    Destination(
      name: "d", kind: kind, target: "https://example.com/secret-path?key=secret-key",
      secret: "secret-secret", language: language, zone: language == .zh ? try shanghai() : .utc)
  }

  @Test(
    "are the same bytes for the same notice, as documented",
    arguments: Destination.Kind.allCases, Destination.Language.allCases)
  func golden(kind: Destination.Kind, language: Destination.Language) throws {
    let destination = try Self.destination(kind, language)
    let payloads = Self.notices.map { MessageText.payload(of: $0, for: destination) }
    let text = payloads.joined(separator: "\n") + "\n"
    let file = Self.folder.appendingPathComponent("\(kind.rawValue)-\(language.rawValue).txt")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
    #expect(!text.contains("secret-"))
    for payload in payloads where kind != .log && kind != .alertmanager {
      #expect(JSONValue.members(of: payload.utf8) != nil)
    }
  }

  @Test("tell programs the same in both languages")
  func languages() throws {
    for kind in [Destination.Kind.webhook, .kafka, .alertmanager] {
      for notice in Self.notices {
        let en = MessageText.payload(of: notice, for: try Self.destination(kind, .en))
        #expect(try MessageText.payload(of: notice, for: Self.destination(kind, .zh)) == en)
      }
    }
  }

  @Test("hold what is no JSON as text, and numbers that are none as null")
  func malformed() throws {
    var notice = Notices.full()
    notice.dimensions = "{not json"
    notice.value = .nan
    let text = MessageText.payload(of: notice, for: try Self.destination(.webhook, .en))
    let members = try #require(JSONValue.members(of: text.utf8))
    #expect(members["dimensions"] == .string("{not json"))
    #expect(members["value"] == .null)
  }

  @Test(
    "show numbers short",
    arguments: zip(
      [0, 0.3123456, -12, 1234567.891, 0.000123456, 1e20, 99.99999],
      ["0", "0.312346", "-12", "1234568", "0.000123456", "1e+20", "100"]))
  func numbers(number: Double, text: String) {
    #expect(PlainText.number(number) == text)
  }

  @Test("show times in the destination's zone")
  func times() throws {
    let zone = try Self.shanghai()
    #expect(TimeText.local(1_767_196_800_000, zone: zone) == "2026-01-01 00:00")
    #expect(TimeText.local(-1_000, zone: .utc) == "1969-12-31 23:59:59")
    #expect(TimeText.rfc3339(-1) == "1969-12-31T23:59:59.999Z")
    #expect(TimeText.rfc3339(1_709_164_800_007) == "2024-02-29T00:00:00.007Z")
  }
}
