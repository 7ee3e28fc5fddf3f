/// How far one entity has come through the steps of a rule's sequence, taken out of its section.
///
/// One chain at most stands at each level: of two at one level only the one that began later can
/// do what the other cannot. Chains at lower levels began later. A complete one may wait for its
/// deadline.
final class RiskSequence {
  let stepCount: Int
  let withinMs: Int64
  /// What a waiting chain stands at.
  let waiting: Int
  /// For each level, up to `waiting`, the times and places of a chain's events.
  private var times: ContiguousArray<Int64>
  private var coordinates: ContiguousArray<RiskCoordinate>
  private var read: ContiguousArray<RiskCoordinate> = []
  /// Levels at which a chain stands, a bit for each.
  private var standing: UInt64 = 0

  init(stepCount: Int, withinMs: Int64) {
    self.stepCount = stepCount
    self.withinMs = withinMs
    waiting = stepCount + 1
    times = ContiguousArray(repeating: 0, count: (stepCount + 2) * stepCount)
    coordinates = ContiguousArray(
      repeating: RiskCoordinate(partition: 0, offset: 0), count: (stepCount + 2) * stepCount)
  }

  /// Whether nothing is known.
  var isEmpty: Bool { standing == 0 }

  /// Whether a complete chain waits for its deadline.
  var isWaiting: Bool { stands(waiting) }

  /// When a chain that waits has waited long enough.
  var deadlineMs: Int64 { time(waiting, stepCount - 1) + withinMs }

  /// When the first event of the chain at a level happened.
  func startMs(_ level: Int) -> Int64 { time(level, 0) }

  private func stands(_ level: Int) -> Bool { standing & (1 << UInt64(level)) != 0 }

  private func time(_ level: Int, _ step: Int) -> Int64 { times[level * stepCount + step] }

  /// Forgets everything.
  func clear() { standing = 0 }

  /// Forgets the chain at a level.
  func clear(_ level: Int) { standing &= ~(1 << UInt64(level)) }

  /// Forgets what can no longer be completed at an instant.
  func drop(at ms: Int64) {
    for level in 1..<max(1, stepCount) where stands(level) && ms - time(level, 0) > withinMs {
      clear(level)
    }
  }

  /// Takes an event that is the steps of `steps`, a bit for each. True: a chain is complete, and
  /// stands at the level of the last step until it is cleared.
  func take(_ steps: UInt64, timeMs: Int64, at coordinate: RiskCoordinate) -> Bool {
    drop(at: timeMs)
    var level = stepCount - 1
    while level >= 1 {
      if stands(level), steps & (1 << UInt64(level)) != 0 {
        copy(level, to: level + 1, steps: level)
        put(level + 1, level, timeMs, coordinate)
        clear(level)
      }
      level -= 1
    }
    if steps & 1 != 0 { put(1, 0, timeMs, coordinate) }
    return stands(stepCount)
  }

  private func put(_ level: Int, _ step: Int, _ timeMs: Int64, _ coordinate: RiskCoordinate) {
    times[level * stepCount + step] = timeMs
    coordinates[level * stepCount + step] = coordinate
    standing |= 1 << UInt64(level)
  }

  /// Lets the complete chain wait for its deadline.
  func wait() { copy(stepCount, to: waiting, steps: stepCount) }

  private func copy(_ from: Int, to: Int, steps: Int) {
    for step in 0..<steps {
      times[to * stepCount + step] = times[from * stepCount + step]
      coordinates[to * stepCount + step] = coordinates[from * stepCount + step]
    }
    standing |= 1 << UInt64(to)
  }

  /// When the steps of the complete chain at a level happened.
  func stepTimes(_ level: Int) -> [Int64] { (0..<stepCount).map { time(level, $0) } }

  /// Where the newest events of the complete chain at a level lie.
  func evidence(_ level: Int) -> ContiguousArray<RiskCoordinate> {
    let first = max(0, stepCount - RiskCoordinate.shownMax)
    return ContiguousArray((first..<stepCount).map { coordinates[level * stepCount + $0] })
  }

  // MARK: - Section

  private func stepsAt(_ level: Int) -> Int { min(level, stepCount) }

  /// Takes the part of a section apart.
  func read(_ reader: inout RecordReader) {
    standing = 0
    let levels = reader.readVarint()
    var last: Int64 = 0
    for level in 1...waiting where levels & (1 << UInt64(level)) != 0 {
      last = RecordReader.bounded(last &+ reader.readSignedVarint())
      var timeMs = last
      times[level * stepCount] = timeMs
      for step in 1..<max(1, stepsAt(level)) {
        let gapMs = RecordReader.bounded(Int64(truncatingIfNeeded: reader.readVarint()))
        timeMs = RecordReader.bounded(timeMs &+ gapMs)
        times[level * stepCount + step] = timeMs
      }
      RiskCoordinate.read(stepsAt(level), &reader, into: &read)
      for (step, place) in read.enumerated() { coordinates[level * stepCount + step] = place }
      standing |= 1 << UInt64(level)
    }
  }

  /// Writes the part of a section. The chain that began last comes first.
  func write(into writer: RecordWriter) {
    writer.writeVarint(standing)
    var last: Int64 = 0
    for level in 1...waiting where stands(level) {
      writer.writeSignedVarint(time(level, 0) &- last)
      last = time(level, 0)
      for step in 1..<max(1, stepsAt(level)) {
        writer.writeVarint(UInt64(bitPattern: time(level, step) &- time(level, step - 1)))
      }
      let first = level * stepCount
      RiskCoordinate.write(coordinates[first..<(first + stepsAt(level))], into: writer)
    }
  }

  /// When the chain of a section's part that began last did; nil without one. O(1).
  static func latestStartMs(_ reader: inout RecordReader) -> Int64? {
    reader.readVarint() == 0 ? nil : reader.readSignedVarint()
  }
}
