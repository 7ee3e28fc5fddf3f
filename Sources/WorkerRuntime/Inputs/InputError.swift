import Glibc

/// Why finite input could not be read, sorted or put aside: what, where and what to do. Never
/// holds a payload.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Kind: Sendable, Equatable {
    /// The path does not exist, is a directory, or may not be read.
    case unreachable
    /// The operating system failed a read.
    case failedRead
    /// The bytes are not what their beginning promised: a damaged or truncated gzip file.
    case corrupt
    /// The file is of a kind that is not read here.
    case unsupported
    /// Temporary files for sorting could not be written or read back.
    case failedSpill
  }

  /// What kind of trouble it is.
  public var kind: Kind
  /// The path as it was given; `-` is standard input.
  public var file: String
  /// Line in the uncompressed text, from 1, where it is known.
  public var line: Int64?
  /// Position in the file as it is stored, in bytes from 0, where it is known.
  public var byte: Int64?
  /// What was found.
  public var reason: String
  /// What to do about it.
  public var advice: String

  /// Makes an error of its parts.
  public init(
    _ kind: Kind, file: String, line: Int64? = nil, byte: Int64? = nil, reason: String,
    advice: String
  ) {
    self.kind = kind
    self.file = file
    self.line = line
    self.byte = byte
    self.reason = reason
    self.advice = advice
  }

  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    let position = byte.map { " at byte \($0)" } ?? ""
    return "\(place): \(reason)\(position); \(advice)"
  }

  /// The text of `errno` value `code`.
  static func text(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
  }
}

/// Faults of several input files, found before anything was read.
public struct InputErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// One for each file, in order of name.
  public var errors: [InputError]

  public var description: String {
    errors.map(\.description).joined(separator: "\n")
  }
}
