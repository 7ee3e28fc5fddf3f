import Foundation

extension InputFiles {
  /// Whether a path can be read only once: standard input, a pipe.
  public static func isPassing(_ path: String) -> Bool {
    path == "-" || totalBytes([path]) == nil
  }

  /// Copies what can be read only once into a file of `folder` that has no name, so that it can be
  /// read twice, as `/proc/self/fd/N`. It is gone when the descriptor N, which is returned and is
  /// the caller's to close, is closed, or the process ends.
  ///
  /// - Throws: `InputError`, also when the disk is full.
  public static func spool(_ path: String, in folder: String) throws -> CInt {
    let source = try open(path)
    defer { if path != "-" { close(source.descriptor) } }
    var template = Array("\(folder)/weir-input-XXXXXX".utf8CString)
    let copy = mkstemp(&template)
    guard copy >= 0 else { throw failedSpool(path, errno) }
    unlink(template)
    _ = fcntl(copy, F_SETFD, FD_CLOEXEC)
    do {
      try copyAll(source.descriptor, to: copy, path)
    } catch {
      close(copy)
      throw error
    }
    return copy
  }

  private static func copyAll(_ source: CInt, to descriptor: CInt, _ path: String) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(source, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw InputError(
          .failedRead, file: path, reason: "could not be read: \(InputError.text(errno))",
          advice: "check what writes to it, then run again")
      }
      if count == 0 { return }
      var written = 0
      while written < count {
        let done = Glibc.write(
          descriptor, buffer.baseAddress?.advanced(by: written), count - written)
        if done < 0, errno == EINTR { continue }
        guard done >= 0 else { throw failedSpool(path, errno) }
        written += done
      }
    }
  }

  private static func failedSpool(_ path: String, _ code: Int32) -> InputError {
    InputError(
      .failedSpill, file: path,
      reason: "could not be copied to a temporary file: \(InputError.text(code))",
      advice: "free disk space or set TMPDIR to a folder with more of it, then run again")
  }
}
