import Glibc

/// A process that has a file open, as `/proc` shows it to this user.
struct OpenFile {
  var pid: Int32
  /// The program's short name.
  var program: String
  /// How many descriptors it holds on the file itself.
  var descriptors: Int

  /// Every process but this one with the SQLite file at `path` open, by process id; this one too
  /// when it holds the file more than once, as a worker that serves its own console does.
  ///
  /// Reads all of `/proc`: for errors only. Processes of other users stay unseen.
  static func others(holding path: String) -> [OpenFile] {
    let real = FileSystem.resolved(path)
    var found: [OpenFile] = []
    for entry in names(in: "/proc") {
      guard let pid = Int32(entry) else { continue }
      let count = names(in: "/proc/\(entry)/fd").reduce(into: 0) { sum, descriptor in
        if target(of: "/proc/\(entry)/fd/\(descriptor)") == real { sum += 1 }
      }
      guard count > (pid == getpid() ? 1 : 0) else { continue }
      found.append(OpenFile(pid: pid, program: program(of: entry), descriptors: count))
    }
    return found.sorted { $0.pid < $1.pid }
  }

  /// The processes in words: `process 12 (sqlite3), process 99 (weir, this one)`.
  static func list(_ files: [OpenFile]) -> String {
    if files.isEmpty { return "no process that this user can see" }
    return files.map {
      "process \($0.pid) (\($0.program)\($0.pid == getpid() ? ", this one" : ""))"
    }
    .joined(separator: ", ")
  }

  private static func names(in directory: String) -> [String] {
    guard let handle = opendir(directory) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }

  private static func target(of link: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func program(of entry: String) -> String {
    guard let file = fopen("/proc/\(entry)/comm", "r") else { return "unknown" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count].prefix { $0 != 10 }, as: UTF8.self)
  }
}
