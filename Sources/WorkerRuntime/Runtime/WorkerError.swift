/// Why a worker ended, for the person who reads it at night.
public struct WorkerError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is; decides the exit code.
  public enum Kind: Sendable {
    /// The command or the pipeline asks for something that does not go together.
    case usage
    /// Something outside could not be reached, or is owned by someone else.
    case outside
    /// Going on would give wrong results.
    case refused
    /// A fault of this program.
    case internalFault
  }

  /// What kind of trouble it is.
  public var kind: Kind
  /// What happened, and where.
  public var what: String
  /// What can be done about it.
  public var whatToDo: String

  /// Makes an error.
  public init(_ kind: Kind, _ what: String, whatToDo: String) {
    self.kind = kind
    self.what = what
    self.whatToDo = whatToDo
  }

  /// 2 for wrong usage, 3 for what could not be reached or owned, 1 for the rest.
  public var exitCode: Int32 {
    switch kind {
    case .usage: 2
    case .outside, .refused: 3
    case .internalFault: 1
    }
  }

  public var description: String { "\(what); \(whatToDo)" }
}
