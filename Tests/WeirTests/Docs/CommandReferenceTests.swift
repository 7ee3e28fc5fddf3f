import Foundation
import Testing

/// The documents and the parser know the same commands and options.
@Suite struct CommandReferenceTests {
  @Test func `docs/commands.md is what the parser knows`() async throws {
    let url = Project.root.appending(path: "docs/commands.md")
    let made = CommandReference(tree: try await CommandTree.read()).markdown
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCS"] != nil {
      try Data(made.utf8).write(to: url)
    }
    let committed = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    #expect(
      committed == made,
      "make it again: WEIR_WRITE_DOCS=1 swift test --filter CommandReferenceTests")
  }

  @Test func `Every command of the program has an example in its help, of options that it has`()
    async throws
  {
    let tree = try await CommandTree.read()
    for command in tree.children {
      #expect(
        command.discussion?.contains("EXAMPLES\n  weir \(command.commandName)") == true,
        "weir \(command.commandName) --help shows no example of it")
    }
    #expect(tree.children.count > 10)
  }

  @Test func `Documents name only commands and options that there are`() async throws {
    let tree = try await CommandTree.read()
    var count = 0
    var pages = DocumentPage.all
    if let page = DocumentPage.page("README.zh-CN.md") { pages.append(page) }
    for page in pages {
      for (line, words) in CommandMentions.list(page) {
        count += 1
        if let fault = tree.fault(in: words) {
          Issue.record(
            """
            \(page.path):\(line): \(words.joined(separator: " ")): \(fault)
              to do: write what `weir help` knows
            """)
        }
      }
      for (line, flag) in CommandMentions.lonelyFlags(page) where !tree.allFlags.contains(flag) {
        Issue.record("\(page.path):\(line): no command of weir has the option \(flag)")
      }
    }
    #expect(count > 100, "only \(count) mentions of commands were found")
  }

  @Test(arguments: [
    ("weir run a.yaml --data x --until-end", nil),
    ("weir run a.yaml --dta x", "weir run has no option --dta"),
    ("weir rnu a.yaml", "there is no command weir rnu"),
    ("weir alerts lst a", "there is no command weir alerts lst"),
    ("weir alerts list FILE --json", nil), ("weir --version", nil), ("weir COMMAND --help", nil),
  ])
  func `What the parser does not know is found`(_ text: String, _ fault: String?) async throws {
    let words = text.split(separator: " ").map(String.init)
    #expect(try await CommandTree.read().fault(in: words) == fault)
  }
}

/// Where documents speak of commands.
enum CommandMentions {
  /// The words of each command line of `weir`, in blocks and in code within a line.
  static func list(_ page: DocumentPage) -> [(line: Int, words: [String])] {
    var mentions: [(Int, [String])] = []
    for block in page.blocks {
      if case .file = block.kind { continue }
      var start = block.firstLine
      var text = ""
      for (index, line) in block.lines.enumerated() {
        if text.isEmpty { start = block.firstLine + index }
        text += line
        if line.hasSuffix("\\") {
          text = text.dropLast() + " "
          continue
        }
        let line = text.trimmingCharacters(in: .whitespaces)
        if line.hasPrefix("$ ") || line.hasPrefix("weir ") || block.kind == .commands {
          let command = line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line
          mentions += words(of: command).map { (start, $0) }
        }
        text = ""
      }
    }
    for (index, line) in page.prose.enumerated() {
      for code in line.matches(of: /`(weir [^`]+)`/) {
        mentions += words(of: String(code.output.1)).map { (index + 1, $0) }
      }
    }
    return mentions
  }

  private static func words(of text: String) -> [[String]] {
    ShellText.commands(text.replacing(#/ {2,}.*$/#, with: "")).compactMap { words in
      words.firstIndex { $0 == "weir" }.map { Array(words[$0...]) }
    }
  }

  /// Options that stand in code by themselves.
  static func lonelyFlags(_ page: DocumentPage) -> [(line: Int, flag: String)] {
    guard page.path.hasPrefix("docs/") || page.path.hasPrefix("README") else { return [] }
    return page.prose.enumerated().flatMap { index, line in
      line.matches(of: /`(--[a-z][a-z-]+)[^`]*`/).map { (index + 1, String($0.output.1)) }
    }
  }
}
