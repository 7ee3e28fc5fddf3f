/// Why a results file or a state file could not be opened, read or written.
///
/// Whatever the kind, the last committed snapshot is intact: a failed call changes nothing.
public struct StoreError: Error, Equatable, CustomStringConvertible {
  /// What a program may decide on.
  public enum Kind: String, Sendable, CaseIterable {
    /// The bytes are not what SQLite or Weir wrote.
    case damaged
    /// A sound SQLite file that Weir did not make.
    case foreign
    /// A file of a pipeline with another name.
    case otherPipeline
    /// A file of this pipeline under another definition.
    case otherDefinition
    /// A file of a later version of Weir.
    case newerSchema
    /// No room is left on the device.
    case diskFull
    /// The path may be read but not written.
    case readOnly
    /// Another process holds the file.
    case locked
    /// A reader keeps the write-ahead log from being emptied.
    case walTooLarge
    /// The state belongs to a later moment than the results.
    case stateAhead
    /// A row contradicts one that is already final.
    case conflict
    /// A row that no file may hold: NaN, an end before its start, an offset that goes back.
    case invalid
    /// A query took longer than it was allowed to, or no reader was free in time.
    case timedOut
    /// Anything else between us and the bytes.
    case io
  }

  /// What a program may decide on.
  public let kind: Kind
  /// The file that it is about.
  public let path: String
  /// What happened, in a sentence without a full stop.
  public let what: String
  /// What to do about it, in a sentence without a full stop.
  public let whatToDo: String

  /// Makes an error of its parts.
  public init(kind: Kind, path: String, what: String, whatToDo: String) {
    self.kind = kind
    self.path = path
    self.what = what
    self.whatToDo = whatToDo
  }

  public var description: String { "\(path): \(what). \(whatToDo)." }
}
