import Foundation

/// A number that a benchmark found, for the table over all of them.
public struct Figure: Codable, Sendable {
  /// What a number has to be.
  public enum Target: Codable, Sendable {
    case atMost(Double)
    case atLeast(Double)
    /// It is told, and nothing is asked of it.
    case none
  }

  /// Rows of one group stand together in the table.
  public var group: String
  public var name: String
  public var value: Double
  public var unit: String
  public var target: Target

  /// Makes a figure.
  public init(
    _ group: String, _ name: String, _ value: Double, _ unit: String, _ target: Target = .none
  ) {
    self.group = group
    self.name = name
    self.value = value
    self.unit = unit
    self.target = target
  }

  /// Whether it is what it has to be; nil where nothing is asked.
  public var isReached: Bool? {
    switch target {
    case .atMost(let most): value <= most
    case .atLeast(let least): value >= least
    case .none: nil
    }
  }

  /// The value in terms of the target, so that at most 1 is within it for both kinds; nil without
  /// a target.
  public var ratio: Double? {
    switch target {
    case .atMost(let most): value / most
    case .atLeast(let least): least / value
    case .none: nil
    }
  }
}

/// Where figures of several programs come together: a file of JSON lines named by the environment.
public enum Figures {
  /// The variable that names the file; without it figures are only printed by their benchmarks.
  public static let variable = "WEIR_BENCH_FIGURES"

  /// Adds figures to the file, if one is named.
  ///
  /// - Throws: what the file system says.
  public static func note(_ figures: Figure...) throws {
    guard let path = ProcessInfo.processInfo.environment[variable] else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw BenchmarkError("\(path) cannot be written")
    }
    defer { try? file.close() }
    try file.seekToEnd()
    for figure in figures {
      try file.write(contentsOf: encoder.encode(figure) + Data([10]))
    }
  }

  /// All that were noted, in order.
  ///
  /// - Throws: `BenchmarkError` where there are none.
  public static func all() throws -> [Figure] {
    guard let path = ProcessInfo.processInfo.environment[variable],
      let data = FileManager.default.contents(atPath: path)
    else { throw BenchmarkError("\(variable) names no file with figures") }
    return try data.split(separator: 10).map { try JSONDecoder().decode(Figure.self, from: $0) }
  }
}
