import Testing

@Suite("Checkers of docstrings, files and exceptions")
struct TreeCheckerTests {
  // MARK: Docstrings

  @Test(
    "a public declaration without a docstring is found",
    arguments: [
      "public func a() {}", "public struct A {}", "  public var a = 1", "public final class A {}",
      "@frozen public enum A {}", "@inlinable\npublic init() {}",
      "public private(set) var a = 1", "public static func a() {}", "// plain\npublic let a = 1",
      "open class A {}", "public class func a() {}", "public subscript(a: Int) -> Int { a }",
      "/// of another\n\npublic var a = 1",
    ])
  func undocumented(text: String) {
    let file = SourceFile(path: "Sources/StreamCore/A.swift", text: text)
    #expect(DocRules.check(file).count == 1)
  }

  @Test(
    "a docstring, a plain name and a protocol's own names are fine",
    arguments: [
      "/// Does it.\npublic func a() {}", "/// It.\n@frozen\npublic struct A {}",
      "func a() {}", "public static func == (a: A, b: A) -> Bool { true }",
      "public static func < (a: A, b: A) -> Bool { true }",
      "public var description: String { a }", "public func hash(into hasher: inout Hasher) {}",
      "public override func a() {}", "let a = \"public func b()\"", "public extension A {}",
      "public import StreamCore", "/** It. */\npublic var a = 1",
    ])
  func documented(text: String) {
    let file = SourceFile(path: "Sources/StreamCore/A.swift", text: text)
    #expect(DocRules.check(file) == [])
  }

  // MARK: Files

  private let manifest = """
    // .target(name: "Ghost")
    let package = Package(name: "p", targets: [
      .systemLibrary(name: "CA", pkgConfig: "a"),
      .target(name: "A", dependencies: ["CA"]),
      .executableTarget(
        name: "b"),
      .target(name: "Kit", path: "Tests/Kit"), .testTarget(name: "ATests"),
    ])
    """

  @Test("a manifest's targets have folders")
  func folders() {
    #expect(
      TreeRules.targetFolders(manifest: manifest)
        == ["Sources/CA", "Sources/A", "Sources/b", "Tests/Kit", "Tests/ATests"])
  }

  @Test("a file that nothing builds and a placeholder that is not needed are found")
  func deadFiles() {
    let tree = SourceTree(
      files: [
        ("Package.swift", manifest), ("Sources/A/Deep/Er.swift", ""), ("Sources/b/main.swift", ""),
        ("Sources/Ghost/A.swift", ""), ("Stray.swift", ""), ("Tests/Kit/K.swift", ""),
        ("Tests/ATests/Placeholder.swift", ""), ("Sources/A/Placeholder.swift", ""),
        ("Sources/A2/A.swift", ""),
      ].map { SourceFile(path: $0.0, text: $0.1) })
    #expect(
      TreeRules.check(tree).map(\.file) == [
        "Sources/Ghost/A.swift", "Stray.swift", "Sources/A/Placeholder.swift",
        "Sources/A2/A.swift",
      ])
  }

  // MARK: Links

  @Test("a link to nothing is found; addresses, anchors, files and folders are fine")
  func links() {
    let text = """
      [a](a.md) and [b](../b/c.swift#d), [e](https://example.com), [f](#f)
      [folder](../b) [gone](gone.md) [up](../../README.md)
      """
    let paths: Set = ["docs/x/a.md", "docs/b/c.swift", "README.md"]
    let found = LinkRules.check(SourceFile(path: "docs/x/y.md", text: text), paths: paths)
    #expect(found.map(\.what) == ["a link to gone.md"])
    #expect(found.map(\.line) == [2])
  }

  // MARK: Exceptions

  @Test("an exception covers as many faults as it names and goes when they do")
  func ratchet() {
    let faults = [1, 2].map {
      Violation(file: "a", line: $0, what: "w", why: "y", instead: "i")
    }
    #expect(Ratchet.judge(faults, allowed: ["a": 2]) == [])
    #expect(
      Ratchet.judge(faults, allowed: ["a": 1]) == [
        "a:1: w: y; instead: i", "a:2: w: y; instead: i",
      ])
    #expect(Ratchet.judge(faults, allowed: ["a": 3]).count == 1)
    #expect(Ratchet.judge([], allowed: ["b": 1]).count == 1)
  }
}
