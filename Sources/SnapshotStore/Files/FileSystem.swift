import Glibc

/// What the store asks of the file system beyond SQLite.
enum FileSystem {
  /// Bytes that this user may still write beside `path`, or nil where nobody can tell.
  static func freeBytes(at path: String) -> Int64? {
    var stat = statvfs()
    guard statvfs(directory(of: path), &stat) == 0 else { return nil }
    return Int64(clamping: UInt64(stat.f_bavail) &* UInt64(stat.f_frsize))
  }

  /// Bytes of the file at `path`, or nil when there is none.
  static func size(of path: String) -> Int64? {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    return Int64(found.st_size)
  }

  /// The directory that holds `path`.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path with links resolved, or itself when it cannot be.
  static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// What to call the file at `path` to read it.
  ///
  /// Where nothing can be written, SQLite cannot share a log; a file without one is then read as
  /// immutable, by a URI.
  static func nameForReading(_ path: String) -> String {
    guard access(directory(of: path), W_OK) != 0, size(of: path + "-shm") == nil,
      size(of: path + "-wal") ?? 0 == 0
    else { return path }
    return uri(path, "immutable=1")
  }

  /// The same as a URI that lets nothing be written, for `ATTACH`.
  static func uriForReading(_ path: String) -> String {
    let name = nameForReading(path)
    return name == path ? uri(path, "mode=ro") : name
  }

  private static func uri(_ path: String, _ query: String) -> String {
    let escapes: [Character: String] = ["%": "%25", "?": "%3f", "#": "%23"]
    return "file:\(path.map { escapes[$0] ?? String($0) }.joined())?\(query)"
  }

  /// Throws unless a file at `path` may be created or written.
  static func checkWritable(_ path: String) throws(StoreError) {
    let directory = directory(of: path)
    var found = stat()
    guard stat(directory, &found) == 0 else {
      throw StoreError(
        kind: .io, path: path, what: "the directory \(directory) is not there",
        whatToDo: "Create it (`mkdir -p \(directory)`), or choose another path with --data")
    }
    if stat(path, &found) == 0 {
      guard found.st_mode & S_IFMT == S_IFREG else {
        throw StoreError(
          kind: .io, path: path, what: "it is not a regular file",
          whatToDo: "Choose another path with --data")
      }
      guard access(path, R_OK | W_OK) == 0 else {
        throw .readOnly(path: path, "the file: \(reason())")
      }
    }
    guard access(directory, W_OK | X_OK) == 0 else {
      throw .readOnly(path: path, "the directory \(directory): \(reason())")
    }
  }

  /// Removes the file at `path`, if there is one.
  static func remove(_ path: String) { unlink(path) }

  /// Puts the complete file `unfinished` in the place of `path`, safe against a loss of power.
  static func finish(_ unfinished: String, as path: String) throws(StoreError) {
    let directory = directory(of: path)
    guard sync(unfinished, O_RDONLY), rename(unfinished, path) == 0,
      sync(directory, O_RDONLY | O_DIRECTORY)
    else {
      throw StoreError(
        kind: .io, path: path, what: "the copy cannot be finished: \(reason())",
        whatToDo: "Look at the device and the directory's rights, then start again")
    }
  }

  /// Puts the complete directory `unfinished`, whose files are on the disk, in the place of `path`,
  /// safe against a loss of power.
  static func finish(directory unfinished: String, as path: String) throws(StoreError) {
    guard rename(unfinished, path) == 0 else { throw notSafe(path) }
    try syncDirectory(directory(of: path))
  }

  /// Returns when what was written to the file at `path` is on the disk.
  static func syncFile(_ path: String) throws(StoreError) {
    guard sync(path, O_RDONLY) else { throw notSafe(path) }
  }

  /// Returns when the names in the directory at `path` are on the disk.
  static func syncDirectory(_ path: String) throws(StoreError) {
    guard sync(path, O_RDONLY | O_DIRECTORY) else { throw notSafe(path) }
  }

  /// Has the system write out what it holds of the file at `path`, if it can.
  static func flush(_ path: String) { _ = sync(path, O_RDONLY) }

  private static func notSafe(_ path: String) -> StoreError {
    StoreError(
      kind: errno == ENOSPC ? .diskFull : .io, path: path,
      what: "it cannot be put on the disk: \(reason())",
      whatToDo: "Look at the device and the directory's rights, then try again")
  }

  private static func sync(_ path: String, _ flags: CInt) -> Bool {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  /// The text of the last failed system call.
  static func reason() -> String { String(cString: strerror(errno)) }

  /// Milliseconds since the epoch by the machine's clock, for columns ending in `_wall_ms`.
  static func wallMs() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
