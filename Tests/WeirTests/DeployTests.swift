import Foundation
import PipelineSpec
import StreamTestKit
import Testing

@testable import weir

/// What is in `deploy/` fits the program: its figures, its commands, its libraries.
@Suite(.serialized) struct DeployTests {
  private static func read(_ path: String) throws -> String {
    try String(contentsOf: Project.root.appending(path: path), encoding: .utf8)
  }

  // MARK: - Figures

  /// What a live worker exports: names of figures, each with the names of its labels.
  private func exported() async throws -> [String: Set<String>] {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(2)
    let pipeline = try folder.write(KillPipeline.text(keyed: true), to: "figures.yaml")
    let history = KillPipeline.history(seed: 3, events: 200)
    try broker.produce(
      history.partitioned(2).map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
    let worker = try RunningCommand(
      ["run", pipeline, "--data", folder.file("a.sqlite"), "--listen", "127.0.0.1:0"],
      environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic])
    let place = /the console is at http:\/\/(?<address>[^\/]+)\//
    try await worker.wait { worker.text.contains(place) }
    let found = try #require(worker.text.firstMatch(of: place)?.output.address)
    let address = try #require(ConsoleAddress(String(found)))
    let probe = HealthProbe(address: address, timeoutMs: Int64(Patience.ms))
    var figures: [String: Set<String>] = [:]
    let deadline = ContinuousClock.now + Patience.duration
    // Lag and rates are known once something was read.
    let last = ["weir_lag_records", "weir_watermark_delay_seconds", "weir_next_offset"]
    while !last.allSatisfy({ figures[$0] != nil }), ContinuousClock.now < deadline {
      figures = Self.figures(try probe.get("/metrics").body)
    }
    worker.send(SIGTERM)
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
    return figures
  }

  private static func figures(_ scrape: String) -> [String: Set<String>] {
    var figures: [String: Set<String>] = [:]
    for line in scrape.split(separator: "\n") where !line.hasPrefix("#") {
      guard let match = line.prefixMatch(of: /(?<name>\w+)(?:\{(?<labels>[^}]*)\})?\s/) else {
        continue
      }
      let labels = (match.labels ?? "").matches(of: /(\w+)="/).map { String($0.1) }
      figures[String(match.name), default: []].formUnion(labels)
    }
    return figures
  }

