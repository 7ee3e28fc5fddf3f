/// What documents owe to one another.
enum DocumentRules {
  /// Pages that no index lists, and translations that differ in more than their language.
  static func check(_ documents: [SourceFile]) -> [Violation] {
    var violations: [Violation] = []
    let byPath = Dictionary(uniqueKeysWithValues: documents.map { ($0.path, $0) })
    for index in ["docs/README.md", "docs/decisions/README.md"] {
      guard let index = byPath[index] else { continue }
      violations += unlisted(documents, index: index)
    }
    for translation in documents where translation.path.hasSuffix(".zh-CN.md") {
      guard let original = byPath[translation.path.replacing(".zh-CN", with: "")] else { continue }
      violations += differences(translation, from: original)
    }
    return violations
  }

  /// Pages in the folder of `index` to which it has no link.
  static func unlisted(_ documents: [SourceFile], index: SourceFile) -> [Violation] {
    let folder = String(index.path.dropLast("README.md".count))
    let linked = Set(
      index.lines.flatMap(LinkRules.targets).compactMap {
        LinkRules.resolve($0, from: index.path)
      })
    return documents.filter { document in
      document.path.hasPrefix(folder) && document.path != index.path
        && !document.path.dropFirst(folder.count).contains("/") && !linked.contains(document.path)
    }.map {
      Violation(
        file: $0.path, line: 1, what: "a page that \(index.path) does not list",
        why: "nobody finds it", instead: "a line of it in \(index.path)")
    }
  }

  /// Where a translation has other headings, blocks or links than its original.
  static func differences(
    _ translation: SourceFile, from original: SourceFile
  ) -> [Violation] {
    let (ours, theirs) = (Shape(translation), Shape(original))
    let parts: [(String, [String], [String])] = [
      ("levels of headings", ours.headings, theirs.headings),
      ("blocks", ours.blocks, theirs.blocks),
      ("links", ours.links, theirs.links), ("rows of tables", ours.rows, theirs.rows),
    ]
    return parts.compactMap { name, ours, theirs in
      if ours == theirs { return nil }
      let at = zip(ours, theirs).prefix { $0 == $1 }.count
      let (here, there) = (at < ours.count ? ours[at] : "–", at < theirs.count ? theirs[at] : "–")
      return Violation(
        file: translation.path, line: 1,
        what: "other \(name) than \(original.path): the \(at + 1)th is \(here), there \(there)",
        why: "both say the same, in two languages", instead: "the same \(name) in both")
    }
  }

  /// What of a document is the same in every language.
  private struct Shape {
    /// Levels of the headings.
    var headings: [String] = []
    /// Lines of blocks, without comments.
    var blocks: [String] = []
    /// What links lead to, but for links between translations and anchors.
    var links: [String] = []
    /// Number of columns of each row of a table.
    var rows: [String] = []

    init(_ file: SourceFile) {
      var isInBlock = false
      for line in file.lines {
        if line.hasPrefix("```") {
          isInBlock.toggle()
          blocks.append(String(line))
        } else if isInBlock {
          blocks.append(Self.withoutComment(line))
        } else {
          let level = line.prefix { $0 == "#" }
          if !level.isEmpty { headings.append(String(level)) }
          if line.hasPrefix("|") { rows.append("\(line.count { $0 == "|" })") }
          links += LinkRules.targets(line).map { String($0.prefix { $0 != "#" }) }
            .filter { !$0.hasSuffix("README.md") && !$0.hasSuffix("README.zh-CN.md") }
        }
      }
      links.sort()
    }

    private static func withoutComment(_ line: Substring) -> String {
      var code = line
      if let comment = line.firstRange(of: " #") { code = line[..<comment.lowerBound] }
      return String(code.reversed().drop { $0 == " " }.reversed())
    }
  }
}
