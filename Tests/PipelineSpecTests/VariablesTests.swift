import Foundation
import Testing

@testable import PipelineSpec

@Suite struct VariablesTests {
  private func name(_ text: String, _ environment: [String: String] = [:]) throws -> String {
    try Pipeline.parse(
      text: "name: \(text)\nsource: {format: segment}", file: "a", environment: environment
    ).plan.name
  }

  @Test func `Variables stand for what the environment has, or their default`() throws {
    #expect(try name("${A}", ["A": "shop"]) == "shop")
    #expect(try name("a${A}b${B:-c}d", ["A": "x"]) == "axbcd")
    #expect(try name("${A:-b}", ["A": ""]) == "b")
    #expect(try name("\"${A:-b}\"") == "b")
  }

  @Test func `A file stands for its text without the last line's end`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID()).txt")
    try Data("secret\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try name("${file:\(file.path)}") == "secret")
  }

  @Test func `Without its secrets a file can be checked`() throws {
    let text = """
      name: check
      zone: ${ZONE}
      source:
        format: custom
        fields: {name: "${N}", user: u, time: t}
        kafka: {brokers: "${BROKERS}", topic: "${TOPIC}", options: {sasl.password: "${file:/none}"}}
      time: {lateness: "${LATENESS}"}
      metrics:
        a: {count: true, every: "${EVERY}", where: "${WHERE}"}
      """
    let pipeline = try Pipeline.parse(
      text: text, file: "a", environment: [:], secretsRequired: false)
    #expect(pipeline.plan.time.latenessMs == 60_000)
    #expect(throws: PipelineFaults.self) {
      try Pipeline.parse(text: text, file: "a", environment: [:], secretsRequired: true)
    }
  }

  @Test func `No message shows what a variable stands for`() {
    let text = """
      name: ${S}
      zone: ${S}
      source:
        format: ${S}
        fields: {name: "..${S}", user: [$k, "${S}."], time: {path: a, format: "${S}"}, x: {a: "${S}"}}
        csv: {delimiter: "${S}", header: ["${S}", "${S}"]}
        kafka: {brokers: b, topic: "${S}", dead_letters: "${S}", start: "${S}"}
      dedup: ${S}
      max_wal: ${S}
      keep: {1m: "${S}"}
      time: {when_idle: "${S}", not_before: "${S}"}
      limits: {max_series: "${S}"}
      metrics:
        a: {count: "${S}", every: "${S}", by: ["${S} !"]}
        b: {sum: "a + ${S}", every: 1h, by: ["${P}", "${P}"]}
      tests: [{name: "${S}", source: "${S}", events: [], expect: {metrics: [{metric: "${S}", window: "${S}", value: "${S}"}]}}]
      """
    do throws(PipelineFaults) {
      _ = try Pipeline.parse(text: text, file: "a", environment: ["S": "hunter 2", "P": "hunter2"])
      Issue.record("accepted")
    } catch {
      #expect(error.faults.count >= 15)
      for fault in error.faults { #expect(!fault.description.contains("hunter")) }
    }
  }
}
