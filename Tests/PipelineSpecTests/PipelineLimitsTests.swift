import StreamTestKit
import Testing

@testable import PipelineSpec

/// Files that would be too much: refused, never a crash, and soon.
@Suite struct PipelineLimitsTests {
  private func codes(_ text: String) -> [String] {
    do throws(PipelineFaults) {
      _ = try Pipeline.parse(text: text, file: "a.yaml", environment: [:])
      return []
    } catch {
      return error.faults.map(\.code)
    }
  }

  @Test func `A file of ten megabytes is refused`() {
    #expect(codes(String(repeating: "a: b\n", count: 2_000_000)) == ["file-too-large"])
  }

  @Test func `More metrics than the limit are refused, and so is a file of nothing right`() {
    let metrics = (0...1_000).map { "  m\($0): {count: true, every: 1h}\n" }.joined()
    #expect(
      codes("name: a\nsource: {format: segment}\nmetrics:\n" + metrics) == ["too-many-entries"])
    let keys = (0..<40_000).map { "option_\($0): 1\n" }.joined()
    #expect(codes(keys).count == FaultCollector.limit)
  }

  @Test func `More stages of users than records have bits for are refused, and no fewer`() {
    let text = { (lifecycles: Int) in
      """
      name: a
      source: {format: segment}
      funnels:
      \((0..<20).map { "  f\($0): {steps: [a, b], within: 1d}" }.joined(separator: "\n"))
      retention:
      \((0..<20).map { "  r\($0): {}" }.joined(separator: "\n"))
      sessions:
      \((0..<20).map { "  s\($0): {}" }.joined(separator: "\n"))
      lifecycle:
      \((0..<lifecycles).map { "  l\($0): {}" }.joined(separator: "\n"))
      """
    }
    #expect(codes(text(3)).isEmpty)
    #expect(codes(text(4)) == ["too-many-stages"])
  }

  @Test(arguments: [65, 900, 5_000, 200_000])
  func `Deep nesting is refused`(depth: Int) {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
      let text =
        "name: a\nx: "
        + (open == "- " ? "\n" : "") + String(repeating: open, count: depth)
        + "b" + String(repeating: close, count: depth)
      let found = codes(text)
      #expect(found.contains("too-deep") || found.contains("bad-yaml"), "\(depth) of \(open)")
    }
    let indented = (0..<min(depth, 1_300)).map { String(repeating: " ", count: $0) + "a:\n" }
    let found = codes(indented.joined())
    #expect(!found.isEmpty)
  }

  @Test func `Aliases that grow without end are refused`() {
    var text = "name: a\nx0: &x0 [b, b]\n"
    for level in 1...60 { text += "x\(level): &x\(level) [*x\(level - 1), *x\(level - 1)]\n" }
    #expect(codes(text).contains("too-many-nodes"))
  }

  @Test func `Aliases in keys that grow without end are refused`() {
    var text = "x0: &x0 [b, b]\n"
    for level in 1...60 { text += "x\(level): &x\(level) [*x\(level - 1), *x\(level - 1)]\n" }
    for key in ["*x60 : 1", "? *x60\n: 1", "[*x60]: 1", "? - *x60\n: 1", "{*x60 : 1}"] {
      #expect(codes(text + key) == ["too-many-aliases"], "\(key)")
    }
  }

  @Test func `Anchors, aliases and merges of honest size work`() throws {
    let pipeline = try Pipeline.parse(
      text: """
        name: shared
        source: {format: segment}
        x-hourly: &hourly {every: 1h, by: [city]}
        x-buy: &buy 'event == "purchase"'
        metrics:
          a: {<<: *hourly, count: true, where: *buy}
          b: {<<: [*hourly], every: 1d, count: true}
        """, file: "a.yaml")
    #expect(
      pipeline.plan.metrics.map { WindowText.length($0.window.size, $0.window.unit) } == [
        "1h", "1d",
      ])
    #expect(pipeline.plan.metrics.map(\.dimensions.count) == [1, 1])
  }

  @Test func `Whatever becomes of a right file, it is read or refused`() throws {
    var good = try Files.yaml(in: Files.root.appending(path: "pipelines")).map(Files.text)
    good += try Files.yaml(in: Files.bad).map(Files.text)
    let pieces = [
      "{", "}", "[", "]", ":", "- ", "&a ", "*a", "<<: ", "!", "!!str ", "|", ">", "'", "\"", "#",
      "\n", "  ", "\t", "${", "}", "${A}", "null", "~", "---", "...", "? ", "%YAML 9", "\u{0}",
      "\u{FEFF}", "北", "\\", "\\u12", "every: ", "1d", "-1", "1e999", "formula: ", "by: ", "\r\n",
    ].map { Array($0.utf8) }
    withSeeds(1...4) { _, generator in
      for _ in 0..<250 {
        var bytes = Array(generator.pick(good).utf8)
        for _ in 0..<generator.whole(1...4) where !bytes.isEmpty {
          let place = Int(generator.whole(0...Int64(bytes.count - 1)))
          switch generator.whole(0...4) {
          case 0: bytes.insert(contentsOf: generator.pick(pieces), at: place)
          case 1: bytes.remove(at: place)
          case 2: bytes[place] = UInt8(truncatingIfNeeded: generator.whole(1...255))
          case 3: bytes.removeSubrange(place..<min(bytes.count, place + 40))
          default:
            let other = Array(generator.pick(good).utf8)
            let start = Int(generator.whole(0...Int64(other.count - 1)))
            bytes.insert(contentsOf: other[start...].prefix(60), at: place)
          }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(PipelineFaults) {
          let plan = try Pipeline.parse(text: text, file: "a.yaml", environment: [:]).plan
          for source in plan.sources { #expect(source.fields.count == plan.fields.count) }
          #expect(!plan.name.isEmpty)
        } catch {
          let lines = bytes.count(where: { $0 == 0x0A }) + 2
          for fault in error.faults {
            #expect(fault.line >= 1 && fault.line <= lines && fault.column >= 1, "\(fault)")
          }
          #expect(!error.faults.isEmpty)
        }
      }
    }
  }
}
