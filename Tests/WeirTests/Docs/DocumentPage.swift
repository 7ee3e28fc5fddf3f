import Foundation
import Testing

/// One document: its fenced blocks, and what comments tell the tests to run.
struct DocumentPage: Sendable, CustomTestStringConvertible {
  /// What stands between two fences, or in a comment that begins with `run`.
  struct Block: Sendable {
    enum Kind: Sendable, Equatable {
      /// Commands alone.
      case commands
      /// Commands after `$ `, each with what it prints.
      case session
      /// A file of the session.
      case file(String)
      /// For people alone.
      case other
    }

    var kind: Kind
    /// Number of the first line inside, from 1.
    var firstLine: Int
    var lines: [String]
  }

  /// Path from the project's root.
  var path: String
  var lines: [String]
  var blocks: [Block]

  var testDescription: String { path }

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    blocks = Self.blocks(of: lines)
  }

  private static func blocks(of lines: [String]) -> [Block] {
    var blocks: [Block] = []
    var open: (block: Block, end: String, indent: Int)?
    for (index, line) in lines.enumerated() {
      let text = line.trimmingCharacters(in: .whitespaces)
      let indent = line.prefix { $0 == " " }.count
      if let (block, end, column) = open {
        if text == end {
          blocks.append(block)
          open = nil
        } else {
          open?.block.lines.append(String(line.dropFirst(min(indent, column))))
        }
      } else if text.hasPrefix("```") {
        let fence = String(text.prefix { $0 == "`" })
        let kind = kind(of: text.dropFirst(fence.count).split(separator: " ").map(String.init))
        open = (Block(kind: kind, firstLine: index + 2, lines: []), fence, indent)
      } else if text == "<!-- run" {
        open = (Block(kind: .commands, firstLine: index + 2, lines: []), "-->", indent)
      }
    }
    return blocks
  }

  private static func kind(of words: [String]) -> Block.Kind {
    switch words.first {
    case "sh": .commands
    case "console": .session
    case nil: .other
    default: words.count > 1 ? .file(words[1]) : .other
    }
  }

  /// Lines outside of blocks, as they are; the others empty.
  var prose: [String] {
    var prose = lines
    for block in blocks {
      for line in block.firstLine..<(block.firstLine + block.lines.count) { prose[line - 1] = "" }
    }
    return prose
  }
}

extension DocumentPage {
  /// Every document that tells people what to type.
  static let all: [DocumentPage] = {
    var paths = ["README.md", "CONTRIBUTING.md"]
    for folder in ["docs", "deploy", "Benchmarks", "pipelines"] {
      let files = FileManager.default.enumerator(atPath: Project.root.appending(path: folder).path)
      while let file = files?.nextObject() as? String {
        if file.hasPrefix(".") { files?.skipDescendants() }
        if file.hasSuffix(".md") { paths.append("\(folder)/\(file)") }
      }
    }
    return paths.sorted().compactMap(page)
  }()

  static func page(_ path: String) -> DocumentPage? {
    (try? String(contentsOf: Project.root.appending(path: path), encoding: .utf8))
      .map { DocumentPage(path: path, text: $0) }
  }

  /// Those with something to run; only that of `WEIR_DOCS_PAGE` when it names one.
  static let runnable: [DocumentPage] = {
    let wanted = ProcessInfo.processInfo.environment["WEIR_DOCS_PAGE"]
    return all.filter { page in
      (wanted == nil || wanted == page.path)
        && page.blocks.contains { $0.kind == .commands || $0.kind == .session }
    }
  }()
}
