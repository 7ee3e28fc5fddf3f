import Glibc
import StreamCore

/// A file of JSON lines or CSV rows, plain or gzip, as a log: record number = offset. Records are
/// in UTF-8, whatever the file's encoding is; see `TextStream`.
///
/// A record is a line, or a CSV row whose quoted values may go over several lines. A byte order
/// mark, the CR of a CRLF and empty lines are no part of any record; the last line may lack its
/// newline. A header row has no offset.
///
/// A CSV quote that is never closed costs its own line only: that line is handed over as it is,
/// and reading goes on with the next.
///
/// Memory: one buffer of 256 KiB, which grows to twice the record limit at most. Used by one
/// thread at a time.
public final class RecordFile: RecordReader {
  /// How the records are read; of CSV, with the header filled in.
  public private(set) var format: PayloadFormat
  /// Offset of the next record.
  public private(set) var nextOffset: Int64 = 0
  /// What was seen so far.
  public private(set) var counts = RecordCounts()

  /// Path as it was given.
  public var path: String { stream.path }
  /// Bytes taken from the file so far, as it is stored.
  public var bytesRead: Int64 { stream.bytesRead }
  /// Bytes of the file as it is stored; nil for pipes.
  public var totalBytes: Int64? { stream.totalBytes }

  /// Line at which the next record begins or later, from 1.
  private var line: Int64 = 1
  private let stream: TextStream
  private let progress: InputProgress?
  private let recordLimit: Int
  private var splitter: RecordSplitter
  private var failure: (any Error)?

  private var buffer: UnsafeMutableRawBufferPointer
  /// Valid bytes not handed over yet are `buffer[start..<end]`.
  private var start = 0
  private var end = 0
  /// Position of `buffer[0]` in the uncompressed text.
  private var bufferPosition: Int64 = 0
  private var atEnd = false
  /// Stored bytes that `progress` knows of.
  private var toldBytes: Int64 = 0
  /// Inside an oversized record, up to its newline.
  private var isDiscarding = false
  private var messages: UnsafeMutableBufferPointer<RawMessage>

  private static let initialBufferBytes = 1 << 18
  /// Readable bytes kept after the last valid one, for decoders that look ahead.
  private static let padding = 64

  /// Opens `path` (`-` is standard input) as a file of `source`'s events, in the format that
  /// `InputFiles.format` tells, and reads the header row if the format has no header.
  ///
  /// - Parameters:
  ///   - path: A file, a named pipe, or `-`.
  ///   - source: The source of the pipeline that the file stands for.
  ///   - progress: Told about bytes and records.
  ///   - recordLimit: Bytes of the longest record, at most `InputLimits.recordBytes`.
  /// - Throws: `InputError`.
  public init(
    path: String, source: SourcePlan, progress: InputProgress? = nil,
    recordLimit: Int = InputLimits.recordBytes
  ) throws {
    let format = InputFiles.format(of: path, source: source)
    self.format = format
    stream = try TextStream(path: path, declared: format.encoding)
    self.progress = progress
    self.recordLimit = recordLimit
    splitter = RecordSplitter(format: format)
    buffer = .allocate(byteCount: Self.initialBufferBytes + Self.padding, alignment: 64)
    messages = .allocate(capacity: 1024)
    while !atEnd, end < 3 { try refill() }
    if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { start = 3 }
    if case .csv(var csv) = format, csv.header == nil {
      csv.header = try readHeader(csv.ofHeader)
      self.format = .csv(csv)
    }
  }

  deinit {
    buffer.deallocate()
    messages.deallocate()
  }

  private func readHeader(_ csv: CSVFormat) throws -> [String] {
    var names: [String]? = []
    var isText = true
    let count = try splitBatch(max: 1) { batch in
      let row = UnsafeRawBufferPointer(
        start: batch[0].payload, count: Int(batch[0].payloadCount))
      let cells = CSVSplitter.cells(in: row, format: csv)
      names = cells?.map(\.trimmingBlanks)
      isText = String(validating: row, as: UTF8.self) != nil
    }
    nextOffset = 0
    counts = RecordCounts()
    counts.brokenCharacters = stream.brokenCharacters
    guard isText else { throw notText(csv.encoding) }
    guard let names, count == 0 || !(names.first ?? "{").hasPrefix("{") else {
      throw InputError(
        .unsupported, file: path, line: 1, reason: "the first row does not hold column names",
        advice: "add a header row or give csv.header in the pipeline; JSON lines end in .jsonl")
    }
    return names
  }

