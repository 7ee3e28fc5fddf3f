import StreamCore

/// A finite log of raw records that is read once, from its beginning to its end: a file in its own
/// order, or a virtual partition of sorted files.
///
/// Used by one thread at a time.
public protocol RecordReader: AnyObject {
  /// How the records of the current batch are read; of CSV, with the header filled in. It may
  /// differ from batch to batch where files with different columns were sorted together, never
  /// within a batch. Valid inside `nextBatch`'s closure.
  var format: PayloadFormat { get }

  /// Offset of the next record.
  var nextOffset: Int64 { get }

  /// Hands over up to `max` records in the order of their offsets. Payloads are valid in the
  /// closure only. A record over the size limit comes with a nil payload in its place.
  ///
  /// - Parameter max: At least 1. A batch may be smaller.
  /// - Returns: The number of records, 0 at the end.
  /// - Throws: `InputError`, or what the closure throws. After an error it does not go on.
  func nextBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int
}

extension RecordReader {
  /// Passes over `records` records: the next one then has that many more in its offset. Returns
  /// how many there were, fewer at the end. O(n): finite input is read from its beginning.
  ///
  /// - Throws: `InputError`.
  @discardableResult
  public func skip(records: Int64) throws -> Int64 {
    var left = records
    while left > 0 {
      let count = try nextBatch(max: Int(min(left, 4096))) { _ in }
      if count == 0 { break }
      left -= Int64(count)
    }
    return records - left
  }

  /// Column names of the current batch's rows; nil for JSON.
  public var csvHeader: [String]? {
    if case .csv(let format) = format { format.header } else { nil }
  }
}

/// Limits of finite input.
public enum InputLimits {
  /// Bytes of a record; a longer one is passed over and counted.
  public static let recordBytes = 16 << 20
  /// Oversized records that are remembered with their coordinates; all are counted.
  public static let oversizedSamples = 20
}

/// Where a record begins.
public struct RecordCoordinates: Sendable, Equatable, CustomStringConvertible {
  /// Path as it was given.
  public var file: String
  /// Line of the uncompressed text, from 1.
  public var line: Int64
  /// Position in the uncompressed text, in bytes from 0.
  public var byte: Int64
  /// Offset of the record.
  public var offset: Int64

  public var description: String { "\(file):\(line)" }
}

/// What was seen in files beside the records handed over.
public struct RecordCounts: Sendable, Equatable {
  /// Records, oversized ones included.
  public var records: Int64 = 0
  /// Empty lines, which are no records.
  public var emptyLines: Int64 = 0
  /// Records over `InputLimits.recordBytes`.
  public var oversized: Int64 = 0
  /// The first `InputLimits.oversizedSamples` of them.
  public var oversizedSamples: [RecordCoordinates] = []
  /// Pieces of text that are no characters of a declared encoding; their records are no text. In
  /// UTF-8 they are not counted here.
  public var brokenCharacters: Int64 = 0

  /// Nothing seen yet.
  public init() {}

  /// Adds what was seen elsewhere.
  public mutating func add(_ other: RecordCounts) {
    records += other.records
    emptyLines += other.emptyLines
    oversized += other.oversized
    brokenCharacters += other.brokenCharacters
    let room = InputLimits.oversizedSamples - oversizedSamples.count
    oversizedSamples += other.oversizedSamples.prefix(room)
  }
}
