import Testing

/// The whole project against every rule.
@Suite("Style of the project")
struct StyleTests {
  let tree: SourceTree

  init() throws { tree = try SourceTree.project.get() }

  @Test("every file follows every rule of the house")
  func everyRule() {
    var violations: [Violation] = TreeRules.check(tree)
    let paths = Set(tree.files.map(\.path) + tree.pictures)
    let documents = tree.files.filter { $0.path.hasSuffix(".md") }
    let anchors = Dictionary(
      uniqueKeysWithValues: documents.map { ($0.path, LinkRules.anchors($0)) })
    violations += DocumentRules.check(documents)
    for file in tree.files {
      violations += LinkRules.check(file, paths: paths, anchors: anchors)
      violations += ImportRules.check(file)
      violations += LengthRules.checkFile(file)
      violations += LengthRules.checkWidth(file)
      violations += LengthRules.checkFunctions(file)
      violations += BanRules.check(file)
      violations += DocRules.check(file)
    }
    for fault in Ratchet.judge(violations) { Issue.record("\(fault)") }
  }

  @Test("the tree is the project's: its manifest, its core and these tests are in it")
  func treeIsRead() {
    for path in [
      "Package.swift", "Sources/StreamCore/Time/EventTime.swift",
      "Tests/StyleTests/StyleTests.swift",
    ] {
      #expect(tree.files.contains { $0.path == path }, "\(path) was not read")
    }
    #expect(!tree.files.contains { $0.path.hasPrefix(".build") })
  }
}
