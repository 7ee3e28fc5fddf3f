import Foundation
import Testing

@testable import PipelineSpec

@Suite struct WorkerSettingsTests {
  private static func legal(_ setting: WorkerSetting, _ place: String) -> String {
    switch setting.kind {
    case .text: "\(setting.name)-of-\(place)"
    case .address: "127.0.0.1:\(1_000 + place.count)"
    case .integer(let from): "\(from + Int64(place.count))"
    case .choice(let words): words[place.count % words.count]
    }
  }

  @Test func `Flag, environment, file, default: the nearest holds and the others are named`() {
    for setting in WorkerSettings.all {
      for places in 0..<8 {
        var expected: [(String, SettingsResolution.Origin)] = []
        var flags: [String: String] = [:]
        var environment = ["UNRELATED": "x"]
        var given: [GivenValue] = []
        if places & 1 != 0, let flag = setting.flag {
          flags[setting.name] = Self.legal(setting, "flag")
          expected.append((Self.legal(setting, "flag"), .flag(flag)))
        }
        if places & 2 != 0 {
          environment[setting.environment] = Self.legal(setting, "variable")
          expected.append(
            (Self.legal(setting, "variable"), .environment(setting.environment)))
        } else {
          environment[setting.environment] = ""
        }
        if places & 4 != 0, let path = setting.path {
          given.append(
            GivenValue(
              path: path, line: 3, column: 5, value: Self.legal(setting, "f"), isHidden: false,
              uses: []))
          expected.append(
            (Self.legal(setting, "f"), .file("a.yaml", line: 3, column: 5, uses: [])))
        }
        expected.append((setting.fallback, .fallback))
        let found = SettingsResolution(
          flags: flags, environment: environment, file: given.isEmpty ? "" : "a.yaml",
          given: given)
        let entry = found.entries.first { $0.name == setting.name }
        let all = entry.map { [$0.chosen] + $0.overrode } ?? []
        #expect(all.map(\.value) == expected.map(\.0), "\(setting.name) \(places)")
        #expect(all.map(\.origin) == expected.map(\.1), "\(setting.name) \(places)")
        #expect(found.faults == [])
        #expect(found.value(setting) == (expected.count == 1 ? nil : expected[0].0))
      }
    }
  }

  @Test func `What is not legal is named with its place`() {
    for setting in WorkerSettings.all where setting.kind != .text {
      let wrong = "no such thing"
      let variable = SettingsResolution(flags: [:], environment: [setting.environment: wrong])
      #expect(variable.faults.count == 1)
      #expect(variable.faults[0].hasPrefix("\(setting.environment) of the environment is "))
      guard let flag = setting.flag else { continue }
      let both = SettingsResolution(
        flags: [setting.name: wrong],
        environment: [setting.environment: Self.legal(setting, "variable")])
      #expect(both.faults.count == 1 && both.faults[0].hasPrefix("\(flag) is no such thing; "))
    }
  }

  private static let text = """
    name: shop
    zone: ${ZONE:-Asia/Shanghai}
    source:
      kafka:
        brokers: ${MY_BROKERS:-a:9092}
        topic: events
        options: {sasl.password: "${PASSWORD}", sasl.username: plain, client.rack: "${RACK:-r1}"}
      format: segment
    time: {lateness: "${LATE:-2m}"}
    console: {tokens: {ana: {token: "${file:/none/token}", write: true}}}
    log: {format: json}
    notify: {ops: {webhook: "${HOOK:-https://example.com/hook}"}}
    """

  private func parse(
    _ flags: [String: String], _ environment: [String: String], text: String = Self.text
  ) throws -> (Pipeline, SettingsResolution) {
    let loaded = try Pipeline.parse(
      text: text, file: "shop.yaml", environment: environment, secretsRequired: false
    ) { given in
      SettingsOverlay(
        SettingsResolution(
          flags: flags, environment: environment, file: "shop.yaml", given: given))
    }
    return (
      loaded,
      SettingsResolution(
        flags: flags, environment: environment, file: "shop.yaml", given: loaded.given)
    )
  }

