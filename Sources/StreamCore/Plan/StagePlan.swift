/// The plan of every stage that events feed, derived once from the pipeline.
public struct StagePlan: Sendable {
  /// Groups of metrics, then stages with records of users, in an order that depends on the
  /// pipeline's definition alone.
  public let groups: [GroupPlan]
  /// The pipeline it derives from.
  public let pipeline: PipelinePlan
  /// Groups that are applied where the partition is, in the order of its log.
  let local: [Int]
  /// Groups that are applied behind the exchange.
  let exchanged: [Int]
  /// What events taken in order are taken by.
  let ordered: OrderedPlan
  /// Greatest and least lateness over all groups, by source.
  public let greatestLatenessMs: [Int64]
  let leastLatenessMs: [Int64]

  /// Derives the stages of `pipeline`. `keyed` says whether all events of a user are in one
  /// partition; if not, what is kept by user is kept behind the exchange.
  public init(_ pipeline: PipelinePlan, keyed: Bool) {
    self.pipeline = pipeline
    let sources = pipeline.sources
    let lateness = { (own: Int64?) in
      sources.map { own ?? $0.latenessMs ?? pipeline.time.latenessMs }
    }
    var builders: [GroupBuilder] = []
    let metrics = pipeline.metrics + KPIFeeds(pipeline).metrics
    for metric in metrics.sorted(by: { $0.name < $1.name }) {
      let isOrdered = metric.slots.contains { $0 >= pipeline.firstTraitSlot }
      let exchanged = !keyed && (isOrdered || metric.aggregate == .distinctUsers)
      let latenessMs = lateness(metric.latenessMs)
      let at = builders.firstIndex {
        $0.accepts(metric, latenessMs, exchanged, isOrdered || exchanged)
      }
      if let at {
        builders[at].add(metric)
      } else {
        var builder = GroupBuilder(
          first: metric, latenessMs: latenessMs, exchanged: exchanged,
          isOrdered: isOrdered || exchanged)
        builder.add(metric)
        builders.append(builder)
      }
    }
    var groups = builders.enumerated().map { $0.element.build(index: $0.offset) }
    for stage in UserStagePlan.all(pipeline) {
      groups.append(
        GroupPlan(
          stage, index: groups.count, latenessMs: lateness(stage.latenessMs),
          exchanged: !keyed || stage.key != nil))
    }
    self.groups = groups
    local = groups.filter { !$0.isOrdered }.map(\.index)
    exchanged = groups.filter(\.exchanged).map(\.index)
    ordered = OrderedPlan(groups, pipeline, keyed: keyed)
    let all = groups.map(\.latenessMs)
    let fallback = lateness(nil)
    greatestLatenessMs = sources.indices.map { s in all.map { $0[s] }.max() ?? fallback[s] }
    leastLatenessMs = sources.indices.map { s in all.map { $0[s] }.min() ?? fallback[s] }
  }

  /// Whether any stage's key is not the partition's.
  public var needsExchange: Bool { !exchanged.isEmpty }

  /// The lateness with which a group's events are applied: behind the exchange, or where events
  /// are taken in order, that of the group with the greatest.
  func settlingLatenessMs(_ index: Int, source: Int) -> Int64 {
    let group = groups[index]
    guard group.isOrdered else { return group.latenessMs[source] }
    return group.exchanged
      ? ordered.exchangedLatenessMs[source] : ordered.localLatenessMs[source]
  }
}

extension StagePlan {
  /// Whether a group would take an event, as far as that can be said before its turn comes: what
  /// depends on what is known of the user may.
  func mayTake(
    _ group: GroupPlan, _ row: UnsafePointer<Value>, _ bits: UInt64, hasUser: Bool,
    _ scratch: ScratchArena
  ) -> Bool {
    guard let stage = group.stage else {
      guard let condition = group.condition else { return true }
      if condition.slots.contains(where: { $0 >= pipeline.firstTraitSlot }) { return true }
      return condition.isTrue(row, scratch)
    }
    return (hasUser || stage.key != nil) && mayTake(group, bits)
  }

  /// Whether a stage with records would take an event that has its key, as far as the conditions
  /// that hold of the event tell.
  func mayTake(_ group: GroupPlan, _ bits: UInt64) -> Bool {
    if group.stage?.takesEveryEvent ?? false { return true }
    for set in ordered.sets {
      guard let at = set.stages.firstIndex(of: group.index) else { continue }
      let deciding = set.conditions[at].prefix(group.stage?.decidingCount ?? Int.max)
      return deciding.contains { $0.bit.map { bits & $0 != 0 } ?? true }
    }
    return false
  }
}

extension MetricPlan {
  /// Slots that it reads.
  var slots: Set<Int> {
    Set(
      (value?.slots ?? []) + (condition?.slots ?? []) + dimensions.flatMap(\.expression.slots))
  }
}

extension GroupPlan {
  /// The group of a stage that keeps records of users.
  init(_ stage: UserStagePlan, index: Int, latenessMs: [Int64], exchanged: Bool) {
    self.init(
      index: index, stage: stage, closingDelayMs: stage.closingDelayMs, window: stage.window,
      dimensions: stage.dimensions, condition: nil, maxSeries: stage.maxSeries, seriesTTLMs: 0,
      latenessMs: latenessMs, exchanged: exchanged, isOrdered: true, inputs: [], metrics: [],
      countsUsers: false,
      otherDimensions: SeriesKey.otherDimensions(stage.dimensions.map(\.name)),
      parts: stage.parts)
  }
}
