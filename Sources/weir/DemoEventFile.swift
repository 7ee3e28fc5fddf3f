import Foundation
import StreamCore
import WorkerRuntime

/// The simulated shop's events as JSON lines: the same on every machine, for trying things without
/// a broker or with one's own.
struct DemoEventFile {
  /// The file to write; `-` is standard output.
  var path: String
  var seed: UInt64
  var customers: Int
  /// How much of the shop's time.
  var eventMs: Int64

  /// Bytes that are written at once.
  private static let chunkBytes = 1 << 20

  /// Writes what the shop sends within `eventMs` of its opening; how many events that is.
  ///
  /// - Throws: `WorkerError` when the file cannot be written.
  func write() throws -> Int64 {
    var shop = ShopSimulator(
      seed: seed, customers: customers, start: DemoOptions.openingDefault)
    let end = EventTime(ms: DemoOptions.openingDefault.ms + eventMs)
    let handle = try makeFile()
    var chunk = Data(capacity: Self.chunkBytes + 4_096)
    var count: Int64 = 0
    while shop.upcoming < end {
      let event = shop.next()
      // Some are no JSON at all, on purpose; none may become two lines.
      chunk.append(contentsOf: event.payload.filter { $0 != 0x0A && $0 != 0x0D })
      chunk.append(0x0A)
      count += 1
      if chunk.count >= Self.chunkBytes {
        try write(chunk, to: handle)
        chunk.removeAll(keepingCapacity: true)
      }
    }
    try write(chunk, to: handle)
    if path != "-" { try handle.close() }
    return count
  }
}

extension DemoEventFile {
  private func makeFile() throws -> FileHandle {
    if path == "-" { return .standardOutput }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    guard descriptor >= 0 else { throw refusal(reason: errno) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  private func write(_ chunk: Data, to handle: FileHandle) throws {
    do {
      try handle.write(contentsOf: chunk)
    } catch {
      throw refusal(reason: errno)
    }
  }

  private func refusal(reason: Int32) -> WorkerError {
    WorkerError(
      .outside, "--events cannot write \(path): \(String(cString: strerror(reason)))",
      whatToDo: reason == EEXIST
        ? "name another file, or remove this one; none is overwritten"
        : "name a file in a directory that you may write to, with room for it")
  }
}
