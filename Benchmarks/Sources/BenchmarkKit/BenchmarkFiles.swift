import Foundation

extension BenchmarkEvents {
  /// Writes a log for each of `files` partitions into `folder`, with `events` each of `userCount`
  /// users over `spanMs`, in the order of event time, and gives their paths.
  ///
  /// - Throws: `BenchmarkError` when a file cannot be written.
  public static func write(
    files: Int, events: Int, users: Users, userCount: Int = 1_000_000,
    spanMs: Double = 3_600_000, to folder: URL
  ) throws -> [String] {
    try (0..<files).map { file in
      let path = folder.appendingPathComponent("p\(file).jsonl").path
      guard let stream = fopen(path, "wb") else { throw BenchmarkError("cannot write \(path)") }
      defer { fclose(stream) }
      var maker = BenchmarkEvents(seed: UInt64(file), users: users, userCount: userCount)
      var bytes: [UInt8] = []
      for index in 0..<events {
        maker.append(
          to: &bytes, index: index, partition: file, partitions: files,
          startMs: 1_767_225_600_000, stepMs: spanMs / Double(events))
        bytes.append(10)
        if bytes.count > 1 << 20 || index == events - 1 {
          fwrite(bytes, 1, bytes.count, stream)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      return path
    }
  }
}
