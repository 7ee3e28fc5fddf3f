import Foundation

/// What was sent: a file of JSON lines for each partition, in the order of its offsets.
///
/// Confined: the thread that sends writes it.
final class LogOfRecord {
  /// The files, by partition.
  let paths: [String]
  /// Lines of each file.
  private(set) var counts: [Int64]
  /// Bytes of all files.
  private(set) var bytes: Int64 = 0
  private var streams: [UnsafeMutablePointer<FILE>] = []
  private static let bufferBytes = 1 << 18

  /// Makes empty files in `folder`.
  init(_ folder: URL, partitions: Int) throws {
    paths = (0..<partitions).map { folder.appendingPathComponent("sent-\($0).jsonl").path }
    counts = Array(repeating: 0, count: partitions)
    for path in paths {
      guard let stream = fopen(path, "wb") else { throw SoakError("cannot write \(path)") }
      setvbuf(stream, nil, _IOFBF, Self.bufferBytes)
      streams.append(stream)
    }
  }

  deinit { for stream in streams { fclose(stream) } }

  /// Adds a record's value as the next line of a partition.
  func append(_ payload: [UInt8], partition: Int) throws {
    let stream = streams[partition]
    guard fwrite(payload, 1, payload.count, stream) == payload.count, putc(10, stream) == 10
    else { throw SoakError("cannot write \(paths[partition]): is the disk full?") }
    counts[partition] += 1
    bytes += Int64(payload.count) + 1
  }

  /// Writes what is still held in memory.
  func flush() throws {
    for (path, stream) in zip(paths, streams) where fflush(stream) != 0 {
      throw SoakError("cannot write \(path): is the disk full?")
    }
  }
}
