import Foundation
import SnapshotStore

/// The directory of the data file, and the files in it.
enum DataChecks {
  private static let freeLeast: UInt64 = 256 << 20
  private static let freeGood: UInt64 = 2 << 30
  /// A write to the disk that takes longer makes every snapshot wait.
  private static let syncGoodMs = 200.0
  /// How long pages of one file may be read.
  private static let pagesMs: Int64 = 20_000

  /// That it can be written, on what, and with how much room.
  @Sendable static func directory(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let path = patient.dataPath else { return [] }
    let directory = folder(of: path)
    var found = stat()
    guard stat(directory, &found) == 0, found.st_mode & S_IFMT == S_IFDIR else {
      return [
        .problem("\(directory) is not there", "create it (mkdir -p), or choose another with --data")
      ]
    }
    return [written(directory), room(directory), fileSystem(directory)].compactMap(\.self)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func reason() -> String { String(cString: strerror(errno)) }

  /// Writes a small file for a moment, down to the disk.
  private static func written(_ directory: String) -> DoctorFinding {
    let probe = "\(directory)/.weir-doctor-\(getpid())"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      return .problem(
        "\(directory) cannot be written: \(reason())",
        "give this user the right to write there, mount it for writing, or choose another one "
          + "with --data")
    }
    defer {
      close(descriptor)
      unlink(probe)
    }
    let start = ContinuousClock.now
    let bytes = [UInt8](repeating: 0, count: 4_096)
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      return .problem(
        "\(directory): a file of 4 KiB cannot be written: \(reason())",
        "make room, or see to the disk")
    }
    let ms = (ContinuousClock.now - start) / .milliseconds(1)
    let text = "\(directory) can be written; 4 KiB reach the disk in \(Int(ms.rounded(.up))) ms"
    return ms <= syncGoodMs
      ? .ok(text)
      : .warning(text, "expect slow snapshots, or take a faster disk")
  }

  private static func room(_ directory: String) -> DoctorFinding? {
    var stat = statvfs()
    guard statvfs(directory, &stat) == 0 else { return nil }
    let free = UInt64(stat.f_bavail) &* UInt64(stat.f_frsize)
    let text = "\(size(free)) are free"
    if free < freeLeast { return .problem(text, "make room before a worker starts") }
    if free < freeGood {
      return .warning(text, "make room: files grow, and a copy is kept before every migration")
    }
    return .ok(text)
  }

  static func size(_ bytes: UInt64) -> String {
    let units: [(UInt64, String)] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB")]
    for (unit, name) in units where bytes >= unit {
      let tenths = bytes / (unit / 10)
      return "\(tenths / 10).\(tenths % 10) \(name)"
    }
    return "\(bytes / 1_024) KiB"
  }

  // MARK: - File systems

  /// Those of a network.
  private static let network: Set = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "lustre", "gpfs",
    "ocfs2", "beegfs", "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse.gcsfuse",
  ]

  /// The kind of file system that `path` is on, by the lines of `/proc/self/mountinfo`: that of the
  /// longest mount point above it, the last one where several lie upon one another.
  static func kind(of path: String, mounts: String) -> String? {
    var best: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 4, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else {
        continue
      }
      let point = words[4].replacing("\\040", with: " ")
      let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
      if isAbove, point.count >= best?.length ?? 0 {
        best = (point.count, String(words[dash + 1]))
      }
    }
    return best?.kind
  }

  private static func fileSystem(_ directory: String) -> DoctorFinding? {
    guard let real = realpath(directory, nil) else { return nil }
    defer { free(real) }
    guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
      let name = kind(of: String(cString: real), mounts: mounts)
    else { return nil }
    return judged(name)
  }

  /// What a kind of file system means for the files.
  static func judged(_ name: String) -> DoctorFinding {
    if network.contains(name) {
      return .problem(
        "it is on \(name), a network file system: locks and the shared memory of SQLite do not "
          + "hold there, and files may be damaged",
        "use a local disk or a block volume, and --data")
    }
    switch name {
    case "tmpfs", "ramfs":
      return .warning(
        "it is on \(name), in memory: the files are gone with the machine",
        "use a disk for anything that is to stay")
    case "overlay":
      return .warning(
        "it is on overlay, the layer of a container: the files are gone with it",
        "mount a volume there")
    case _ where name.hasPrefix("fuse"):
      return .warning(
        "it is on \(name): whether locks hold depends on what is behind it",
        "use a local disk unless its documents promise locks and shared memory")
    default: return .ok("it is on \(name)")
    }
  }

  // MARK: - Files

  /// Who writes to the files now.
  @Sendable static func lock(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let path = patient.dataPath else { return [] }
    guard let writer = FileHealth.writer(of: path) else {
      return [.ok("nobody writes to \(path)")]
    }
    return [
      .warning(
        "\(writer) writes to \(path): a worker runs, and a second one would be refused",
        "stop it before another starts, or give that one a file of its own with --data")
    ]
  }

  /// Whether a worker could go on with what is there.
  @Sendable static func files(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let path = patient.dataPath else { return [] }
    do {
      let results = try FileHealth.results(path, limitMs: pagesMs)
      let state = try FileHealth.state(path + "-state", limitMs: pagesMs)
      guard let results else {
        guard state != nil else { return [.ok("\(path) is not there yet: a worker makes it")] }
        return [
          .problem(
            "\(path)-state is there without \(path)",
            "put the results file back beside it, or move the state file away")
        ]
      }
      var findings = [told(results, path)]
      if let state {
        findings.append(told(state, path + "-state"))
        if let ahead = state.snapshotID, ahead > results.snapshotID ?? 0 {
          findings.append(
            .problem(
              "the state is of snapshot \(ahead), the results are of \(results.snapshotID ?? 0)",
              "put back both files of one backup"))
        }
      } else {
        findings.append(
          .problem(
            "\(path)-state is missing beside \(path): no worker goes on without it",
            "put it back, or compute the results anew into another file with --data"))
      }
      return findings
    } catch {
      return [.problem("\(error.path): \(error.what)", error.whatToDo)]
    }
  }

  private static func told(_ health: FileHealth, _ path: String) -> DoctorFinding {
    let name =
      "\(path) (\(size(UInt64(max(0, health.bytes)))), version \(health.version)"
      + (health.snapshotID.map { ", snapshot \($0))" } ?? ")")
    if let damage = health.damage {
      return .problem(
        "\(name) is damaged: \(damage)", "take the last good copy; weir verify tells which is good")
    }
    if health.version < health.knownVersion {
      return .warning(
        "\(name) is of an earlier version: the next start brings it to version "
          + "\(health.knownVersion)", "a copy is kept beside it; see that there is room")
    }
    guard health.isChecked else {
      return .warning(
        "\(name): its pages were not read through within \(pagesMs / 1_000) s",
        "run weir verify when there is time")
    }
    return .ok("\(name) is sound")
  }
}
