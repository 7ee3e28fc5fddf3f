/// Finds links of documents to files that are not there.
enum LinkRules {
  /// Links of `file` to none of `paths` or their folders. Addresses and anchors are not followed.
  static func check(_ file: SourceFile, paths: Set<String>) -> [Violation] {
    guard file.path.hasSuffix(".md") else { return [] }
    var violations: [Violation] = []
    for (index, line) in file.lines.enumerated() {
      for target in targets(line) {
        guard let path = resolve(target, from: file.path) else { continue }
        if paths.contains(path) || paths.contains(where: { $0.hasPrefix(path + "/") }) { continue }
        violations.append(
          Violation(
            file: file.path, line: index + 1, what: "a link to \(target)",
            why: "there is no such file", instead: "the file's path from this document"))
      }
    }
    return violations
  }

  /// What the links of a line of Markdown lead to.
  static func targets(_ line: Substring) -> [String] {
    var targets: [String] = []
    var rest = line
    while let start = rest.firstRange(of: "](") {
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: ")") else { break }
      targets.append(String(rest[..<end]))
      rest = rest[end...]
    }
    return targets
  }

  /// Path from the project's root of a link in `document`; nil for an address or an anchor.
  static func resolve(_ target: String, from document: String) -> String? {
    let path = target.prefix { $0 != "#" }
    if path.isEmpty || path.contains(":") { return nil }
    var steps = document.split(separator: "/").dropLast().map(String.init)
    for step in path.split(separator: "/") where step != "." {
      if step == ".." { _ = steps.popLast() } else { steps.append(String(step)) }
    }
    return steps.joined(separator: "/")
  }
}