  @Test func `Flags and environment stand in place of what the file says`() throws {
    let (plain, _) = try parse([:], [:])
    #expect(plain.kafka["source"]?.brokers == "a:9092" && plain.plan.sources[0].topic == "events")
    let (named, _) = try parse([:], ["WEIR_BROKERS": "b:1", "MY_BROKERS": "c:1"])
    #expect(named.kafka["source"]?.brokers == "b:1")
    let (flagged, _) = try parse(
      ["brokers": "d:1", "topic": "others"], ["WEIR_BROKERS": "b:1", "WEIR_TOPIC": "more"])
    #expect(flagged.kafka["source"]?.brokers == "d:1")
    #expect(flagged.kafka["source"]?.topic == "others")
    #expect(flagged.plan.sources[0].topic == "others")
    let (listening, _) = try parse(["listen": "8080"], [:])
    #expect(listening.console.listen == ConsoleAddress("127.0.0.1:8080"))
    #expect(listening.console.grants.count == 1)
  }

  @Test func `Several sources, and sources of files, keep what their file says`() throws {
    let several = """
      name: two
      sources:
        a: {kafka: {brokers: x:1, topic: a}}
        b: {kafka: {brokers: y:1, topic: b}}
      """
    let environment = ["WEIR_BROKERS": "z:1", "WEIR_TOPIC": "z"]
    let (two, settings) = try parse([:], environment, text: several)
    #expect(two.kafka["a"]?.brokers == "x:1" && two.kafka["b"]?.topic == "b")
    #expect(!settings.entries.contains { $0.name == "brokers" || $0.name == "topic" })
    let (files, _) = try parse([:], environment, text: "name: f\nsource: {format: segment}")
    #expect(files.kafka.isEmpty)
  }

  @Test func `Each value with a variable is named with its place, and secrets are hidden`() throws {
    let secret = "hunter2hunter2"
    let environment = ["PASSWORD": secret, "LATE": "3m", "HOOK": "https://example.com/\(secret)"]
    let (_, settings) = try parse(["listen": "8080"], environment)
    func entry(_ name: String) throws -> SettingsResolution.Entry {
      try #require(settings.entries.first { $0.name == name })
    }
    #expect(try entry("listen").chosen.origin == .flag("--listen"))
    #expect(try entry("log").chosen.origin.text == "shop.yaml:11:15")
    #expect(try entry("brokers").chosen.origin.text == "shop.yaml:5:14, default of MY_BROKERS")
    #expect(try entry("brokers").chosen.value == "a:9092")
    #expect(try entry("time.lateness").chosen.value == "3m")
    #expect(
      try entry("time.lateness").chosen.origin.text
        == "shop.yaml:9:18, LATE of the environment")
    for hidden in ["source.kafka.options.sasl.password", "notify.ops.webhook"] {
      #expect(try entry(hidden).isHidden && entry(hidden).chosen.value == nil, "\(hidden)")
    }
    #expect(try entry("source.kafka.options.client.rack").chosen.value == "r1")
    #expect(
      try entry("console.tokens.ana.token").chosen.origin.text
        .hasSuffix("/none/token, which is not set"))
    #expect(!settings.entries.contains { $0.name == "source.kafka.options.sasl.username" })
    let table = settings.section.rows.flatMap(\.self).joined(separator: " ")
    #expect(!table.contains(secret) && !"\(settings)".contains(secret))
    #expect(table.contains("(hidden)"))
  }

  @Test func `docs/settings.md is what the settings declare`() throws {
    let url = Files.root.appending(path: "docs/settings.md")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCS"] != nil {
      try Data(SettingsReference.markdown().utf8).write(to: url)
    }
    let committed = (try? Files.text(url)) ?? ""
    #expect(
      committed == SettingsReference.markdown(),
      "make it again: WEIR_WRITE_DOCS=1 swift test --filter WorkerSettingsTests")
  }
}
