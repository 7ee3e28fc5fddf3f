import GRDB
import StreamCore

/// What became of a wish to change a threshold.
public enum ThresholdOutcome: Sendable, Equatable {
  /// It is stored; from when on it holds, in words.
  case taken(String)
  /// Nothing was changed, and why.
  case refused(Refusal)
  /// A worker holds the file and has not answered yet; it will, at its next snapshot.
  case waiting(requestID: Int64)
}

extension PeopleDesk {
  /// Sets a threshold, or gives it back to the file, and waits for what becomes of it.
  ///
  /// What is wrong with the request is said at once. Then it is stored for the worker, whose next
  /// snapshot answers it; where no worker holds the file, the desk answers all requests that wait,
  /// in their order, in the worker's place.
  ///
  /// - Parameters:
  ///   - request: What is asked; its `id`, `state` and `answer` are the desk's.
  ///   - now: The time of day.
  ///   - goOn: Called between two looks at the answer, with their number so far; sleeps a little,
  ///     and says whether to go on waiting.
  /// - Complexity: O(rules + rows of `thresholds`) for each look.
  public func setThreshold(
    _ request: ThresholdRequest, now: () -> WallTime, goOn: (Int) -> Bool
  ) throws(StoreError) -> ThresholdOutcome {
    switch try ask(request, now: now()) {
    case .failure(let refusal): return .refused(refusal)
    case .success(let id): return try wait(for: id, now: now, goOn: goOn)
    }
  }

  /// Waits for the answer to a request that was asked before, as `setThreshold` does.
  public func wait(
    for requestID: Int64, now: () -> WallTime, goOn: (Int) -> Bool
  ) throws(StoreError) -> ThresholdOutcome {
    var looks = 0
    while true {
      if let answered = try answer(to: requestID) { return answered }
      if try answerInPlaceOfWorker(now: now()), let answered = try answer(to: requestID) {
        return answered
      }
      looks += 1
      guard goOn(looks) else { return .waiting(requestID: requestID) }
    }
  }

  /// Stores the request, unless it is refused as things stand.
  private func ask(
    _ request: ThresholdRequest, now: WallTime
  ) throws(StoreError) -> Result<Int64, Refusal> {
    try change("asking for a threshold") { db in
      let row = try ThresholdDesk.apply(
        request, rules: try RuleRow.all(db), rows: try ThresholdRow.all(db),
        clock: try PartitionProgress.greatestClock(db), now: now
      ).get()
      let insert = try BoundStatement(
        db,
        """
        INSERT INTO threshold_requests (rule, name, dimensions, value, from_ms, requested_wall_ms,
          requested_by, reason, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting')
        """)
      var binder = ColumnBinder(insert)
      binder.put(row.rule)
      binder.put(row.name)
      binder.put(row.dimensions)
      binder.put(optional: request.value)
      binder.put(optional: request.from?.ms)
      binder.put(now.ms)
      binder.put(request.requestedBy)
      binder.put(request.reason)
      try insert.execute()
      return db.lastInsertedRowID
    }
  }

  private func answer(to id: Int64) throws(StoreError) -> ThresholdOutcome? {
    try connection.read("reading the answer") { db in
      var filter = Filter()
      filter.require("id = ?", .integer(id))
      guard let request = try ThresholdRequest.all(db, filter).first else {
        return .refused(
          Refusal("the request \(id) is gone", whatToDo: "Look at `weir thresholds history`"))
      }
      switch request.state {
      case .waiting: return nil
      case .taken: return .taken(request.answer ?? "taken")
      case .refused: return .refused(Refusal(answer: request.answer ?? "refused"))
      }
    }
  }

  /// Answers every request that waits, unless a worker holds the file; whether it did.
  private func answerInPlaceOfWorker(now: WallTime) throws(StoreError) -> Bool {
    let lock: FileLock
    do {
      lock = try FileLock(of: path)
    } catch  where error.kind == .locked {
      return false
    }
    defer { lock.release() }
    try connection.run("setting thresholds") { db in
      try db.inTransaction(.immediate) {
        let answered = ThresholdDesk.answer(
          try ThresholdRequest.waiting(db), rules: try RuleRow.all(db),
          rows: try ThresholdRow.all(db), clock: try PartitionProgress.greatestClock(db), now: now)
        let writer = PeopleWriter(db)
        try writer.write(answered.rows)
        try writer.write(answered.answers, limit: StoreOptions().requestLimit)
        return .commit
      }
    }
    return true
  }
}
