import PipelineSpec
import StreamCore
import WorkerRuntime

/// What files of real events say about the paths of a pipeline.
struct SampleReport: Encodable {
  /// One path of a field.
  struct Path: Encodable, Equatable {
    var field: String
    var path: String
    /// Events that have it.
    var found: Int
    /// Types seen, sorted.
    var types: [String]
    /// What was probably meant, of a path that was never found.
    var nearest: String?
    /// Whether no event had the field by any of its paths.
    var isMissing: Bool

    enum CodingKeys: String, CodingKey {
      case field, path, found, types, nearest
      case isMissing = "missing"
    }
  }

  /// One part of a stage that follows users.
  struct Match: Encodable, Equatable {
    var stage: String
    var part: String
    /// Events that it takes; nil where a sample cannot say.
    var matched: Int?
    /// What was probably meant, of a step that never matched.
    var nearest: String?
  }

  /// Events that could be read.
  private(set) var events = 0
  /// Records that are not what the format says.
  private(set) var unreadable = 0
  /// In the order of the plan.
  private(set) var paths: [Path] = []
  /// In the order of the plan.
  private(set) var matches: [Match] = []

  /// Reads up to `limit` events of each of `files` as events of `source`.
  ///
  /// - Throws: `InputErrors`, `InputError`.
  init(plan: PipelinePlan, source: SourcePlan, files: [String], limit: Int64) throws {
    for path in try InputFiles.checked(files) {
      let file = try RecordFile(path: path, source: source)
      // What the file is decides, as in a run: a pipeline on JSON reads a CSV export as well.
      var read = plan
      read.sources = [source]
      read.sources[0].format = file.format
      let check = SampleCheck(plan: read)
      var left = limit
      while left > 0 {
        let count = try file.nextBatch(max: Int(min(left, 1024))) { batch in
          for message in batch {
            let bytes = UnsafeRawBufferPointer(
              start: message.payload, count: Int(message.payloadCount))
            check.add(Array(bytes))
          }
        }
        if count == 0 { break }
        left -= Int64(count)
      }
      add(check)
    }
    let found = Set(paths.filter { $0.found > 0 }.map(\.field))
    for index in paths.indices {
      paths[index].isMissing = !found.contains(paths[index].field)
      if paths[index].found > 0 { paths[index].nearest = nil }
    }
    for index in matches.indices where matches[index].matched ?? 0 > 0 {
      matches[index].nearest = nil
    }
  }

  private mutating func add(_ check: SampleCheck) {
    events += check.events
    unreadable += check.unreadable
    for (index, finding) in check.findings().enumerated() {
      guard index < paths.count else {
        paths.append(
          Path(
            field: finding.field, path: finding.path, found: finding.found, types: finding.types,
            nearest: finding.nearest, isMissing: false))
        continue
      }
      paths[index].found += finding.found
      paths[index].types = Set(paths[index].types + finding.types).sorted()
      paths[index].nearest = paths[index].nearest ?? finding.nearest
    }
    for (index, match) in check.matches().enumerated() {
      guard index < matches.count else {
        matches.append(
          Match(
            stage: match.stage, part: match.part, matched: match.matched, nearest: match.nearest))
        continue
      }
      if let more = match.matched { matches[index].matched = (matches[index].matched ?? 0) + more }
      matches[index].nearest = matches[index].nearest ?? match.nearest
    }
  }

  /// Whether there were events, and every field was in some of them.
  var isRight: Bool { events > 0 && !paths.contains(where: \.isMissing) }

  /// A table, and what to make of it.
  var text: String {
    var table = TextTable([
      ("field", .left), ("path", .left), ("found", .right), ("types", .left), ("", .left),
    ])
    for path in paths {
      let hint = path.nearest.map { "did you mean \($0)?" }
      let remark = path.isMissing ? "never found" + (hint.map { "; \($0)" } ?? "") : ""
      table.add([
        path.field, path.path, Terminal.grouped(Int64(path.found)),
        path.types.joined(separator: ", "), remark,
      ])
    }
    var text = table.isEmpty ? "" : table.text() + "\n"
    text += matchesText
    text += "sample: \(Terminal.count(Int64(events), "event"))"
    if unreadable > 0 {
      text += ", \(Terminal.count(Int64(unreadable), "record")) of another format"
    }
    let missing = Set(paths.filter(\.isMissing).map(\.field)).count
    if missing > 0 { text += ", \(Terminal.count(Int64(missing), "field")) never found" }
    return text + "\n"
  }

  /// How many events the stages that follow users take, where there are such stages.
  private var matchesText: String {
    var table = TextTable([("stage", .left), ("part", .left), ("events", .right), ("", .left)])
    for match in matches {
      let hint = match.nearest.map { "; did you mean \($0)?" } ?? ""
      table.add([
        match.stage, match.part, match.matched.map { Terminal.grouped(Int64($0)) } ?? "",
        match.matched == nil ? "reads traits" : match.matched == 0 ? "never" + hint : "",
      ])
    }
    return table.isEmpty ? "" : table.text() + "\n"
  }
}
