import Glibc

/// Removes a results file that is to be made anew.
public enum ResultsRemoval {
  /// What stands behind the path of a results file in the names of the files that belong to it,
  /// itself included, the last. Files of locks are not among them: they always stay.
  public static let suffixes = [
    "-state-journal", "-state-wal", "-state-shm", "-state", "-wal", "-shm", "",
  ]

  /// Removes the results file at `path`, its log and its state, while holding both locks; nothing
  /// when there is no file.
  ///
  /// Throws, with all files as they were, a `StoreError`: `foreign` or `damaged` for a file that is
  /// none of Weir's, `otherPipeline` for one of another pipeline than `pipeline`, `locked` while a
  /// worker holds it. `io` and `readOnly` may leave a part.
  public static func remove(path: String, of pipeline: String) throws(StoreError) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    let held = try LiveLog.read(path: path).pipeline
    guard held == pipeline else {
      throw StoreError(
        kind: .otherPipeline, path: path, what: "it holds results of the pipeline \(held)",
        whatToDo: "Choose another path with --data")
    }
    let results = try FileLock(of: path)
    defer { results.release() }
    let state = try FileLock(of: path + stateFileSuffix)
    defer { state.release() }
    for suffix in suffixes where unlink(path + suffix) != 0 && errno != ENOENT {
      throw StoreError(
        kind: errno == EACCES || errno == EPERM || errno == EROFS ? .readOnly : .io,
        path: path + suffix, what: "it cannot be removed: \(FileSystem.reason())",
        whatToDo: "Remove it, or choose another path with --data")
    }
  }
}
