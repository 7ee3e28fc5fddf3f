/// Which modules each folder may import: strictly downward, each outside library in one target.
enum ImportRules {
  /// Modules of the system, allowed everywhere but in the pure core.
  static let system: Set = [
    "Foundation", "FoundationEssentials", "FoundationXML", "Glibc", "Musl", "Darwin", "Dispatch",
    "Synchronization",
  ]

  /// What of it the pure core may have: mathematics, and atomics for memory that copies share.
  static let core: Set = ["Glibc", "Musl", "Darwin", "Synchronization"]

  /// The one target of each outside library.
  static let homes: [String: String] = [
    "CSimdJSON": "StreamCore", "Yams": "PipelineSpec", "CRdKafka": "KafkaClient",
    "GRDB": "SnapshotStore", "GRDBSQLite": "SnapshotStore", "Crypto": "Digests",
    "AsyncHTTPClient": "Notifications",
    "CMalloc": "WorkerRuntime", "CZlib": "WorkerRuntime", "Atomics": "WorkerRuntime",
    "ArgumentParser": "weir",
    "Hummingbird": "Dashboard", "HummingbirdCore": "Dashboard", "NIOPosix": "Dashboard",
    "HTTPTypes": "Dashboard", "NIOCore": "Dashboard",
    "Logging": "Dashboard", "ServiceLifecycle": "Dashboard",
  ]

  /// The targets below each target.
  static let below: [String: Set<String>] = [
    "StreamCore": [],
    "PipelineSpec": ["StreamCore"],
    "KafkaClient": ["StreamCore"],
    "Inspection": ["StreamCore", "PipelineSpec"],
    "Digests": [],
    "SnapshotStore": ["StreamCore", "Digests"],
    "Notifications": ["StreamCore", "Digests"],
    "Charts": ["StreamCore"],
    "WorkerRuntime": [
      "StreamCore", "PipelineSpec", "KafkaClient", "Digests", "SnapshotStore", "Notifications",
    ],
    "Dashboard": ["StreamCore", "PipelineSpec", "SnapshotStore", "Charts", "Digests"],
    "weir": [
      "StreamCore", "PipelineSpec", "KafkaClient", "Digests", "SnapshotStore", "Notifications",
      "WorkerRuntime", "Charts", "Inspection", "Dashboard",
    ],
  ]

  /// Modules that the files of `folder` may import; nil for a folder that the house does not know.
  static func allowed(in folder: String) -> Set<String>? {
    let name = String(folder.split(separator: "/").last ?? "")
    if folder == "Tests/StyleTests" { return ["Foundation", "Testing"] }
    if folder == "Tests/Soak" {
      return system.union(below["WorkerRuntime"] ?? [])
        .union(["WorkerRuntime", "ArgumentParser", "GRDB"])
    }
    if folder == "Tests/StreamTestKit" { return system.union(["StreamCore", "PipelineSpec"]) }
    if folder.hasPrefix("Tests/") {
      let tested = name == "WeirTests" ? "weir" : String(name.dropLast("Tests".count))
      guard let modules = below[tested] else { return nil }
      let libraries = homes.filter { $0.value == tested }.keys
      return system.union(modules).union(libraries).union([tested, "StreamTestKit", "Testing"])
        .union(tested == "Dashboard" ? ["HummingbirdTesting", "Hummingbird"] : [])
    }
    guard folder.hasPrefix("Sources/"), let modules = below[name] else { return nil }
    let libraries = homes.filter { $0.value == name }.keys
    if name == "StreamCore" { return modules.union(libraries).union(core) }
    return system.union(modules).union(libraries)
  }

  /// Imports of `file` that its folder may not have.
  static func check(_ file: SourceFile) -> [Violation] {
    guard let folder = file.targetFolder, file.isSwift, !folder.hasPrefix("Benchmarks") else {
      return []
    }
    guard let allowed = allowed(in: folder) else {
      return [
        Violation(
          file: file.path, line: 1, what: "\(folder) is not a known target",
          why: "its place in the layers is not decided",
          instead: "name it in ImportRules.swift with what it may import")
      ]
    }
    var violations: [Violation] = []
    for (index, line) in SwiftScanner(file.text).lines(keeping: [.code]).enumerated() {
      guard let module = importedModule(String(decoding: line, as: UTF8.self)) else { continue }
      if allowed.contains(module) { continue }
      violations.append(
        Violation(
          file: file.path, line: index + 1, what: "import \(module) in \(folder)",
          why: reason(module, folder),
          instead: "one of: \(allowed.sorted().joined(separator: ", "))"))
    }
    return violations
  }

  /// The module that a line of code imports: `GRDB` of `@preconcurrency import struct GRDB.Row`.
  static func importedModule(_ line: String) -> String? {
    var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ";" })
    while let word = words.first, word.hasPrefix("@") || accessLevels.contains(String(word)) {
      words.removeFirst()
    }
    guard words.first == "import", words.count > 1 else { return nil }
    words.removeFirst()
    if kinds.contains(String(words[0])), words.count > 1 { words.removeFirst() }
    return words[0].split(separator: ".").first.map(String.init)
  }

  private static let accessLevels: Set = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let kinds: Set = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
  ]

  private static func reason(_ module: String, _ folder: String) -> String {
    if let home = homes[module] { return "this library lives in \(home) alone" }
    if below[module] != nil { return "imports go strictly downward, siblings never import" }
    if folder == "Sources/StreamCore" {
      return "the core is pure: no I/O, no wall time, no threads, no Foundation"
    }
    return "not a module that the house knows"
  }
}
