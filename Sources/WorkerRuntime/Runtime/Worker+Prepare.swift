import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore

extension Worker {
  /// Shards of the exchange: more than any machine has lanes, and always as many, because state
  /// and contributions are stored by shard.
  static let shardCount = 16

  /// One partition to read and where to begin.
  struct Assignment {
    var id: PartitionID
    var sourceIndex: Int
    var startOffset: Int64
    var reader: (any RecordReader)?
  }

  /// Makes tasks, restores their state and deals them to lanes.
  func prepare(_ opened: OpenedFiles, _ logs: [FiniteLog]) throws {
    let resume = opened.results.resume
    var assignments: [Assignment] = []
    if let kafka {
      let accepts = options.acceptsEmptyFile || options.replay != nil
      try kafka.refuseEmptyFile(resume: resume, accepts: accepts)
      let known = opened.state?.positions ?? resume?.positions
      try kafka.checkPartitions(known: known)
      for (id, sourceIndex) in kafka.partitions {
        let start =
          try known?[id] ?? options.replay?.starts[id] ?? kafka.startOffset(id, sourceIndex)
        assignments.append(Assignment(id: id, sourceIndex: sourceIndex, startOffset: start))
      }
    } else {
      let followed = options.replay?.live?.positions
      try checkLogs(logs, known: opened.state?.positions ?? resume?.positions ?? followed)
      for log in logs.sorted(by: { $0.id < $1.id }) {
        let start =
          opened.state?.positions[log.id] ?? resume?.positions[log.id]
          ?? options.replay?.starts[log.id] ?? 0
        try log.reader.skip(records: start)
        assignments.append(
          Assignment(
            id: log.id, sourceIndex: log.sourceIndex, startOffset: start, reader: log.reader))
      }
    }
    scope = reportScope(resume)
    if let until = scope.until { merge.limit = until }
    let register = resume.flatMap { StageRegister(manifest: $0.manifest) }
    merge.begins = pipeline.plan.begins(register)
    merge.judgedThrough = register?.judgedThrough ?? [:]
    newManifest = firstManifest(assignments, resume)
    let stored = resume?.marks ?? []
    newMarks = (options.replay?.live?.marks ?? []).filter { !stored.contains($0) }
    let marks = stored + newMarks
    let tasks = assignments.map { assignment in
      PartitionTask(
        id: assignment.id, sourceIndex: assignment.sourceIndex, plan: plan,
        startOffset: assignment.startOffset, marks: marks,
        shards: plan.needsExchange ? Self.shardCount : 0)
    }
    let shards =
      plan.needsExchange ? (0..<Self.shardCount).map { ExchangeShard(index: $0, plan: plan) } : []
    for assignment in assignments {
      merge.register(assignment.id, source: assignment.sourceIndex)
    }
    if kafka == nil || options.replay != nil {
      for task in tasks { task.judgesArrivals = false }
      for shard in shards { shard.judgesArrivals = false }
    }
    try restore(opened.state, tasks, shards)
    if !pipeline.plan.risks.isEmpty {
      let rules = Set(pipeline.plan.risks.map(\.name))
      merge.adopt(
        findings: try opened.results.findings(since: settledThrough(tasks)).filter {
          rules.contains($0.rule)
        })
    }
    try makeLanes(assignments, tasks, shards)
  }

  /// No event before this is settled again: the least clock, less more than any lateness.
  private func settledThrough(_ tasks: [PartitionTask]) -> EventTime {
    let plan = pipeline.plan
    let own = plan.risks.compactMap(\.latenessMs) + plan.sources.compactMap(\.latenessMs)
    let clockMs = tasks.map { max($0.clockMs, EventTime.distantPast.ms) }.min() ?? 0
    return EventTime(ms: clockMs - (own + [plan.time.latenessMs]).reduce(0, +))
  }

  /// Refuses logs of one name, and others than those that the file was made from.
  private func checkLogs(_ logs: [FiniteLog], known: [PartitionID: Int64]?) throws {
    let now = Set(logs.map(\.id))
    guard now.count == logs.count else {
      throw WorkerError(
        .usage, "two logs of the input have one name", whatToDo: "name each file once")
    }
    guard let known, !known.isEmpty, Set(known.keys) != now else { return }
    let changed = now.symmetricDifference(known.keys).sorted()
    throw WorkerError(
      .refused, "\(options.dataPath) was made from other files: \(changed[0]) differs",
      whatToDo: "give the same files as before, or choose a new file with --data")
  }

