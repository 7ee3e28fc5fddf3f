import Testing

/// Each checker finds what it is for, and nothing else.
@Suite("Checkers of the style")
struct CheckerTests {
  private func file(_ text: String, at path: String = "Sources/StreamCore/A.swift") -> SourceFile {
    SourceFile(path: path, text: text)
  }

  // MARK: Scanner

  @Test("code, comments and strings are told apart")
  func scanner() {
    let text = #"let a = "x // \(b("q")) y" /* c /* d */ e */ + f // g"#
    let lines = { (kept: Set<SwiftScanner.Kind>) in
      SwiftScanner(text).lines(keeping: kept).map { String(decoding: $0, as: UTF8.self) }[0]
        .split(separator: " ").joined(separator: " ")
    }
    #expect(lines([.code]) == "let a = (b( )) + f")
    #expect(lines([.comment]) == "/* c /* d */ e */ // g")
    #expect(lines([.string]) == #""x // \ "q" y""#)
  }

  @Test("multiline and raw strings end where they end")
  func scannerOfStrings() {
    let text = "let a = \"\"\"\n  \"b\" // c\n  \"\"\"\nlet d = #\"e \" \\(f) \"#; g"
    let lines = SwiftScanner(text).lines(keeping: [.code]).map { line in
      String(decoding: line, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }
    #expect(lines == ["let a =", "", "", "let d = ; g"])
  }

  // MARK: Imports

  @Test(
    "an import upward, sideways or of another's library is found",
    arguments: [
      ("Sources/StreamCore/A.swift", "import Foundation"),
      ("Sources/StreamCore/A.swift", "import PipelineSpec"),
      ("Sources/StreamCore/A.swift", "@preconcurrency import struct Foundation.Date"),
      ("Sources/KafkaClient/A.swift", "import SnapshotStore"),
      ("Sources/KafkaClient/A.swift", "internal import GRDB"),
      ("Sources/WorkerRuntime/A.swift", "import CRdKafka"),
      ("Sources/weir/A.swift", "import Yams"),
      ("Tests/StreamCoreTests/A.swift", "import GRDB"),
      ("Tests/StyleTests/A.swift", "import StreamCore"),
      ("Sources/Unheard/A.swift", "let a = 1"),
    ])
  func badImport(path: String, line: String) {
    let found = ImportRules.check(file("// first\n" + line, at: path))
    #expect(found.count == 1)
    #expect(found.first?.file == path)
  }

  @Test(
    "an import downward is fine, and so is one in a comment or a string",
    arguments: [
      ("Sources/StreamCore/Decode/A.swift", "import CSimdJSON"),
      ("Sources/SnapshotStore/A.swift", "import Foundation\nimport GRDB\nimport StreamCore"),
      ("Sources/weir/A.swift", "import ArgumentParser\nimport WorkerRuntime"),
      ("Tests/KafkaClientTests/A.swift", "@testable import KafkaClient\nimport CRdKafka"),
      ("Sources/StreamCore/A.swift", "// import Foundation\nlet a = \"import Yams\""),
    ])
  func goodImport(path: String, text: String) {
    #expect(ImportRules.check(file(text, at: path)) == [])
  }

  // MARK: Lengths

  @Test("a file of 400 lines is fine, one of 401 is not")
  func fileLength() {
    let line = "let a = 1\n"
    #expect(LengthRules.checkFile(file(String(repeating: line, count: 400))) == [])
    #expect(LengthRules.checkFile(file(String(repeating: line, count: 401))).first?.line == 401)
  }

  @Test("a line of 100 columns is fine, one of 101 is not, whatever its bytes")
  func lineWidth() {
    let fits = "// " + String(repeating: "北", count: 97)
    #expect(LengthRules.checkWidth(file(fits)) == [])
    #expect(LengthRules.checkWidth(file("let a = 1\n" + fits + "京")).map(\.line) == [2])
    let data = "let a = \"\"\"\n  " + String(repeating: "b", count: 120) + "\n  \"\"\""
    #expect(LengthRules.checkWidth(file(data)) == [])
  }

  @Test("functions are measured by their own braces")
  func functionLengths() {
    let text = """
      struct S {
        var stored = [1].map { $0 }
        var computed: Int {
          1
        }
        init(a: () -> Int = { 1 }) {
          self.init(b: "}")  // }
        }
        func short() { if true { } }
        static func == (a: S, b: S) -> Bool {
          let c = { (d: Int) in
            d
          }
          return c(1) == 1
        }
      }
      protocol P { func required(); var a: Int { get } }
      """
    #expect(
      LengthRules.functions(in: text) == [
        .init(name: "var computed", line: 3, lines: 3),
        .init(name: "init", line: 6, lines: 3),
        .init(name: "func short", line: 9, lines: 1),
        .init(name: "func", line: 10, lines: 6),
        .init(name: "var a", line: 17, lines: 1),
      ])
  }

