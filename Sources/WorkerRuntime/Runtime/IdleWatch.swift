import StreamCore

/// Decides which partitions are taken as idle, from wall time and what the broker confirms.
///
/// Pure: time and answers come in, decisions go out.
struct IdleWatch {
  /// What a lane knows of a partition.
  struct Seen: Sendable {
    var id: PartitionID
    var nextOffset: Int64
    var logPosition: Int64?
    var isAtEnd: Bool
    var lastInput: WallTime
    var clock: EventTime?
  }

  /// Clocks to lift and why.
  struct Lift: Sendable, Equatable {
    var id: PartitionID
    var offset: Int64
    var clock: EventTime
    var kind: ClockMark.Kind
  }

  private let time: TimePlan
  /// Partitions taken as idle and the offset at which they were.
  private(set) var idle: [PartitionID: Int64] = [:]

  init(time: TimePlan) { self.time = time }

  /// Partitions that have been silent long enough for the broker to be asked about.
  func suspects(_ all: [Seen], now: WallTime) -> [Seen] {
    all.filter {
      $0.isAtEnd && now.ms - $0.lastInput.ms >= time.idleAfterMs && idle[$0.id] != $0.nextOffset
    }
  }

  /// Takes note of what has moved on, and of those that the broker confirmed to be at their end.
  mutating func update(_ all: [Seen], confirmed: Set<PartitionID>) {
    for seen in all {
      if confirmed.contains(seen.id) {
        idle[seen.id] = seen.nextOffset
      } else if idle[seen.id] != nil && idle[seen.id] != seen.nextOffset {
        idle[seen.id] = nil
      }
    }
  }

  /// Clocks to lift so that idle partitions hold nobody back.
  func lifts(_ all: [Seen], now: WallTime) -> [Lift] {
    let active = all.filter { idle[$0.id] == nil }
    let target: EventTime
    let kind: ClockMark.Kind
    if active.isEmpty {
      guard time.advanceWhenIdle else {
        // Among idle ones the one furthest ahead speaks for all: nothing holds it back.
        guard let most = all.compactMap(\.clock).max() else { return [] }
        return lifts(all, to: most, .idle)
      }
      target = EventTime(ms: now.ms - time.idleAfterMs)
      kind = .advance
    } else {
      var least: EventTime?
      for seen in active {
        guard let clock = seen.clock else { return [] }
        least = min(least ?? clock, clock)
      }
      guard let least else { return [] }
      target = least
      kind = .idle
    }
    return lifts(all, to: target, kind)
  }

  private func lifts(_ all: [Seen], to target: EventTime, _ kind: ClockMark.Kind) -> [Lift] {
    all.filter { idle[$0.id] != nil && $0.clock ?? .distantPast < target }
      .map { Lift(id: $0.id, offset: $0.nextOffset, clock: target, kind: kind) }
  }
}
