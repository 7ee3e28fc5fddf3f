import Foundation
import PipelineSpec
import Testing

/// Files of `Bad/` begin with a comment line for each expected message, without the file's name:
/// `# 3:1 error[unknown-option] …`. All of them have to come, and no others.
@Suite struct BadPipelineTests {
  static let files = (try? Files.yaml(in: Files.bad)) ?? []

  @Test func `There are bad pipelines to refuse`() { #expect(Self.files.count >= 20) }

  @Test(arguments: files) func `A bad pipeline is refused with every fault`(_ file: URL) throws {
    let text = try Files.text(file)
    let expected = text.split(separator: "\n").prefix { $0.hasPrefix("# ") }
      .map { "\(file.lastPathComponent):\($0.dropFirst(2))" }
    #expect(!expected.isEmpty)
    do throws(PipelineFaults) {
      _ = try Pipeline.parse(text: text, file: file.lastPathComponent, environment: [:])
      Issue.record("\(file.lastPathComponent) was accepted")
    } catch {
      #expect(error.faults.map(\.description) == expected)
    }
  }
}
