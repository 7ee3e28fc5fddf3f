/// Hands the events of a partition to the shards that own their users.
///
/// Owned by the partition's task; what it gathered is taken with the task's report, so that
/// offsets and routed events always belong together.
final class ExchangeRouter {
  private let plan: StagePlan
  private let groups: [GroupPlan]
  private var batches: [RoutedBatch?]
  private(set) var byteCount = 0

  init(plan: StagePlan, shards: Int) {
    self.plan = plan
    groups = plan.exchanged.map { plan.groups[$0] }
    batches = Array(repeating: nil, count: shards)
  }

  /// Copies the applied events of a block that some exchanged stage may take.
  func route(_ block: EventBlock) {
    for k in 0..<block.appliedCount {
      let i = Int(block.applied[k])
      let row = block.row(i)
      let shard = Int(block.userHash[i] % UInt64(batches.count))
      let batch =
        batches[shard] ?? RoutedBatch(partition: block.partition(i), source: block.source(i))
      batches[shard] = batch
      batch.append(
        RoutedBatch.Entry(
          timeMs: block.timeMs[i], clockMs: block.clockMs[i], userHash: block.userHash[i],
          offset: block.offset[i], firstValue: 0, isStraggler: block.hasStragglers),
        user: row[Slot.user], row, slots: plan.exchangedSlots)
      byteCount += 64 + plan.exchangedSlots.count * 24
    }
  }

  /// The events gathered since the last call, by shard.
  func take() -> [RoutedBatch?] {
    defer {
      batches = Array(repeating: nil, count: batches.count)
      byteCount = 0
    }
    return batches
  }
}

extension PartitionTask {
  /// Events for each shard of the exchange since the last call; empty without an exchange.
  public func takeRouted() -> [RoutedBatch?] { router?.take() ?? [] }

  /// Bytes of events that wait to be taken to the exchange.
  public var routedByteCount: Int { router?.byteCount ?? 0 }
}
