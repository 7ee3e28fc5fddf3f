/// Judges events on arrival, before their turn comes: what is settled of their entity, and then its
/// events that wait, in order.
///
/// It only finds openings, and keeps nothing of them: an entity whose events wait is judged anew
/// when another comes. Asked between batches; O(events that came, and for each entity that they are
/// of its events that wait, `maxEvents` at most).
final class RiskArrivals {
  /// An event that waits, in the list of its entity's.
  private struct Node {
    var waiting: Sequencer.Waiting
    var keyHash: UInt64
    var next: Int32
  }

  /// An entity of one kind of key.
  private struct Key: Hashable {
    var hash: UInt64
    var kind: UInt8
  }

  private let sequencer: Sequencer
  private let block: EventBlock
  private let scratch = ScratchArena()
  private var nodes: ContiguousArray<Node> = []
  private var free: Int32 = -1
  private var freeCount = 0
  /// The event of an entity that came last.
  private var lists: [Key: Int32] = [:]
  private var touched: Set<Key> = []

  init(sequencer: Sequencer, stride: Int) {
    self.sequencer = sequencer
    block = EventBlock(stride: stride)
  }

  /// Openings of entities of which events came since the last call.
  func judge(_ risky: [UserStages]) -> [FindingReport] {
    let noted = sequencer.takeNoted()
    if noted.isEmpty { return [] }
    if nodes.count - freeCount > 2 * sequencer.count + 1_024 { sweep() }
    for waiting in noted {
      let entry = sequencer.entry(waiting)
      for stages in risky where stages.key == Int(entry.key) && entry.keyHash != 0 {
        let isLookedAt = stages.risks.contains { _, risk in
          risk.isJudgedOnArrival && (risk.takesEveryEvent || entry.bits & risk.mask != 0)
        }
        if isLookedAt { keep(waiting, Key(hash: entry.keyHash, kind: entry.key)) }
      }
    }
    defer { touched.removeAll(keepingCapacity: true) }
    var found: [FindingReport] = []
    for stages in risky {
      for key in touched where Int(key.kind) == stages.key { judge(key, stages, &found) }
    }
    return found
  }

  private func keep(_ waiting: Sequencer.Waiting, _ key: Key) {
    let node = Node(waiting: waiting, keyHash: key.hash, next: lists[key] ?? -1)
    if free >= 0 {
      lists[key] = free
      let next = nodes[Int(free)].next
      nodes[Int(free)] = node
      free = next
      freeCount -= 1
    } else {
      lists[key] = Int32(nodes.count)
      nodes.append(node)
    }
    touched.insert(key)
  }

  /// Frees the nodes of a list from one on.
  private func release(from first: Int32) {
    var at = first
    while at >= 0 {
      let next = nodes[Int(at)].next
      nodes[Int(at)].next = free
      free = at
      freeCount += 1
      at = next
    }
  }

  /// The events of an entity that wait, newest arrival first, `limit` at most; the rest is
  /// forgotten.
  private func pending(_ key: Key, limit: Int) -> [Sequencer.Waiting] {
    var found: [Sequencer.Waiting] = []
    var kept: [Node] = []
    let first = lists[key] ?? -1
    var at = first
    while at >= 0, found.count < limit {
      let node = nodes[Int(at)]
      if node.waiting.timeMs >= sequencer.appliedThrough {
        found.append(node.waiting)
        kept.append(node)
      }
      at = node.next
    }
    release(from: first)
    lists[key] = nil
    for node in kept.reversed() { keep(node.waiting, key) }
    return found
  }

  /// Frees all events that do not wait any more.
  private func sweep() {
    for (key, first) in lists {
      var live: Int32 = -1
      var at = first
      while at >= 0 {
        let next = nodes[Int(at)].next
        let isLive = nodes[Int(at)].waiting.timeMs >= sequencer.appliedThrough
        nodes[Int(at)].next = isLive ? live : free
        if isLive {
          live = at
        } else {
          free = at
          freeCount += 1
        }
        at = next
      }
      lists[key] = live >= 0 ? live : nil
    }
  }

  private func judge(_ key: Key, _ stages: UserStages, _ found: inout [FindingReport]) {
    let limit = stages.risks.map(\.stage.risk.maxEvents).max() ?? 0
    let pending = pending(key, limit: limit).sorted { sequencer.comesBefore($0, $1) }
    for (at, risk) in stages.risks where risk.isJudgedOnArrival {
      scratch.reset()
      risk.beginTrying(stages.settledSection(at, key.hash))
      for waiting in pending {
        block.begin()
        block.partitions.removeAll(keepingCapacity: true)
        block.sources.removeAll(keepingCapacity: true)
        sequencer.fill(block, 0, waiting, after: -1)
        if block.hasStragglers && stages.isBehind(risk, block, 0) { continue }
        risk.attempt(
          UserStage.Event(
            timeMs: block.timeMs[0], bits: block.bits[0], row: block.row(0), scratch: scratch,
            block: block, index: 0))
      }
      if let opening = risk.endTrying() { found.append(opening) }
    }
  }
}

extension RiskStage {
  /// Begins to try what events of an entity would come to, from its settled section on.
  func beginTrying(_ section: UnsafeRawBufferPointer) {
    isTrying = true
    tried.removeAll(keepingCapacity: true)
    read(section)
  }

  /// Tries an event.
  func attempt(_ event: Event) {
    let found = matches(event)
    if found != 0 { take(event, found) }
  }

  /// Ends the trying; gives the first opening.
  func endTrying() -> FindingReport? {
    isTrying = false
    return tried.first
  }

  /// Whether what it reads of an event is known only when its turn comes.
  func readsTraits(_ pipeline: PipelinePlan) -> Bool {
    var all = (risk.condition?.slots ?? []) + risk.pattern.conditions.flatMap { $0?.slots ?? [] }
    if case .window(_, let aggregates) = risk.pattern {
      all += aggregates.flatMap { $0.value?.slots ?? [] }
    }
    return all.contains { $0 >= pipeline.firstTraitSlot }
  }
}
