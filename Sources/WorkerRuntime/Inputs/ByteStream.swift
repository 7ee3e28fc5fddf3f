import CZlib
import Glibc

/// The bytes of a file or of standard input, unpacked when they are gzip.
///
/// Files are read, not mapped: a file that is cut short by someone else while it is read then ends
/// or fails cleanly, where a mapping would kill the process.
///
/// Not for use from two threads.
final class ByteStream {
  /// The path as it was given.
  let path: String
  /// Size of the file as it is stored; nil where none is known, as of a pipe.
  let totalBytes: Int64?
  /// Bytes taken from the file so far, before unpacking.
  private(set) var bytesRead: Int64 = 0
  /// Whether the file is gzip.
  private(set) var isGzip = false

  private let descriptor: Int32
  private let input: UnsafeMutableRawBufferPointer
  private var inputStart = 0
  private var inputEnd = 0
  private var stream: UnsafeMutablePointer<z_stream>?
  private var isInsideMember = false

  private static let inputBytes = 1 << 18

  /// Opens `path`; `-` is standard input.
  ///
  /// - Throws: `InputError` when it is missing, a directory, unreadable or of a kind not read here.
  init(path: String) throws {
    self.path = path
    let opened = try InputFiles.open(path)
    descriptor = opened.descriptor
    totalBytes = opened.bytes
    input = .allocate(byteCount: Self.inputBytes, alignment: 64)
    try begin()
  }

  deinit {
    if let stream {
      inflateEnd(stream)
      stream.deallocate()
    }
    input.deallocate()
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// Reads the first bytes and decides by them what the file is.
  private func begin() throws {
    while inputEnd < 6 {
      let count = try readDescriptor(UnsafeMutableRawBufferPointer(rebasing: input[inputEnd...]))
      if count == 0 { break }
      inputEnd += count
    }
    let head = Array(input[0..<min(inputEnd, 6)])
    if head.starts(with: [0x1F, 0x8B]) {
      try startInflating()
      return
    }
    for (magic, kind, advice) in FileMagic.unsupported where head.starts(with: magic) {
      throw InputError(.unsupported, file: path, reason: "is \(kind)", advice: advice)
    }
  }

  /// Fills the beginning of `target`. Returns the number of bytes, 0 at the end.
  ///
  /// - Throws: `InputError` when a read fails or the gzip data is damaged or ends too early. What
  ///   could be unpacked before that was returned first.
  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    if let stream { return try inflate(stream, into: target) }
    if inputStart < inputEnd {
      let count = min(inputEnd - inputStart, target.count)
      target.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputStart + count]))
      inputStart += count
      return count
    }
    return try readDescriptor(target)
  }

  private func readDescriptor(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let count = Glibc.read(descriptor, target.baseAddress, target.count)
      if count >= 0 {
        bytesRead += Int64(count)
        return count
      }
      let code = errno
      if code == EINTR { continue }
      throw InputError(
        .failedRead, file: path, byte: bytesRead,
        reason: "could not be read: \(InputError.text(code))",
        advice: "check the disk or network mount it is on, then run again")
    }
  }
}

// MARK: - gzip

extension ByteStream {
  /// 15 bits of window, and 16 for a gzip wrapper.
  private static let gzipWindowBits: Int32 = 15 + 16

  private func startInflating() throws {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = inflateInit2_(
      stream, Self.gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      stream.deallocate()
      throw InputError(
        .failedRead, file: path, reason: "zlib could not start (code \(code))",
        advice: "free some memory and run again")
    }
    self.stream = stream
    isGzip = true
    isInsideMember = true
    give(stream, from: 0)
  }

  private func give(_ stream: UnsafeMutablePointer<z_stream>, from start: Int) {
    stream.pointee.next_in = input.baseAddress?.advanced(by: start)
      .assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(inputEnd - start)
  }

  /// Position in the packed file of the next byte that zlib will look at.
  private func packedPosition(_ stream: UnsafeMutablePointer<z_stream>) -> Int64 {
    bytesRead - Int64(stream.pointee.avail_in)
  }

  private func inflate(
    _ stream: UnsafeMutablePointer<z_stream>, into target: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(target.count)
    while true {
      if stream.pointee.avail_in == 0 {
        inputEnd = try readDescriptor(input)
        give(stream, from: 0)
        if inputEnd == 0 {
          guard isInsideMember else { return 0 }
          throw InputError(
            .corrupt, file: path, byte: bytesRead, reason: "gzip data ends too early",
            advice: "copy the file again, it is incomplete")
        }
      }
      if !isInsideMember {
        guard try startNextMember(stream) else { continue }
      }
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      if code == Z_STREAM_END { isInsideMember = false }
      let produced = target.count - Int(stream.pointee.avail_out)
      if produced > 0 { return produced }
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
        throw InputError(
          .corrupt, file: path, byte: packedPosition(stream), reason: "gzip data is damaged",
          advice: "copy the file again or check it with gzip -t")
      }
    }
  }

  /// Between members: passes zero padding, and begins the next member. False when only padding
  /// was left of what was read.
  private func startNextMember(_ stream: UnsafeMutablePointer<z_stream>) throws -> Bool {
    while stream.pointee.avail_in > 0, stream.pointee.next_in?.pointee == 0 {
      stream.pointee.next_in = stream.pointee.next_in?.advanced(by: 1)
      stream.pointee.avail_in -= 1
    }
    guard stream.pointee.avail_in > 0 else { return false }
    guard stream.pointee.next_in?.pointee == 0x1F, inflateReset(stream) == Z_OK else {
      throw InputError(
        .corrupt, file: path, byte: packedPosition(stream),
        reason: "bytes that are no gzip follow the gzip data",
        advice: "copy the file again or check it with gzip -t")
    }
    isInsideMember = true
    return true
  }
}

/// First bytes of files that people may pass by mistake.
enum FileMagic {
  /// Bytes, what they mean, what to do.
  static let unsupported: [([UInt8], String, String)] = [
    (
      [0x28, 0xB5, 0x2F, 0xFD], "zstd-compressed", "unpack it with zstd -d, or pipe zstdcat into -"
    ),
    ([0xFD, 0x37, 0x7A, 0x58], "xz-compressed", "unpack it with xz -d, or pipe xzcat into -"),
    ([0x42, 0x5A, 0x68], "bzip2-compressed", "unpack it with bzip2 -d, or pipe bzcat into -"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip archive", "unpack it with unzip, or pipe unzip -p into -"),
    ([0x50, 0x41, 0x52, 0x31], "a Parquet file", "export it as CSV or JSON lines"),
    ([0xFF, 0xFE, 0, 0], "UTF-32 text", "convert it with iconv -f UTF-32 -t UTF-8"),
    ([0, 0, 0xFE, 0xFF], "UTF-32 text", "convert it with iconv -f UTF-32 -t UTF-8"),
  ]
}
