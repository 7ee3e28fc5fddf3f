/// Finds links of documents to files and headings that are not there.
enum LinkRules {
  /// Links of `file` to none of `paths` or their folders, or to a heading that the document, one of
  /// `anchors` by its path, does not have. Addresses are not followed.
  static func check(
    _ file: SourceFile, paths: Set<String>, anchors: [String: Set<String>] = [:]
  ) -> [Violation] {
    guard file.path.hasSuffix(".md") else { return [] }
    var violations: [Violation] = []
    for (index, line) in file.lines.enumerated() {
      for target in targets(line) {
        if let (document, anchor) = heading(target, from: file.path),
          let known = anchors[document], !known.contains(anchor)
        {
          violations.append(
            Violation(
              file: file.path, line: index + 1, what: "a link to \(target)",
              why: "\(document) has no such heading",
              instead: "the heading in small letters, with - for blanks and without marks"))
        }
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

  /// The document and the heading that a link leads to; nil for one without a heading.
  static func heading(_ target: String, from document: String) -> (String, String)? {
    guard let mark = target.firstIndex(of: "#"), !target.contains("://") else { return nil }
    let anchor = String(target[target.index(after: mark)...])
    if mark == target.startIndex { return (document, anchor) }
    return resolve(target, from: document).map { ($0, anchor) }
  }

  /// The anchors of a document's headings, as code hosts make them.
  static func anchors(_ file: SourceFile) -> Set<String> {
    var anchors: Set<String> = []
    var isInBlock = false
    for line in file.lines {
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isInBlock.toggle() }
      let level = line.prefix { $0 == "#" }.count
      guard !isInBlock, (1...6).contains(level), line.dropFirst(level).first == " " else {
        continue
      }
      var name = ""
      for character in line.dropFirst(level + 1).lowercased() {
        if character == " " { name.append("-") }
        if character.isLetter || character.isNumber || "-_".contains(character) {
          name.append(character)
        }
      }
      var count = 1
      let first = name
      while !anchors.insert(name).inserted {
        name = "\(first)-\(count)"
        count += 1
      }
    }
    return anchors
  }
}
