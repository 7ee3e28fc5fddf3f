/// What the last table of `weir run` says.
public struct RunOutput {
  private let lines: [Substring]

  /// Reads the output of a run.
  public init(_ output: String) { lines = output.split(separator: "\n") }

  /// What stands behind a mark at the beginning of a line; nil without such a line.
  public func line(of mark: String) -> String? {
    lines.first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
  }

  /// The number before or after a word of a line, as in `p99 3.2 ms` (after) or `12.0%` (before).
  private func number(after word: String, in line: String?) -> Double? {
    guard let line, let range = line.range(of: word + " ") else { return nil }
    return Double(line[range.upperBound...].prefix { $0.isNumber || $0 == "." })
  }

  /// Milliseconds for which a lane stood still: one of `p50`, `p99`, `longest`.
  public func pauseMs(_ which: String) -> Double? {
    number(after: which, in: line(of: "pauses   "))
  }

  /// Which part of the time went by while state was saved, in per cent.
  public var statePercent: Double? {
    line(of: "state    ")?.split(separator: " ").first { $0.hasSuffix("%") }
      .flatMap { Double($0.dropLast()) }
  }

  /// How often state was saved.
  public var stateSaves: Double? { number(after: "saved", in: line(of: "state    ")) }

  /// Milliseconds from the opening of the files until events that are new were taken.
  public var readyMs: Double? { number(after: "after", in: line(of: "ready    ")) }

  /// Events that were applied in all.
  public var applied: Double? { number(after: "applied", in: line(of: "read ").map { " " + $0 }) }
}
