import Foundation
import Testing

/// Every command line of the documents is run, a page as one session; what a page shows of its
/// output is what is printed. CONTRIBUTING.md says how pages are written for this.
@Suite(.serialized) struct DocumentedCommandsTests {
  @Test(arguments: DocumentPage.runnable)
  func `What a page tells people to type does what it says`(_ page: DocumentPage) async throws {
    let writes = ProcessInfo.processInfo.environment["WEIR_WRITE_DOCS"] != nil
    let run = try PageRun(page, writes: writes)
    try await run.run()
    for fault in run.faults { Issue.record("\(fault)") }
  }

  @Test func `No command hides in a block that is not run`() {
    for page in DocumentPage.all {
      for block in page.blocks where block.kind == .other {
        for (index, line) in block.lines.enumerated()
        where line.hasPrefix("$ ") || line.hasPrefix("weir ") {
          Issue.record(
            """
            \(page.path):\(block.firstLine + index): \(line)
              to do: label the block sh (commands alone) or console (`$ ` and output), that it be run
            """)
        }
      }
    }
  }

  @Test func `There are pages, and the README is one of them`() {
    #expect(DocumentPage.all.contains { $0.path == "README.md" && $0.blocks.count > 3 })
    #expect(DocumentPage.all.count > 10)
  }
}

/// The house that documents are tested in.
@Suite struct DocumentHouseTests {
  private func run(_ text: String) async throws -> [String] {
    let run = try PageRun(DocumentPage(path: "page.md", text: text))
    try await run.run()
    return run.faults
  }

  @Test func `A page is one session: folders, variables and files go on`() async throws {
    let faults = try await run(
      """
      ```sh
      mkdir -p a/b && cd a/b
      name=weir; export OTHER=$name
      cat > c.txt <<END
      one
      END
      ```
      ```text
      weird
      ```
      ```yaml d/e.yaml
      name: other
      ```
      <!-- run
      echo two >> c.txt
      -->
      ```console
      $ cat c.txt && echo "$name" \\
          $OTHER
      one
      …
      we…r weir
      $ cat ../../d/e.yaml /etc/weir/none    # exit code 1
      name: other
      cat: /etc/weir/none: No such file or directory
      ```
      """)
    #expect(faults.isEmpty, "\(faults)")
  }

  @Test(arguments: [
    ("```sh\ntrue\nfalse\n```", "page.md:3: false: ended with 1, not 0"),
    ("```sh\ntrue # exit code 2\n```", "ended with 0, not 2"),
    ("```console\n$ echo a\nb\n```", "is not there: b"),
    ("```console\n$ echo a; echo b\na\n```", "is not there: (the end)"),
    ("```console\n$ true\na\n```", "is not there: a"),
    ("```console\noutput\n```", "output without a command"),
    ("```sh\nfi\n```", "no command: fi"),
    ("```sh\nmake tests\n```", "the Makefile has no target tests"),
    ("```sh\nmake test && docker build -f deploy/None .\n```", "there is no deploy/None"),
    ("```sh\nweir run pipelines/none.yaml\n```", "it should go on until a signal"),
  ])
  func `What is not as a page says is found`(_ text: String, _ fault: String) async throws {
    let faults = try await run(text)
    #expect(faults.count == 1 && faults[0].contains(fault), "\(faults)")
  }

  @Test(arguments: [
    ("a…c", "abbc", true), ("a…c", "ac", true), ("a…c", "acb", false), ("…", "", true),
    ("a … b … c", "a 1 b 2 c", true), ("a … b … c", "a 1 c", false), ("ab", "abc", false),
  ])
  func `An ellipsis stands for any text`(_ shown: String, _ printed: String, _ isRight: Bool) {
    #expect(ShownOutput.matches(shown, printed) == isRight)
  }

  @Test func `Programs are found behind what calls them`() {
    let text = "A=1 sudo -u weir env B='x|y' weir run a.yaml 2>&1 | head -1 # | docker"
    #expect(ShellText.commands(text).compactMap(ShellText.program) == ["weir", "head"])
    #expect(NotRun.program(in: "cd deploy && sudo docker compose up") == "docker")
    #expect(NotRun.program(in: "echo docker") == nil)
  }
}