  /// The first row is not in the encoding that it should be in.
  private func notText(_ declared: TextEncoding) -> InputError {
    guard stream.encoding == .utf8 else {
      return InputError(
        .unsupported, file: path, line: 1, reason: "the first row is not \(declared.rawValue) text",
        advice: "give the file's encoding as csv.encoding in the pipeline")
    }
    let guess = TextEncoding.guess(UnsafeRawBufferPointer(rebasing: buffer[0..<end]))?.rawValue
    return InputError(
      .unsupported, file: path, line: 1,
      reason: "the first row is not UTF-8 text" + (guess.map { ", it looks like \($0)" } ?? ""),
      advice: "give csv: {encoding: \(guess ?? "…")} in the pipeline's source")
  }

  /// Hands over up to `max` records in file order, payloads valid in the closure only; see
  /// `RecordReader`. Plain text is cut in place, at the speed of reading.
  public func nextBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int {
    let count = try splitBatch(max: max, handle)
    progress?.add(records: Int64(count))
    return count
  }

  private func splitBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int {
    if let failure { throw failure }
    if max > messages.count {
      messages.deallocate()
      messages = .allocate(capacity: max)
    }
    do {
      while true {
        let count = split(max: Swift.max(max, 1))
        if count > 0 {
          counts.records += Int64(count)
          try handle(UnsafeBufferPointer(rebasing: messages[0..<count]))
          return count
        }
        if atEnd { return 0 }
        try refill()
      }
    } catch {
      failure = error
      throw error
    }
  }

  /// Moves what is left to the front and reads on behind it, with a larger buffer when less than
  /// half is free.
  private func refill() throws {
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      bufferPosition += Int64(start)
      end -= start
      start = 0
    }
    var capacity = buffer.count - Self.padding
    if end > capacity / 2 {
      let larger = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 2 * capacity + Self.padding, alignment: 64)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[0..<end]))
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    let count = try stream.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[end..<capacity]))
    progress?.add(bytes: stream.bytesRead - toldBytes)
    toldBytes = stream.bytesRead
    counts.brokenCharacters = stream.brokenCharacters
    end += count
    atEnd = count == 0
    splitter.bufferChanged()
  }
}

// MARK: - Splitting

extension RecordFile {
  /// Cuts up to `max` records out of the buffer. 0 when it holds no whole record.
  private func split(max: Int) -> Int {
    guard let base = UnsafePointer(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)) else {
      return 0
    }
    var count = 0
    while count < max {
      if isDiscarding, !discard(base) { break }
      guard start < end else { break }
      guard
        let found = splitter.record(
          in: base, from: start, to: end, atEnd: atEnd, limit: recordLimit)
      else {
        guard end - start > recordLimit else { break }
        note(oversizedAt: start, as: &messages[count])
        isDiscarding = true
        count += 1
        continue
      }
      let begin = start
      start = found.next
      defer { line += Int64(found.lines) }
      if found.end == begin || (splitter.skipsBlankLines && isBlank(base, begin, found.end)) {
        counts.emptyLines += 1
        continue
      }
      if found.end - begin > recordLimit {
        note(oversizedAt: begin, as: &messages[count])
      } else {
        messages[count] = RawMessage(
          payload: base + begin, payloadCount: Int32(found.end - begin), offset: nextOffset)
        nextOffset += 1
      }
      count += 1
    }
    return count
  }

  @inline(__always)
  private func isBlank(_ base: UnsafePointer<UInt8>, _ begin: Int, _ end: Int) -> Bool {
    var at = begin
    while at < end, base[at] == 0x20 || base[at] == 0x09 { at += 1 }
    return at == end
  }

  /// Drops the rest of an oversized line. True when its end was found.
  private func discard(_ base: UnsafePointer<UInt8>) -> Bool {
    guard let newline = ByteSearch.find(0x0A, base, start, end) else {
      start = end
      return false
    }
    start = newline + 1
    line += 1
    isDiscarding = false
    return true
  }

  private func note(oversizedAt begin: Int, as message: inout RawMessage) {
    message = RawMessage(payload: nil, payloadCount: 0, offset: nextOffset)
    counts.oversized += 1
    if counts.oversizedSamples.count < InputLimits.oversizedSamples {
      counts.oversizedSamples.append(
        RecordCoordinates(
          file: path, line: line, byte: bufferPosition + Int64(begin), offset: nextOffset))
    }
    nextOffset += 1
  }
}

extension PayloadFormat {
  /// The declared encoding of files of the format.
  fileprivate var encoding: TextEncoding {
    if case .csv(let csv) = self { csv.encoding } else { .utf8 }
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(
      drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
