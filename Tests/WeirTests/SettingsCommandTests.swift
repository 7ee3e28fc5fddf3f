import Foundation
import PipelineSpec
import Testing

@Suite struct SettingsCommandTests {
  private static let pipeline = """
    name: lab
    source:
      kafka: {brokers: "${LAB_BROKERS:-lab:9092}", topic: lab.events, options: {sasl.password: "${LAB_PASSWORD}"}}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    console: {listen: 8080}
    metrics:
      events: {count: true, every: 1h}

    """

  private struct Report: Decodable {
    struct Setting: Decodable {
      struct Candidate: Decodable {
        var value: String?
        var from: String
      }
      var name: String
      var value: String?
      var from: String
      var hidden: Bool
      var insteadOf: [Candidate]
    }
    var settings: [Setting]
  }

  private func explain(
    _ file: String, _ flags: [String], _ environment: [String: String]
  ) async throws -> [String: Report.Setting] {
    let outcome = try await Command.run(
      ["check", file, "--explain", "--json"] + flags, environment: environment)
    #expect(outcome.code == 0, "\(outcome)")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    return Dictionary(uniqueKeysWithValues: report.settings.map { ($0.name, $0) })
  }

  @Test func `The program says of each setting what it is, where it is from, and what it overrode`()
    async throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pipeline, to: "lab.yaml")
    let secret = "correct horse battery"
    let environment = [
      "LAB_PASSWORD": secret, "WEIR_TOPIC": "lab.copy", "WEIR_DATA": "/data/a.sqlite",
      "WEIR_LOG": "json", "WEIR_LISTEN": "9090",
    ]
    let flags = ["--listen", "127.0.0.1:8081", "--data", "b.sqlite"]
    let found = try await explain(file, flags, environment)
    #expect(found["listen"]?.value == "127.0.0.1:8081" && found["listen"]?.from == "--listen")
    let others = found["listen"]?.insteadOf.map { "\($0.value ?? "") \($0.from)" }
    #expect(
      others == [
        "9090 WEIR_LISTEN of the environment", "8080 \(file):6:19", "nowhere default",
      ])
    #expect(found["data"]?.value == "b.sqlite" && found["data"]?.insteadOf.count == 2)
    #expect(found["topic"]?.from == "WEIR_TOPIC of the environment")
    #expect(found["topic"]?.insteadOf.first?.from == "\(file):3:55")
    #expect(found["brokers"]?.from == "\(file):3:20, default of LAB_BROKERS")
    #expect(found["log"]?.value == "json" && found["log level"]?.from == "default")
    let password = found["source.kafka.options.sasl.password"]
    #expect(password?.hidden == true && password?.value == nil)
    let table = try await Command.run(
      ["check", file, "--explain"] + flags, environment: environment)
    #expect(table.output.hasPrefix("Settings\n"), "\(table.output)")
    #expect(table.output.contains("lab.copy") && table.output.contains("(hidden)"))
    #expect(!table.output.contains(secret))
  }

  @Test func `What flags and the environment may not say ends with 2 and the place`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pipeline, to: "lab.yaml")
    let several = try folder.write(
      """
      name: two
      sources:
        a: {kafka: {brokers: "x:1", topic: a}}
        b: {kafka: {brokers: "x:1", topic: b}}
      """, to: "two.yaml")
    let slips: [([String], [String: String], String)] = [
      (["check", file, "--listen", "nowhere at all"], [:], "--listen"),
      (["check", file, "--lanes", "0"], [:], "--lanes"),
      (["run", file, "--log", "xml"], [:], "text, json"),
      (["run", file], ["WEIR_LANES": "many"], "WEIR_LANES of the environment"),
      (["check", several, "--topic", "c"], [:], "source.kafka.topic"),
    ]
    for (arguments, environment, word) in slips {
      let outcome = try await Command.run(arguments, environment: environment)
      #expect(outcome.code == 2, "\(arguments) \(outcome)")
      #expect(outcome.errors.contains(word), "\(arguments) \(outcome)")
    }
  }

  @Test func `Help has each flag with its variable, its place in the file, and its default`()
    async throws
  {
    for command in ["run", "check", "doctor"] {
      let help = try await Command.run([command, "--help"])
      let words = help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for setting in WorkerSettings.all {
        guard let flag = setting.flag else { continue }
        #expect(words.contains("\(flag) <"), "\(command) \(flag)")
        #expect(words.contains(setting.environment), "\(command) \(flag)")
        #expect(words.contains("Default: \(setting.fallback)."), "\(command) \(flag)")
        if let path = setting.path { #expect(words.contains("\(path) of the file")) }
      }
    }
  }

  @Test func `The environment is read in one place alone`() throws {
    let allowed = [
      "Sources/weir/Settings/ProcessEnvironment.swift": "settings, and conventions of the system",
      "Sources/WorkerRuntime/Service/ServiceNotifier.swift": "what systemd says to a service",
    ]
    let sources = Project.root.appending(path: "Sources")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }
    var readers: Set<String> = []
    for file in try #require(files) where file.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
      let isReader = [
        "getenv(", "processInfo.environment", "ProcessInfo().environment", "environ[",
      ]
      .contains { text.contains($0) }
      if isReader { readers.insert("Sources/\(file)") }
    }
    #expect(
      readers.isSubset(of: allowed.keys), "declare it in WorkerSettings, and read it there")
    #expect(readers.contains("Sources/weir/Settings/ProcessEnvironment.swift"))
  }
}