  /// Expressions over figures in a file, without the text of annotations.
  private func expressions(_ path: String) throws -> [String] {
    let text = try Self.read(path)
    if path.hasSuffix(".json") {
      return text.matches(of: /"(?:expr|query)": "((?:[^"\\]|\\.)*)"/).map {
        String($0.1).replacing("\\\"", with: "\"")
      }
    }
    if path.hasSuffix("-test.yml") {
      return text.matches(of: /series: '([^']*)'/).map { String($0.1) }
    }
    return text.matches(of: /expr: \|\n((?: {10}.*\n)+)/).map { String($0.1) }
  }

  @Test func `Every figure of dashboards and rules is one that a worker exports, and the reverse`()
    async throws
  {
    let exported = try await exported()
    // Prometheus adds these to every figure.
    let added: Set = ["job", "instance", "__name__"]
    let allLabels = exported.values.reduce(added) { $0.union($1) }
    var used: Set<String> = []
    for path in [
      "deploy/grafana/weir.json", "deploy/prometheus/rules.yml", "deploy/prometheus/rules-test.yml",
    ] {
      let expressions = try expressions(path)
      #expect(expressions.count >= 15, "\(path) was not read")
      for expression in expressions {
        for match in expression.matches(of: /(weir_\w+)(?:\{([^}]*)\})?/) {
          let name = String(match.1)
          used.insert(name)
          guard let labels = exported[name] else {
            Issue.record("\(path): no worker exports \(name)")
            continue
          }
          for label in (match.2 ?? "").matches(of: /(\w+)\s*(?:=~|!=|!~|=)\s*"/) {
            let known = labels.union(added).contains(String(label.1))
            #expect(known, "\(path): \(name) has no label \(label.1)")
          }
        }
        for group in expression.matches(of: /(?:by|on) ?\(([^)]*)\)/) {
          for label in group.1.split(separator: ",").map({ $0.filter { $0 != " " } }) {
            #expect(allLabels.contains(label), "\(path): nothing has the label \(label)")
          }
        }
      }
    }
    let unused = Set(exported.keys).subtracting(used)
    #expect(unused.isEmpty, "on no dashboard: \(unused.sorted())")
  }

  // MARK: - Alerts

  private struct Rule {
    var name: String
    var text: String
  }

  private func rules() throws -> [Rule] {
    let text = try Self.read("deploy/prometheus/rules.yml")
    let parts = text.components(separatedBy: "      - alert: ").dropFirst()
    return parts.map { part in
      Rule(name: String(part.prefix { !$0.isNewline }), text: part)
    }
  }

  @Test func `Every alert says what it means, what to do, and where there is more`() throws {
    let page = try Self.read("docs/operations.md")
    let headings = page.split(separator: "\n").filter { $0.hasPrefix("#") }.map {
      $0.drop { $0 == "#" || $0 == " " }.lowercased().replacing(" ", with: "-")
    }
    let tests = try Self.read("deploy/prometheus/rules-test.yml")
    let rules = try rules()
    #expect(rules.count >= 15)
    for rule in rules {
      #expect(rule.text.contains(/severity: (critical|warning)\n/), "\(rule.name)")
      #expect(rule.text.contains("summary: >-") && rule.text.contains("description: >-"))
      let anchor = rule.text.firstMatch(of: /runbook_url: docs\/operations\.md#(\S+)/)?.1
      #expect(anchor.map(String.init) == rule.name.lowercased(), "\(rule.name)")
      #expect(headings.contains(rule.name.lowercased()), "\(rule.name) is not in operations.md")
      // Each is seen to fire, and not to fire.
      #expect(
        tests.contains("        alertname: \(rule.name)\n        exp_alerts:"), "\(rule.name)")
      #expect(tests.contains(", alertname: \(rule.name)}"), "\(rule.name) is never quiet")
    }
  }

  @Test(arguments: [
    ["check", "config", "--syntax-only", "deploy/prometheus/prometheus.yml"],
    ["check", "rules", "deploy/prometheus/rules.yml"],
    ["test", "rules", "deploy/prometheus/rules-test.yml"],
  ]) func `Prometheus finds nothing wrong`(_ arguments: [String]) async throws {
    let (code, said) = try await Tool.run("promtool", arguments, from: "scripts/bootstrap test")
    #expect(code == 0, "\(said)")
  }

  // MARK: - Pipelines and commands

  @Test func `The pipelines are right, and compute the same wherever they run`() async throws {
    let paths = [
      "deploy/compose/shop.yaml", "deploy/systemd/shop.yaml", "deploy/kubernetes/base/shop.yaml",
      "deploy/kubernetes/overlays/sasl-tls/shop.yaml",
    ]
    var stages: Set<String> = []
    for path in paths {
      for command in ["check", "test"] {
        let outcome = try await Command.run([command, path])
        #expect(outcome.code == 0, "\(path): \(outcome)")
      }
      let parts = try Self.read(path).components(separatedBy: "# What is computed")
      #expect(parts.count == 2, "\(path)")
      stages.insert(parts.last ?? "")
    }
    #expect(stages.count == 1)
  }

  @Test func `Every command line is one that the program takes`() async throws {
    let container = try Self.read("deploy/container/Containerfile")
    let unit = try Self.read("deploy/systemd/weir@.service")
    let pod = try Self.read("deploy/kubernetes/base/statefulset.yaml")
    func words(_ text: Substring) -> [String] {
      text.split { $0 == "," || $0 == " " }.map { $0.filter { $0 != "\"" } }
    }
    let health = try #require(container.firstMatch(of: /HEALTHCHECK .*CMD \["weir", ([^\]]*)\]/)?.1)
    let lines = [
      try #require(container.firstMatch(of: /\nCMD \[([^\]]*)\]/)?.1),
      try #require(unit.firstMatch(of: /\nExecStart=\S+ (.*)/)?.1),
      try #require(pod.firstMatch(of: /\sargs: \[([^\]]*)\]/)?.1),
    ].map(words)
    for line in lines {
      let arguments = line.map {
        $0.replacing("${WEIR_LISTEN}", with: "127.0.0.1:8080")
      }
      #expect(arguments.first == "run")
      // The pipeline file is not there: that is found before anything else but wrong usage.
      let outcome = try await Command.run(arguments)
      #expect(outcome.code == 3 && outcome.errors.contains("/etc/weir/"), "\(line): \(outcome)")
    }
    // The port of one that nobody has.
    let probe = try await Command.run(words(health) + ["1"])
    #expect(probe.code == 3, "\(probe)")
  }

  @Test func `systemd tries again what may get better, and nothing else`() throws {
    let unit = try Self.read("deploy/systemd/weir@.service")
    for line in [
      "Type=notify", "Restart=on-failure", "RestartPreventExitStatus=1 2", "WatchdogSec=2min",
      "StartLimitIntervalSec=0",
    ] {
      #expect(unit.contains("\n\(line)\n"), "\(line)")
    }
  }

  // MARK: - The image

  @Test(.enabled(if: ["dpkg", "ldd", "readelf"].allSatisfy { Tool.path($0) != nil }))
  func `The image has every library that the program needs`() async throws {
    let container = try Self.read("deploy/container/Containerfile")
    let list = try #require(
      container.firstMatch(of: /--no-install-recommends \\\n((?: +\S+ \\\n)+)/)?.1)
    let installed = Set(list.split { " \\\n".contains($0) }.map(String.init))
    let (_, needed) = try await Tool.run("ldd", [try Command.program().path])
    var packages: Set<String> = []
    // What the binary itself names, not what those name in turn: their packages bring it. Swift's
    // own are in it.
    let (_, dynamic) = try await Tool.run("readelf", ["-d", try Command.program().path])
    let direct = Set(dynamic.matches(of: /NEEDED.*\[([^\]]+)\]/).map { String($0.1) })
    #expect(direct.contains("librdkafka.so.1"), "\(dynamic)")
    for match in needed.matches(of: /(\S+) => (\/\S+)/) where direct.contains(String(match.1)) {
      let path = String(match.2)
      if path.contains("/swift/") { continue }
      // The folder may be a link to the one that the package names.
      for place in [path, "/usr" + path, path.replacing("/usr", with: "", maxReplacements: 1)] {
        let (code, said) = try await Tool.run("dpkg", ["-S", place])
        if code == 0 { packages.insert(String(said.prefix { $0 != ":" })) }
      }
    }
    #expect(packages.count >= 5, "\(packages)")
    let missing = packages.subtracting(installed).subtracting(["libc6"])
    #expect(missing.isEmpty, "not installed in the image: \(missing.sorted())")
  }
}

/// Programs of the system.
enum Tool {
  static func path(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
      .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs one in the directory of the project; `from` says what installs it.
  static func run(
    _ name: String, _ arguments: [String], from: String = "the system"
  ) async throws -> (code: Int32, said: String) {
    let program = try #require(path(name), "\(name) is not here; it comes from \(from)")
    let folder = try TemporaryFolder()
    let said = try folder.write("", to: "said")
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = Project.root
    process.standardInput = FileHandle.nullDevice
    let output = FileHandle(forWritingAtPath: said)
    process.standardOutput = output
    process.standardError = output
    let code = try await process.runToEnd(closing: [output])
    return (code, try String(contentsOfFile: said, encoding: .utf8))
  }
}