  @Test("a function of 70 lines is fine, one of 71 is not")
  func functionLength() {
    let function = { (lines: Int) in
      "\nfunc a() {\n" + String(repeating: "  b()\n", count: lines - 2) + "}\n"
    }
    #expect(LengthRules.checkFunctions(file(function(70))) == [])
    #expect(LengthRules.checkFunctions(file(function(71))).map(\.line) == [2])
  }

  // MARK: Bans

  @Test(
    "a banned word is found where it is banned",
    arguments: [
      ("Sources/weir/A.swift", "fatalError(\"no\")"),
      ("Sources/weir/A.swift", "let a = try! b()"),
      ("Tests/WeirTests/A.swift", "let a = b as! C"),
      ("Sources/WorkerRuntime/A.swift", "print(1)"),
      ("Tests/WeirTests/A.swift", "try await Task.sleep(for: .seconds(1))"),
      ("Tests/WeirTests/A.swift", "Thread.sleep(forTimeInterval: 1)"),
      ("Tests/WeirTests/A.swift", "usleep(10)"),
      ("Sources/StreamCore/A.swift", "let now = Date()"),
      ("Sources/StreamCore/A.swift", "let text = \"\\(Date())\""),
      ("Sources/StreamCore/A.swift", "var hasher = Hasher()"),
      ("Sources/PipelineSpec/A.swift", "let a = b.shuffled()"),
      ("Sources/KafkaClient/A.swift", "let a = Int.random(in: 0..<3)"),
      ("Sources/weir/A.swift", "run { [unowned self] in }"),
      ("Sources/weir/A.swift", "// TODO: later"),
      ("Sources/weir/A.swift", "/* FIXME */"),
      ("Sources/weir/A.swift", "let a = \"/home/me/main\""),
      ("Sources/weir/A.swift", "let a = \"/tmp/a.sqlite\""),
      ("docs/A.md", "see /root/a"),
    ])
  func badWord(path: String, text: String) {
    #expect(BanRules.check(file("\n" + text, at: path)).map(\.line) == [2])
  }

  @Test(
    "what only looks like a banned word is fine",
    arguments: [
      ("Sources/weir/A.swift", "print(1)"),
      ("Sources/KafkaClient/A.swift", "debugPrint(1); fingerprint(2)"),
      ("Sources/KafkaClient/A.swift", "let a = Int.random(in: 0..<3, using: &seeded)"),
      ("Sources/KafkaClient/A.swift", "let a = b.shuffled(using: &seeded)"),
      ("Sources/KafkaClient/A.swift", "let a = Date()"),
      ("Sources/StreamCore/A.swift", "let a = b.asDate(); let c = UpDate()"),
      ("Sources/StreamCore/A.swift", "// no fatalError( and no try! here\nlet a = \"try!\""),
      ("Sources/StreamCore/A.swift", "let TODOs = 1"),
      ("Tests/WeirTests/A.swift", "let a = \"Task.sleep(\""),
      ("Sources/StreamCore/A.swift", "let a = b as? C; let d = try? e()"),
    ])
  func goodWord(path: String, text: String) {
    #expect(BanRules.check(file(text, at: path)) == [])
  }

  @Test("each ban has a reason and a replacement")
  func bansExplain() {
    for ban in Ban.all {
      #expect(!ban.why.isEmpty && !ban.instead.isEmpty && !ban.inside.isEmpty)
    }
  }
}
