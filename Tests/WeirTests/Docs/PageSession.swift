import Foundation
import KafkaClient

/// Where the commands of one document run: a folder that looks like a checkout, a broker of its
/// own, and what goes on beside.
final class PageSession {
  /// Paths outside of any checkout that documents may name; they are moved into the session.
  static let outside = [
    "/etc/weir", "/var/lib/weir", "/var/backups", "/backup", "/mnt", "/run/secrets", "/opt/weir",
    "/usr/local/bin", "/etc/systemd/system", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d", "/srv",
  ]
  /// The address of Kafka in documents, written in one of these ways.
  private static let brokerNames = ["127.0.0.1:9092", "localhost:9092", "kafka:9092"]

  let folder: TemporaryFolder
  let broker: EmbeddedBroker
  private let port: Int
  /// What goes on until a signal.
  var stays: [Stay] = []
  /// The checkout that the commands see.
  var checkout: String { folder.file("weir") }

  init(_ page: DocumentPage) throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    port = try FreePort.find()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("weir"), withIntermediateDirectories: true)
    for name in ["docs", "pipelines", "deploy", "scripts", "README.md", "Makefile"] {
      let origin = Project.root.appending(path: name).path
      if files.fileExists(atPath: origin) {
        try files.copyItem(atPath: origin, toPath: folder.file("weir/\(name)"))
      }
    }
    for place in Self.outside + ["/bin", "/state"] {
      try files.createDirectory(
        atPath: folder.file("abs") + place, withIntermediateDirectories: true)
    }
    let program = try Command.program().path
    try files.createSymbolicLink(
      atPath: folder.file("abs/bin/weir"), withDestinationPath: program)
    try files.createDirectory(
      atPath: folder.file("weir/.build/release"), withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: folder.file("weir/.build/release/weir"), withDestinationPath: program)
    if let data = try? SharedData.path("ecom/ecom.csv.gz") {
      let shared = URL(filePath: data).deletingLastPathComponent().deletingLastPathComponent()
      try files.createDirectory(
        atPath: folder.file("shared"), withIntermediateDirectories: true)
      try files.createSymbolicLink(
        atPath: folder.file("shared/data"), withDestinationPath: shared.path)
    }
    try "\(checkout)".write(toFile: folder.file("abs/state/cwd"), atomically: true, encoding: .utf8)
    // A variable of the session: a page may unset it.
    try "export WEIR_BROKERS='\(broker.bootstrapServers)'\n".write(
      toFile: folder.file("abs/state/vars"), atomically: true, encoding: .utf8)
    try createTopics(page)
  }

  /// Topics of the pipelines that the session can run.
  private func createTopics(_ page: DocumentPage) throws {
    var texts = page.blocks.map { $0.lines.joined(separator: "\n") }
    for path in Project.pipelines {
      texts.append(
        try String(contentsOf: Project.root.appending(path: path), encoding: .utf8))
    }
    var topics: Set<String> = []
    for text in texts {
      for match in text.matches(of: /(?:topic|dead_letters|kafka): *([a-z][a-z0-9._-]+)/) {
        topics.insert(String(match.output.1))
      }
    }
    for topic in topics.sorted() { try broker.createTopic(topic, partitions: 4) }
  }

  var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WEIR_") }
    environment["PATH"] =
      folder.file("abs/bin") + ":" + (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
    environment["HOME"] = folder.file("weir")
    environment["USER"] = "ann"
    environment["TZ"] = "UTC"
    environment["LANG"] = "C.UTF-8"
    return environment
  }

  /// Writes a file of the document.
  func write(_ lines: [String], to name: String) throws {
    let path = URL(filePath: inSession(name), relativeTo: URL(filePath: checkout + "/")).path
    try FileManager.default.createDirectory(
      atPath: URL(filePath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    let text = inSession(lines.joined(separator: "\n") + "\n")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Goes on where the last command was.
  var prelude: String {
    let state = folder.file("abs/state")
    return ". '\(state)/vars' && cd \"$(cat '\(state)/cwd')\""
  }

  /// Runs a command to its end.
  func run(_ command: DocumentCommand) async throws -> Shell.Outcome {
    let state = folder.file("abs/state")
    let script = """
      \(prelude)
      set -a
      keep() { export -p; declare -f; }
      trap 'code=$?; keep >"\(state)/vars"; pwd >"\(state)/cwd"; exit $code' EXIT
      \(inSession(command.text))
      """
    var outcome = try await Shell.run(script, in: checkout, environment: environment)
    outcome.output = asWritten(outcome.output)
    return outcome
  }

  /// What the document's text means here.
  func inSession(_ text: String) -> String {
    var text = text.replacing(#/\bsudo( -[ugE]( [a-z]+)?)* /#, with: "")
    for place in Self.outside {
      text = text.replacing(place, with: folder.file("abs") + place)
    }
    for name in Self.brokerNames { text = text.replacing(name, with: broker.bootstrapServers) }
    return text.replacing(/\b8080\b/, with: "\(port)")
  }

  /// What the document would show of an output.
  func asWritten(_ output: String) -> String {
    output.replacing(folder.file("abs"), with: "")
      .replacing(broker.bootstrapServers, with: Self.brokerNames[0])
      .replacing("\(port)", with: "8080")
  }
}
