import Foundation
import Testing

/// Runs a document from its beginning to its end, and says what is not as it says.
final class PageRun {
  private let page: DocumentPage
  private let session: PageSession
  private let writes: Bool
  /// Lines of the document to replace, and by what.
  private var replacements: [(lines: Range<Int>, by: [String])] = []
  /// What is not as the document says.
  private(set) var faults: [String] = []

  /// - Parameter writes: whether shown output that is not what is printed is replaced by it.
  init(_ page: DocumentPage, writes: Bool = false) throws {
    self.page = page
    self.writes = writes
    session = try PageSession(page)
  }

  /// Runs every block. After a command that does not end as it must, the rest is not run.
  func run() async throws {
    do {
      for block in page.blocks where try await !run(block) { break }
      for stopped in await session.stop() { check(stopped.command, stopped.outcome) }
      checkPictures()
    } catch let fault as DocumentFault {
      faults.append("\(page.path):\(fault.line): \(fault.what)\n  to do: \(fault.toDo)")
    }
    if writes { try write() }
  }

  private func run(_ block: DocumentPage.Block) async throws -> Bool {
    if case .file(let name) = block.kind { try session.write(block.lines, to: name) }
    for command in try await DocumentCommand.list(block) {
      if command.isComment {
        let stopped = command.isStop ? await session.stop() : []
        if !stopped.allSatisfy({ check($0.command, $0.outcome) }) { return false }
      } else if let program = NotRun.program(in: command.text) {
        faults += try NotRunCheck(page, session.checkout).faults(command, program)
      } else if let arguments = command.staying {
        let (stopped, failure) = try await session.start(command, arguments)
        for stopped in stopped { check(stopped.command, stopped.outcome) }
        if let failure, !check(command, failure, mustGoOn: true) { return false }
      } else if !check(command, try await session.run(command)) {
        return false
      }
    }
    return true
  }

  /// Whether a command has ended as it must; adds faults of that and of its output.
  @discardableResult
  private func check(
    _ command: DocumentCommand, _ outcome: Shell.Outcome, mustGoOn: Bool = false
  ) -> Bool {
    let printed = ShownOutput.lines(outcome.output)
    guard outcome.code == command.exitCode, !mustGoOn else {
      let wanted = mustGoOn ? "it should go on until a signal" : "not \(command.exitCode)"
      faults.append(
        """
        \(place(command)): ended with \(outcome.code), \(wanted)
        \(Self.listing("printed", printed))
          to do: mend the command, or write `# exit code \(outcome.code)` behind it if that is right
        """)
      return false
    }
    guard let lines = command.output else { return true }
    let shown = ShownOutput.trimmed(lines)
    guard let at = ShownOutput.mismatch(shown: shown, printed: printed) else { return true }
    if writes {
      let first = command.line - 1 + command.text.split(separator: "\n").count
      let indent = String(page.lines[command.line - 1].prefix { $0 == " " })
      let new = ShownOutput.merged(shown: shown, printed: printed).map { indent + $0 }
      replacements.append((first..<(first + lines.count), new))
      return true
    }
    let line = at < shown.count ? shown[at] : "(the end)"
    faults.append(
      """
      \(place(command)): prints something else than the page shows
        line \(at + 1) of what is shown is not there: \(line)
      \(Self.listing("printed", printed))
        to do: WEIR_WRITE_DOCS=1 WEIR_DOCS_PAGE=\(page.path) swift test --filter \
      DocumentedCommandsTests writes what is printed; put … where it varies
      """)
    return true
  }

  private func place(_ command: DocumentCommand) -> String {
    "\(page.path):\(command.line): \(command.text)"
  }

  private static func listing(_ name: String, _ lines: [String]) -> String {
    if lines.isEmpty { return "  \(name): nothing" }
    let shown = lines.prefix(60).map { "    \($0)" }
    let more = lines.count > 60 ? ["    … and \(lines.count - 60) lines more"] : []
    return (["  \(name):"] + shown + more).joined(separator: "\n")
  }

  /// Pictures that commands of the page draw must be those that it shows.
  private func checkPictures() {
    let folder = "docs/images"
    let here = Project.root.appending(path: folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: here.path)) ?? []
    for name in names.sorted() {
      let drawn = URL(filePath: session.checkout).appending(path: "\(folder)/\(name)")
      guard let new = try? Data(contentsOf: drawn),
        new != (try? Data(contentsOf: here.appending(path: name)))
      else { continue }
      if writes {
        try? new.write(to: here.appending(path: name))
      } else {
        faults.append(
          "\(page.path): its commands draw another \(folder)/\(name)\n"
            + "  to do: run the command in the project's folder, look at the picture, commit it")
      }
    }
  }

  private func write() throws {
    guard !replacements.isEmpty else { return }
    var lines = page.lines
    for replacement in replacements.sorted(by: { $0.lines.lowerBound > $1.lines.lowerBound }) {
      lines.replaceSubrange(replacement.lines, with: replacement.by)
    }
    try lines.joined(separator: "\n").write(
      to: Project.root.appending(path: page.path), atomically: true, encoding: .utf8)
  }
}

/// What can be seen of a command without running it.
struct NotRunCheck {
  private let page: DocumentPage
  private let checkout: String

  init(_ page: DocumentPage, _ checkout: String) {
    self.page = page
    self.checkout = checkout
  }

  /// Targets of `make` and files of the project that are not there.
  func faults(_ command: DocumentCommand, _ program: String) throws -> [String] {
    let makefile = try String(
      contentsOf: Project.root.appending(path: "Makefile"), encoding: .utf8)
    var faults: [String] = []
    for words in ShellText.commands(command.text) {
      for word in words.dropFirst() where Self.isOfProject(word) && !exists(word) {
        faults.append("there is no \(word)")
      }
      if ShellText.program(words) == "make", !words.contains("-C") {
        for word in words.drop(while: { $0 != "make" }).dropFirst()
        where !word.contains("=") && !word.hasPrefix("-") && !makefile.contains("\n\(word):") {
          faults.append("the Makefile has no target \(word)")
        }
      }
    }
    return faults.map {
      "\(page.path):\(command.line): \(command.text): \($0)\n"
        + "  to do: name what is there (\(program) is not run by tests, only looked at)"
    }
  }

  private static func isOfProject(_ word: String) -> Bool {
    let folders = [
      "deploy/", "docs/", "pipelines/", "scripts/", "Sources/", "Tests/", "Benchmarks/",
    ]
    return folders.contains { word.hasPrefix($0) } && !word.contains(/[*?$<>{}:]|\.build/)
  }

  private func exists(_ word: String) -> Bool {
    let files = FileManager.default
    return files.fileExists(atPath: checkout + "/" + word)
      || files.fileExists(atPath: Project.root.appending(path: word).path)
  }
}
