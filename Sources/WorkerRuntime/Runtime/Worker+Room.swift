import PipelineSpec
import SnapshotStore

extension Worker {
  /// Refuses to begin where less is free than has to stay free.
  static func checkRoom(_ pipeline: Pipeline, _ options: WorkerOptions) throws {
    if let error = lowRoom(pipeline, options) { throw error }
  }

  /// Why going on would fill the device of the files; nil while it would not.
  func lowRoom() -> WorkerError? { Self.lowRoom(pipeline, options) }

  private static func lowRoom(_ pipeline: Pipeline, _ options: WorkerOptions) -> WorkerError? {
    let limit = pipeline.storage.minFreeBytes
    guard limit > 0, let free = options.freeBytes(options.dataPath), free < limit else {
      return nil
    }
    let mebibytes = { (bytes: Int64) in "\(bytes >> 20) MiB" }
    return WorkerError(
      .outside,
      "the device of \(options.dataPath) is nearly full: \(mebibytes(free)) are free, and min_free "
        + "is \(mebibytes(limit))",
      whatToDo: "make room there (`df -h`, `du`), bound the tables with keep, or lower min_free in "
        + "the pipeline file, then start again: it goes on where it stopped")
  }

  /// Ends for want of room: commits what was read, without state, where there is room for that.
  /// What to throw then.
  func stopped(by error: WorkerError) throws -> WorkerError {
    for lane in lanes { lane.hold() }
    isReading = false
    do {
      try tick()
      if isCaughtUp { try snapshot(savingState: false, provisional: false) }
    } catch let full as StoreError where full.kind == .diskFull {
      options.log("error: \(full)")
    }
    return error
  }
}
