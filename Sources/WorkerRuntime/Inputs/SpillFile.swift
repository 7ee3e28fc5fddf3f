import Glibc
import StreamCore

/// A sorted run on disk: of each virtual partition one segment of records in order.
///
/// The file has no name from its first moment on, so it is gone with the process whatever ends it.
/// Written once; then read by any number of threads, each at its own place.
final class SpillFile: @unchecked Sendable {
  /// Bytes of a partition's records in the file.
  struct Segment: Sendable {
    var start: Int64
    var end: Int64
  }

  /// Bytes before each record: event time, length (-1: no payload), layout.
  static let headerBytes = 16

  /// The segments by partition, complete when `finish()` has returned. Written before the file is
  /// shared, so reading it needs no lock.
  private(set) var segments: [Segment] = []
  /// Bytes written.
  private(set) var bytes: Int64 = 0

  private let directory: String
  private let descriptor: Int32
  private var buffer: UnsafeMutableRawBufferPointer
  private var used = 0

  /// Makes an empty file in `directory`.
  ///
  /// - Throws: `InputError` of kind `failedSpill`.
  init(directory: String) throws {
    self.directory = directory
    var template = Array("\(directory)/weir-sort-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Self.error(directory, "created", errno) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    buffer = .allocate(byteCount: 1 << 20, alignment: 64)
  }

  deinit {
    buffer.deallocate()
    close(descriptor)
  }

  /// Begins the next partition's segment.
  func beginSegment() {
    let position = bytes + Int64(used)
    if !segments.isEmpty { segments[segments.count - 1].end = position }
    segments.append(Segment(start: position, end: position))
  }

  /// Adds a record to the current segment.
  func append(_ record: SpilledRecord) throws {
    if buffer.count - used < Self.headerBytes { try flush() }
    let length = record.payload == nil ? -1 : record.count
    buffer.storeBytes(of: record.timeMs, toByteOffset: used, as: Int64.self)
    buffer.storeBytes(of: length, toByteOffset: used + 8, as: Int32.self)
    buffer.storeBytes(of: record.layout, toByteOffset: used + 12, as: UInt16.self)
    used += Self.headerBytes
    var rest = UnsafeRawBufferPointer(start: record.payload, count: max(Int(length), 0))
    while !rest.isEmpty {
      if used == buffer.count { try flush() }
      let part = min(rest.count, buffer.count - used)
      UnsafeMutableRawBufferPointer(rebasing: buffer[used...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[0..<part]))
      used += part
      rest = UnsafeRawBufferPointer(rebasing: rest[part...])
    }
  }

  /// Writes out what is left. Nothing can be appended after it.
  func finish() throws {
    try flush()
    if !segments.isEmpty { segments[segments.count - 1].end = bytes }
    buffer.deallocate()
    buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  private func flush() throws {
    var done = 0
    while done < used {
      let count = write(descriptor, buffer.baseAddress?.advanced(by: done), used - done)
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw Self.error(directory, "written (\(bytes + Int64(done)) bytes so far)", code)
      }
      done += count
    }
    bytes += Int64(used)
    used = 0
  }

  /// Reads bytes at `position` into the beginning of `target`. Returns how many, 0 past the end.
  func read(at position: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let count = pread(descriptor, target.baseAddress, target.count, off_t(position))
      if count >= 0 { return count }
      let code = errno
      if code != EINTR { throw Self.error(directory, "read back", code) }
    }
  }

  /// The error of a file that ends before a record does.
  func truncated() -> InputError {
    Self.error(directory, "read back whole", EIO)
  }

  private static func error(_ directory: String, _ verb: String, _ code: Int32) -> InputError {
    InputError(
      .failedSpill, file: directory,
      reason: "a temporary file for sorting could not be \(verb): \(InputError.text(code))",
      advice: "free space there, or set TMPDIR to a directory with room for the unpacked input")
  }
}

/// One record of a run. Its bytes are the cursor's and valid until that has to read.
struct SpilledRecord {
  var timeMs: Int64 = 0
  /// Nil for a record that was passed over because of its size.
  var payload: UnsafePointer<UInt8>?
  var count: Int32 = 0
  var layout: UInt16 = 0
}

/// Reads one segment of a run from its beginning to its end.
struct SpillCursor {
  /// The current record.
  private(set) var record = SpilledRecord()

  private let file: SpillFile
  private var position: Int64
  private let limit: Int64
  private let buffer: SpillBuffer
  private var start = 0
  private var end = 0

  /// A cursor before the first record of `segment`.
  init(file: SpillFile, segment: SpillFile.Segment, bufferBytes: Int) {
    self.file = file
    position = segment.start
    limit = segment.end
    buffer = SpillBuffer(bytes: bufferBytes)
  }

  /// What `advance` found.
  enum Step {
    case record
    case end
    /// The next record is not in memory; call with `mayRead`, which invalidates payloads.
    case mustRead
  }

  /// Goes to the next record.
  mutating func advance(mayRead: Bool) throws -> Step {
    while true {
      if end - start >= SpillFile.headerBytes {
        let bytes = UnsafeRawBufferPointer(buffer.bytes)
        let length = bytes.loadUnaligned(fromByteOffset: start + 8, as: Int32.self)
        let stored = SpillFile.headerBytes + max(Int(length), 0)
        if end - start >= stored {
          let first = bytes.baseAddress?.advanced(by: start + SpillFile.headerBytes)
          record.timeMs = bytes.loadUnaligned(fromByteOffset: start, as: Int64.self)
          record.payload = length < 0 ? nil : first?.assumingMemoryBound(to: UInt8.self)
          record.count = max(length, 0)
          record.layout = bytes.loadUnaligned(fromByteOffset: start + 12, as: UInt16.self)
          start += stored
          return .record
        }
        if mayRead { buffer.reserve(stored, keeping: start..<end) }
      }
      if start == end, position == limit { return .end }
      guard mayRead else { return .mustRead }
      try refill()
    }
  }

  private mutating func refill() throws {
    buffer.moveToFront(start..<end)
    end -= start
    start = 0
    let room = min(buffer.bytes.count - end, Int(limit - position))
    let target = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[end..<(end + room)])
    let got = try file.read(at: position, into: target)
    guard got > 0 else { throw file.truncated() }
    position += Int64(got)
    end += got
  }
}

/// Memory of a cursor.
private final class SpillBuffer {
  var bytes: UnsafeMutableRawBufferPointer

  init(bytes count: Int) {
    bytes = .allocate(byteCount: max(count, SpillFile.headerBytes), alignment: 64)
  }

  deinit { bytes.deallocate() }

  func moveToFront(_ range: Range<Int>) {
    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// Grows to `count` bytes at least, keeping those of `range` in place.
  func reserve(_ count: Int, keeping range: Range<Int>) {
    guard bytes.count < count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: range.lowerBound + count, alignment: 64)
    UnsafeMutableRawBufferPointer(rebasing: larger[range])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
    bytes.deallocate()
    bytes = larger
  }
}
