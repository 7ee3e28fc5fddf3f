import StreamCore

/// Runs the tests inside a pipeline file.
public enum PipelineTestRunner {
  /// What became of one test.
  public struct Outcome: Sendable, Equatable {
    /// Name of the test.
    public var name: String
    /// Line of the file that the test begins in, from 1.
    public var line: Int
    /// What does not hold, a sentence for each; none when the test passes.
    public var mismatches: [String]

    /// Whether everything expected holds.
    public var isPassed: Bool { mismatches.isEmpty }
  }

  /// Runs every test of `pipeline` by itself, in the order of the file.
  ///
  /// - Complexity: O(events of all tests).
  public static func run(_ pipeline: Pipeline) throws(CodecError) -> [Outcome] {
    var outcomes: [Outcome] = []
    for test in pipeline.tests { outcomes.append(try run(test, of: pipeline.plan)) }
    return outcomes
  }

  /// Reads the events of `test` in their order as one partition of each source, ends the input,
  /// and compares.
  public static func run(
    _ test: PipelineTest, of plan: PipelinePlan
  ) throws(CodecError) -> Outcome {
    var outcome = Outcome(name: test.name, line: test.line, mismatches: [])
    guard let index = plan.sources.firstIndex(where: { $0.name == test.source }) else {
      outcome.mismatches = ["there is no source \(test.source)"]
      return outcome
    }
    var plan = plan
    var events = test.events[...]
    if case .csv(var format) = plan.sources[index].format, format.header == nil {
      guard let header = events.popFirst().flatMap({ columns(of: $0, format) }) else {
        outcome.mismatches = ["the first event does not hold the names of the columns"]
        return outcome
      }
      format.header = header
      plan.sources[index].format = .csv(format)
    }
    for threshold in test.thresholds { plan.set(threshold) }
    let driver = try PipelineDriver(plan)
    let push = { (events: [String], index: Int) in
      driver.push(
        events.map { (payload: Array($0.utf8), timestampMs: Int64?.none) }, to: index)
    }
    push(Array(events), index)
    for (source, events) in test.others {
      if let index = plan.sources.firstIndex(where: { $0.name == source }) { push(events, index) }
    }
    driver.close()
    outcome.mismatches = test.expected.mismatches(in: driver.tables.rows, fates: driver.fates)
    return outcome
  }

  private static func columns(of row: String, _ format: CSVFormat) -> [String]? {
    let cells = Array(row.utf8).withUnsafeBytes {
      CSVSplitter.cells(in: $0, format: format.ofHeader)
    }
    guard let cells, !cells.isEmpty else { return nil }
    return cells.map { cell in
      let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
      let scalars = cell.unicodeScalars
      guard let first = scalars.firstIndex(where: { !isBlank($0) }),
        let last = scalars.lastIndex(where: { !isBlank($0) })
      else { return "" }
      return String(scalars[first...last])
    }
  }
}

extension PipelinePlan {
  /// Gives a threshold another value, in every series.
  mutating func set(_ threshold: PipelineTest.ThresholdValue) {
    for index in alerts.indices where alerts[index].name == threshold.rule {
      alerts[index].thresholds.set(threshold)
    }
    for index in risks.indices where risks[index].name == threshold.rule {
      risks[index].thresholds.set(threshold)
    }
  }
}

extension [ThresholdPlan] {
  fileprivate mutating func set(_ threshold: PipelineTest.ThresholdValue) {
    for index in indices where self[index].name == threshold.name {
      self[index].standard = threshold.value
      self[index].byDimensions = []
    }
  }
}
