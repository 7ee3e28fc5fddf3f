import GRDB

extension StoreError {
  /// The error that `error`, thrown while `doing` something to `path`, means to a person.
  ///
  /// SQL and values are left out: they may hold people's data.
  init(_ error: any Error, path: String, doing: String) {
    if let known = error as? StoreError {
      self = known
    } else if let database = error as? DatabaseError {
      self.init(database, path: path, doing: doing)
    } else {
      self.init(
        kind: .io, path: path, what: "\(doing) failed: \(error)",
        whatToDo: "Nothing was changed; try again, and report it if it comes back")
    }
  }

  private init(_ error: DatabaseError, path: String, doing: String) {
    let said =
      "\(doing) failed: \(error.message ?? "no message") (SQLite code "
      + "\(error.extendedResultCode.rawValue))"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self = .damaged(path: path, said)
    case .SQLITE_FULL:
      self = .diskFull(path: path, doing: doing)
    case .SQLITE_IOERR where FileSystem.freeBytes(at: path).map { $0 < 1 << 20 } ?? false:
      self = .diskFull(path: path, doing: doing)
    case .SQLITE_READONLY, .SQLITE_PERM:
      self = .readOnly(path: path, said)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      let others = OpenFile.others(holding: path)
      self.init(
        kind: .locked, path: path,
        what: "\(doing) waited in vain for a lock; open in \(OpenFile.list(others))",
        whatToDo: "End the transaction or the program that holds the lock, then try again")
    case .SQLITE_INTERRUPT:
      self.init(
        kind: .timedOut, path: path, what: "\(doing) took too long and was ended",
        whatToDo: "Ask for less: a shorter range of time, or one stage by name")
    case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH:
      self.init(
        kind: .invalid, path: path, what: said,
        whatToDo: "Nothing was committed; this is a fault of Weir, please report it")
    default:
      self.init(
        kind: .io, path: path, what: said,
        whatToDo: "Nothing was changed; look at the device and the system's log, then start again")
    }
  }

  static func damaged(path: String, _ what: String) -> StoreError {
    StoreError(
      kind: .damaged, path: path, what: "the file is damaged: \(what)",
      whatToDo: path.hasSuffix(stateFileSuffix)
        ? "Keep a copy, then \(StateFile.waysOn(path))"
        : "Keep a copy, then put back a backup, or build a new file with `weir replay --into`")
  }

  static func readOnly(path: String, _ what: String) -> StoreError {
    StoreError(
      kind: .readOnly, path: path, what: "it cannot be written: \(what)",
      whatToDo: "Give this user write access to the file and its directory, or choose another path "
        + "with --data")
  }

  private static func diskFull(path: String, doing: String) -> StoreError {
    let free = FileSystem.freeBytes(at: path).map { "\($0) bytes are" } ?? "no space is"
    return StoreError(
      kind: .diskFull, path: path, what: "\(doing) failed: the disk is full (\(free) left)",
      whatToDo: "Make room or bound the tables with `keep`, then start again; the last committed "
        + "snapshot is intact")
  }
}
