/// What becomes of each event of a partition's log, by the words of the rules: one event after the
/// other, plain arithmetic, no code of the product.
public struct FatesOracle: Sendable {
  /// The one fate that each event has.
  public enum Fate: String, Sendable, CaseIterable {
    case rejected, filtered, late, duplicate, applied
  }

  /// How far the watermark is behind the clock. Of several stages, the greatest.
  public var latenessMs: Int64
  /// Events before this are rejected.
  public var notBeforeMs: Int64
  /// Events further past their record's timestamp are rejected.
  public var maxAheadMs: Int64

  /// The defaults are those of a pipeline file.
  public init(
    latenessMs: Int64 = 60_000, notBeforeMs: Int64 = 631_152_000_000,
    maxAheadMs: Int64 = 86_400_000
  ) {
    self.latenessMs = latenessMs
    self.notBeforeMs = notBeforeMs
    self.maxAheadMs = maxAheadMs
  }

  /// What a log comes to.
  public struct Outcome: Sendable {
    /// The fate of each event, in the log's order.
    public var fates: [Fate]
    /// How far each event was behind the clock when it was read, in milliseconds; 0 if it was not.
    public var behindMs: [Int64] = []
    /// The partition's clock at the end; nil when everything was rejected.
    public var clockMs: Int64?

    /// How many met `fate`.
    public func count(_ fate: Fate) -> Int { fates.count { $0 == fate } }
  }

  /// Follows one partition's log from its beginning.
  ///
  /// - Parameters:
  ///   - wanted: the pipeline's filter.
  ///   - recordTimestamps: false for files, whose records have none.
  public func follow(
    _ log: [HistoryEvent], wanted: (HistoryEvent) -> Bool = { _ in true },
    recordTimestamps: Bool = true
  ) -> Outcome {
    var outcome = Outcome(fates: [])
    var seen: [String: Set<Int64>] = [:]
    for event in log {
      let record = recordTimestamps ? event.recordMs : nil
      if isRejected(event, record) {
        outcome.fates.append(.rejected)
        outcome.behindMs.append(0)
        continue
      }
      let reached = min(event.timeMs, record ?? event.timeMs)
      let clock = max(outcome.clockMs ?? reached, reached)
      outcome.clockMs = clock
      outcome.behindMs.append(max(0, clock - event.timeMs))
      if !wanted(event) {
        outcome.fates.append(.filtered)
      } else if event.timeMs < clock - latenessMs {
        outcome.fates.append(.late)
      } else if let id = event.id, seen[id]?.contains(event.timeMs) == true {
        outcome.fates.append(.duplicate)
      } else {
        if let id = event.id { seen[id, default: []].insert(event.timeMs) }
        outcome.fates.append(.applied)
      }
    }
    return outcome
  }

  private func isRejected(_ event: HistoryEvent, _ record: Int64?) -> Bool {
    switch event.fault {
    case .empty, .notJSON, .notObject, .truncated, .noTime, .noName, .badTime, .badName: return true
    case .tooOld, .tooFarAhead, nil: break
    }
    if event.timeMs < notBeforeMs { return true }
    return record.map { event.timeMs - $0 > maxAheadMs } ?? false
  }

  /// The applied events of several partitions' logs, for the oracles of stages.
  public func applied(
    _ logs: [[HistoryEvent]], topic: String = "", wanted: (HistoryEvent) -> Bool = { _ in true },
    recordTimestamps: Bool = true
  ) -> [OracleEvent] {
    logs.enumerated().flatMap { partition, log in
      let outcome = follow(log, wanted: wanted, recordTimestamps: recordTimestamps)
      return log.indices.filter { outcome.fates[$0] == .applied }.map {
        OracleEvent(
          log[$0], topic: topic, partition: partition, offset: $0, behindMs: outcome.behindMs[$0])
      }
    }
  }
}
