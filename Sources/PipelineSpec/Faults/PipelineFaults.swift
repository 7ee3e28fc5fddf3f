/// Everything that is wrong with one pipeline file.
public struct PipelineFaults: Error, Sendable, CustomStringConvertible {
  /// In order of position; at least one.
  public var faults: [PipelineFault]

  /// Makes the error of `faults`, in any order.
  public init(_ faults: [PipelineFault]) {
    self.faults = faults.sorted { a, b in
      (a.line, a.column, a.code, a.message) < (b.line, b.column, b.code, b.message)
    }
  }

  /// One fault a line.
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong with a pipeline file: where, what was found, what to do.
///
/// Messages quote the file as it is written, never what `${…}` in it stands for.
public struct PipelineFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, as it was named.
  public var file: String
  /// Line from 1.
  public var line: Int
  /// Column from 1, in Unicode scalars.
  public var column: Int
  /// Short stable code, e.g. `unknown-option`.
  public var code: String
  /// What was found, and what is legal.
  public var message: String
  /// What to do, e.g. the nearest known name.
  public var hint: String?

  /// Makes a fault of its parts.
  public init(
    file: String, line: Int, column: Int, code: String, message: String, hint: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.code = code
    self.message = message
    self.hint = hint
  }

  /// `checkout.yaml:14:9 error[slide-exceeds-size] every 10m exceeds window 5m; lower every`.
  public var description: String {
    "\(file):\(line):\(column) error[\(code)] \(message)" + (hint.map { "; \($0)" } ?? "")
  }
}

/// A place in a pipeline file: line and column from 1, columns in Unicode scalars.
struct Position: Hashable, Comparable, Sendable {
  var line: Int
  var column: Int

  static let start = Position(line: 1, column: 1)

  static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// Gathers the faults of one file while it is read. Not for use from two threads.
final class FaultCollector {
  /// Faults kept of one file; a file that is no pipeline at all would give thousands.
  static let limit = 200

  let file: String
  private(set) var faults: [PipelineFault] = []

  init(file: String) { self.file = file }

  /// Whether further faults are dropped.
  var isFull: Bool { faults.count >= Self.limit }

  /// Notes a fault at `position`. The same fault at the same place is noted once.
  func add(_ position: Position, _ code: String, _ message: String, hint: String? = nil) {
    guard !isFull else { return }
    let fault = PipelineFault(
      file: file, line: position.line, column: position.column, code: code, message: message,
      hint: hint)
    if !faults.contains(fault) { faults.append(fault) }
  }

  /// Throws everything gathered, if there is anything.
  func check() throws(PipelineFaults) {
    if !faults.isEmpty { throw PipelineFaults(faults) }
  }
}
