import Foundation

/// Finds files that no target builds.
enum TreeRules {
  /// Folders of the targets that a `Package.swift` declares.
  static func targetFolders(manifest: String) -> Set<String> {
    let scanner = SwiftScanner(manifest)
    let text = scanner.lines(keeping: [.code, .string]).map { String(decoding: $0, as: UTF8.self) }
      .joined(separator: "\n")
    let kinds = [
      (".target(", "Sources/"), (".executableTarget(", "Sources/"),
      (".systemLibrary(", "Sources/"), (".testTarget(", "Tests/"),
    ]
    var folders: Set<String> = []
    for (kind, root) in kinds {
      for declaration in text.components(separatedBy: kind).dropFirst() {
        // A declaration ends where the next one begins.
        let own = kinds.reduce(declaration) { $0.components(separatedBy: $1.0)[0] }
        guard let name = quoted(after: "name:", own) else { continue }
        folders.insert(quoted(after: "path:", own) ?? root + name)
      }
    }
    return folders
  }

  static func check(_ tree: SourceTree) -> [Violation] {
    guard let manifest = tree.files.first(where: { $0.path == "Package.swift" }) else {
      return []
    }
    let folders = targetFolders(manifest: manifest.text)
    let swift = tree.files.filter { $0.isSwift && !$0.path.hasPrefix("Benchmarks/") }
    return swift.compactMap { file in
      if file.path == "Package.swift" { return nil }
      if !folders.contains(where: { file.path.hasPrefix($0 + "/") }) {
        return Violation(
          file: file.path, line: 1, what: "in no target's folder", why: "nothing builds it",
          instead: "move it into a target, declare the target, or delete it")
      }
      let isPlaceholder = file.path.hasSuffix("/Placeholder.swift")
      let folder = file.targetFolder.map { $0 + "/" } ?? "/"
      if isPlaceholder, swift.contains(where: { $0.path != file.path && $0.path.hasPrefix(folder) })
      {
        return Violation(
          file: file.path, line: 1, what: "a placeholder beside real files",
          why: "it holds a place that is taken", instead: "delete it")
      }
      return nil
    }
  }

  /// The next literal after `label`, where it follows at once.
  private static func quoted(after label: String, _ text: String) -> String? {
    let parts = text.components(separatedBy: label)
    guard parts.count > 1 else { return nil }
    let pieces = parts[1].split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    guard pieces.count == 3, pieces[0].allSatisfy(\.isWhitespace) else { return nil }
    return String(pieces[1])
  }
}
