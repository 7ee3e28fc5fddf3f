import Foundation

/// One command of a document, with what the document says of it.
struct DocumentCommand {
  var text: String
  /// Its first line in the document, from 1.
  var line: Int
  /// What it must end with.
  var exitCode: Int32
  /// What the document shows of its output, from the line after the command; nil where it shows no
  /// output, as in blocks of commands alone.
  var output: [String]?

  /// The commands of a block. What is no command: empty lines and comments.
  ///
  /// - Throws: `DocumentFault` of text that no shell understands.
  static func list(_ block: DocumentPage.Block) async throws -> [DocumentCommand] {
    switch block.kind {
    case .commands: try await commands(block)
    case .session: try await session(block)
    case .file, .other: []
    }
  }

  private static func commands(_ block: DocumentPage.Block) async throws -> [DocumentCommand] {
    var commands: [DocumentCommand] = []
    var at = 0
    while at < block.lines.count {
      if block.lines[at].trimmingCharacters(in: .whitespaces).isEmpty {
        at += 1
        continue
      }
      let (text, next) = try await command(block.lines, from: at, block)
      commands.append(make(text, block.firstLine + at, output: nil))
      at = next
    }
    return commands
  }

  private static func session(_ block: DocumentPage.Block) async throws -> [DocumentCommand] {
    var commands: [DocumentCommand] = []
    var at = 0
    while at < block.lines.count {
      guard block.lines[at].hasPrefix("$ ") else {
        throw DocumentFault(
          line: block.firstLine + at, what: "output without a command",
          toDo: "begin a console block with `$ ` and the command, or label it text")
      }
      var lines = block.lines
      lines[at] = String(lines[at].dropFirst(2))
      let (text, next) = try await command(lines, from: at, block)
      let output = lines[next...].prefix { !$0.hasPrefix("$ ") }
      commands.append(make(text, block.firstLine + at, output: Array(output)))
      at = next + output.count
    }
    return commands
  }

  /// As many lines as make a command, and where the next one begins.
  private static func command(
    _ lines: [String], from: Int, _ block: DocumentPage.Block
  ) async throws -> (String, Int) {
    for end in (from + 1)...lines.count {
      let text = lines[from..<end].joined(separator: "\n")
      if text.hasSuffix("\\") { continue }
      // A here-document that does not end is a warning alone.
      let check = try await Shell.run("bash -n", input: text)
      if check.code == 0, check.output.isEmpty { return (text, end) }
    }
    throw DocumentFault(
      line: block.firstLine + from, what: "no command: \(lines[from])",
      toDo: "write what bash understands, or label the block text")
  }

  private static func make(_ text: String, _ line: Int, output: [String]?) -> DocumentCommand {
    let code = text.firstMatch(of: /# exit code ([0-9]+)/).flatMap { Int32($0.output.1) }
    return DocumentCommand(text: text, line: line, exitCode: code ?? 0, output: output)
  }

  /// Whether it is a comment alone.
  var isComment: Bool {
    text.split(separator: "\n").allSatisfy {
      $0.trimmingCharacters(in: .whitespaces).hasPrefix("#")
    }
  }

  /// Whether it is the comment that stops what goes on.
  var isStop: Bool { isComment && text.contains(/^# *(stop|Ctrl-C)/) }

  /// The arguments of `weir` where that is all that it is and it goes on until a signal.
  var staying: [String]? {
    guard let words = ShellText.simple(text), let at = words.firstIndex(where: ShellText.isWeir),
      words[..<at].allSatisfy({ $0.contains("=") }), words.count > at + 1
    else { return nil }
    let arguments = Array(words[(at + 1)...])
    let ends: [String: [String]] = [
      "run": ["--until-end", "--input", "--help"], "serve": ["--help"],
      "demo": ["--for", "--help"],
    ]
    guard let enders = ends[arguments[0]], !arguments.contains(where: enders.contains) else {
      return nil
    }
    return arguments
  }
}

/// A document that cannot be run as it is.
struct DocumentFault: Error {
  var line: Int
  var what: String
  var toDo: String
}
