import Foundation
import PipelineSpec
import Testing

@Suite struct PipelineReferenceTests {
  @Test func `docs/pipeline.md is what the options declare`() throws {
    let url = Files.root.appending(path: "docs/pipeline.md")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCS"] != nil {
      try Data(PipelineReference.markdown().utf8).write(to: url)
    }
    let committed = (try? Files.text(url)) ?? ""
    #expect(
      committed == PipelineReference.markdown(),
      "make it again: WEIR_WRITE_DOCS=1 swift test --filter PipelineReferenceTests")
  }

  @Test func `The page has what options declare`() {
    let page = PipelineReference.markdown()
    #expect(page.contains("| `lateness` | a duration, 0s to 400d | `1m` |"))
    #expect(page.contains("## source.kafka"))
    #expect(page.contains("| `posthog` |"))
    #expect(page.contains("## backup") && page.contains("## archive"))
  }
}
