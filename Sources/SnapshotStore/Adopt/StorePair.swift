import GRDB
import StreamCore

/// A results file and the state file that belongs to it, as one.
public enum StorePair {
  /// Copies the results file at `source`, and its state file where there is one, to `target`, also
  /// while a worker writes to them.
  ///
  /// Each copy is one committed state of its file, by SQLite's online backup, and on the disk when
  /// the call returns. The state is copied first: the results are then of the same snapshot or of a
  /// later one, and never behind it. Throws where there is a file at `target` already, leaving it
  /// alone; a failed call leaves no copy.
  ///
  /// - Returns: Whether there was a state file.
  /// - Complexity: O(bytes of the files).
  @discardableResult
  public static func copy(from source: String, to target: String) throws(StoreError) -> Bool {
    let (sourceState, targetState) = (
      StateFile.path(besides: source), StateFile.path(besides: target)
    )
    for path in [target, target + "-wal", targetState, targetState + "-wal"]
    where FileSystem.size(of: path) != nil {
      throw StoreError(
        kind: .io, path: path, what: "there is a file already",
        whatToDo: "Choose another path, or move that file away")
    }
    try FileSystem.checkWritable(target)
    // Says what is wrong with the source before anything is made.
    try ResultsReader.open(path: source).close()
    let hasState = FileSystem.size(of: sourceState) != nil
    if hasState { try copy(sourceState, to: targetState, .state) }
    do throws(StoreError) {
      try copy(source, to: target, .results)
    } catch {
      if hasState { FileSystem.remove(targetState) }
      throw error
    }
    return hasState
  }

  private static func copy(
    _ source: String, to target: String, _ schema: Schema
  ) throws(StoreError) {
    let unfinished = target + ".tmp"
    let remove = { for suffix in ["", "-wal", "-shm"] { FileSystem.remove(unfinished + suffix) } }
    remove()
    do throws(StoreError) {
      let connection = try Connection(path: source, role: .reader, options: StoreOptions())
      defer { try? connection.close() }
      _ = try connection.read("copying it") { try schema.check($0, path: source) }
      try connection.backup(to: unfinished)
      try FileSystem.finish(unfinished, as: target)
    } catch {
      remove()
      throw error
    }
  }
}

extension Connection {
  /// Copies the file as it is committed now into a new one at `target`.
  func backup(to target: String) throws(StoreError) {
    try run("copying it") { db in
      let queue = try DatabaseQueue(path: target)
      try queue.writeWithoutTransaction { try db.backup(to: $0) }
      try queue.close()
    }
  }
}