  private func restore(
    _ state: LoadedState?, _ tasks: [PartitionTask], _ shards: [ExchangeShard]
  ) throws {
    guard let state else { return }
    nextStateIsFull = false
    let taskByOwner = Dictionary(uniqueKeysWithValues: tasks.map { ($0.id.description, $0) })
    let shardByOwner = Dictionary(uniqueKeysWithValues: shards.map { ($0.owner, $0) })
    let progress = options.progress
    try state.forEachRecord { owner, stage, key, codecVersion, bytes in
      progress.beat()
      let record = StateRecord(
        key: StateKey(owner: owner, stage: stage, key: Array(key)), codecVersion: codecVersion,
        bytes: Array(bytes))
      try record.checkReadable(beside: options.dataPath)
      if Merge.owns(record) {
        try merge.restore(record)
      } else if let task = taskByOwner[owner] {
        try task.restore(record)
      } else if let shard = shardByOwner[owner] {
        try shard.restore(record)
      } else {
        throw WorkerError(
          .refused, "the state file holds state of \(owner), which is not among the input",
          whatToDo: "run with the topics and files that \(options.dataPath) was made from, or "
            + "choose a new file with --data")
      }
    }
    for task in tasks { try task.finishRestore() }
    for shard in shards { try shard.finishRestore() }
  }

  private func makeLanes(
    _ assignments: [Assignment], _ tasks: [PartitionTask], _ shards: [ExchangeShard]
  ) throws {
    let gate = DriftGate(
      partitions: tasks.count, maxDriftMs: pipeline.plan.time.maxDriftMs)
    let dealt = deal(assignments)
    let now = options.now()
    let reached = tasks.map(\.clockMs).max() ?? EventTime.distantPast.ms
    let pace = options.replay?.makePace(reached: EventTime(ms: reached))
    let asked = options.replay?.asked ?? now
    let quietBefore = WallTime(ms: asked.ms - pipeline.plan.time.idleAfterMs)
    for (number, members) in dealt.enumerated() {
      let limits = options.replay?.limits(
        members.map {
          let id = assignments[$0].id
          return (id, plan.greatestLatenessMs[assignments[$0].sourceIndex], target[id] ?? 0)
        }, pace: pace, quietBefore: quietBefore)
      let feed: any LaneFeed
      if let kafka {
        for index in members {
          if options.replay == nil, kafka.hasDeadLetters(assignments[index].sourceIndex) {
            tasks[index].deadLettersFrom =
              target[assignments[index].id] ?? assignments[index].startOffset
          }
        }
        feed = try kafka.makeFeed(
          members.map { assignments[$0] }, gate: gate, gateIndices: members, lanes: dealt.count,
          limits: limits, now: options.now)
      } else {
        let logs = members.compactMap { index in
          assignments[index].reader.map { FileFeed.Log(reader: $0, gateIndex: index) }
        }
        feed = FileFeed(logs: logs, gate: gate, limits: limits, now: options.now)
      }
      for (index, member) in members.enumerated() {
        places[assignments[member].id] = (number, index)
      }
      let own = shards.enumerated().filter { $0.offset % dealt.count == number }.map(\.element)
      let content = LaneContent(
        tasks: members.map { tasks[$0] }, shards: own, feed: feed, now: now)
      let lane = Lane(content, signal: signal)
      lane.start(name: "lane-\(number)")
      lanes.append(lane)
    }
  }

  /// Deals partitions to lanes evenly; partitions of different clusters never share one.
  private func deal(_ assignments: [Assignment]) -> [[Int]] {
    var clusters: [Int: [Int]] = [:]
    for (index, assignment) in assignments.enumerated() {
      clusters[kafka?.cluster(of: assignment.sourceIndex) ?? 0, default: []].append(index)
    }
    var dealt: [[Int]] = []
    for (_, members) in clusters.sorted(by: { $0.key < $1.key }) {
      let width = min(members.count, max(1, options.lanes / clusters.count))
      var own = [[Int]](repeating: [], count: width)
      for (position, member) in members.enumerated() { own[position % width].append(member) }
      dealt += own
    }
    return dealt
  }
}
