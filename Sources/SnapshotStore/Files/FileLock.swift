import Glibc
import Synchronization

/// The lock that makes a worker the only writer of its files: `flock` on `FILE.lock`.
///
/// The kernel gives it back when the process ends, however it ends; the file itself stays and holds
/// the last owner's process id for people and for the error that a second worker gets.
final class FileLock: Sendable {
  /// -1 once it was given back.
  private let descriptor: Mutex<CInt>

  /// Takes the lock of the file at `path`, at once or not at all.
  init(of path: String) throws(StoreError) {
    let lockPath = path + ".lock"
    let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    self.descriptor = Mutex(descriptor)
    guard descriptor >= 0 else {
      switch errno {
      case EROFS, EACCES, EPERM: throw .readOnly(path: lockPath, FileSystem.reason())
      default:
        throw StoreError(
          kind: errno == ENOSPC ? .diskFull : .io, path: lockPath,
          what: "the lock file cannot be opened: \(FileSystem.reason())",
          whatToDo: "Make room or choose another path with --data")
      }
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let owner = Self.owner(descriptor).map { "process \($0)" } ?? "another process"
      // Closed once: after this throws, `deinit` runs as well.
      release()
      throw StoreError(
        kind: .locked, path: path, what: "\(owner) is writing to it",
        whatToDo: "Stop that worker first, or give this one a file of its own with --data")
    }
    let text = Array("\(getpid())\n".utf8)
    // Only for people to read: a full disk must not keep the lock from being held.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
  }

  /// Gives the lock back. Safe to call again.
  func release() {
    descriptor.withLock {
      guard $0 >= 0 else { return }
      // A child that is being started holds a copy of the descriptor until it runs its program, and
      // the lock with it.
      flock($0, LOCK_UN)
      close($0)
      $0 = -1
    }
  }

  deinit { release() }

  /// The process id in the lock file that `descriptor` is of.
  static func owner(_ descriptor: CInt) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer[..<count].prefix { $0 != 10 }, as: UTF8.self))
  }
}
