import Glibc
import StreamCore

/// Questions about input paths that need no content.
public enum InputFiles {
  /// Looks at every path, so that a typing error at the end of a list shows before hours of work.
  /// Returns the paths in the order in which they are read: by name, byte by byte. Opens nothing:
  /// a named pipe would take that for its reader.
  ///
  /// - Throws: `InputErrors` with every fault found; a file named twice is one.
  public static func checked(_ paths: [String]) throws -> [String] {
    let sorted = paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var errors: [InputError] = []
    var seen: [FileIdentity: String] = [:]
    for path in sorted {
      do {
        if let first = seen.updateValue(path, forKey: try identity(of: path)) {
          errors.append(
            InputError(
              .unreachable, file: path, reason: "is the same file as \(first)",
              advice: "name each file once"))
        }
      } catch {
        errors.append(error)
      }
    }
    guard errors.isEmpty else { throw InputErrors(errors: errors) }
    return sorted
  }

  /// Sum of the sizes of `paths` as they are stored; nil when one of them has no size, as a pipe.
  public static func totalBytes(_ paths: [String]) -> Int64? {
    var total: Int64 = 0
    for path in paths {
      var status = stat()
      guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return nil
      }
      total += Int64(status.st_size)
    }
    return total
  }

  /// The first bytes of `path` as they are, unpacked when they are gzip: at most `bytes`, fewer
  /// where the file is shorter. For looking at; a pipe would lose them.
  ///
  /// - Throws: `InputError`.
  public static func head(_ path: String, bytes: Int = 1 << 16) throws -> [UInt8] {
    let stream = try ByteStream(path: path)
    return try [UInt8](unsafeUninitializedCapacity: max(bytes, 0)) { buffer, count in
      let room = UnsafeMutableRawBufferPointer(buffer)
      while count < room.count {
        let read = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: room[count...]))
        if read == 0 { break }
        count += read
      }
    }
  }

  /// How the records of `path` are read for `source`. A name that ends in `.csv`, `.tsv`, `.jsonl`,
  /// `.ndjson` or `.json` (perhaps before `.gz`) says it; any other is in the source's own format.
  /// So a pipeline that reads JSON from Kafka reads the CSV export of the same events as it is.
  public static func format(of path: String, source: SourcePlan) -> PayloadFormat {
    var name = path.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    if name.hasSuffix(".json") || name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      return .json
    }
    if case .csv = source.format { return source.format }
    if name.hasSuffix(".csv") { return .csv(CSVFormat()) }
    if name.hasSuffix(".tsv") { return .csv(CSVFormat(delimiter: 0x09)) }
    return source.format
  }

  struct FileIdentity: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  private static func identity(of path: String) throws(InputError) -> FileIdentity {
    var status = stat()
    if path == "-" {
      fstat(STDIN_FILENO, &status)
    } else {
      guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
        throw unreachable(path, code: errno)
      }
      if status.st_mode & S_IFMT == S_IFDIR { throw directory(path) }
    }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Opens `path` for reading. Returns the descriptor, and the size of a regular file.
  static func open(_ path: String) throws(InputError) -> (descriptor: Int32, bytes: Int64?) {
    let descriptor = path == "-" ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      let code = errno
      if descriptor > STDIN_FILENO { close(descriptor) }
      throw unreachable(path, code: code)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      if descriptor != STDIN_FILENO { close(descriptor) }
      throw directory(path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return (descriptor, nil) }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    return (descriptor, Int64(status.st_size))
  }

  private static func directory(_ path: String) -> InputError {
    InputError(
      .unreachable, file: path, reason: "is a directory",
      advice: "name its files, for example \(path.hasSuffix("/") ? path : path + "/")*.csv.gz")
  }

  private static func unreachable(_ path: String, code: Int32) -> InputError {
    let advice =
      switch code {
      case ENOENT: "check the path, relative to the directory weir was started in"
      case EACCES: "let the user that runs weir read it"
      case EMFILE: "raise the limit of open files (ulimit -n)"
      default: "check the path"
      }
    return InputError(
      .unreachable, file: path, reason: "cannot be opened: \(InputError.text(code))", advice: advice
    )
  }
}
