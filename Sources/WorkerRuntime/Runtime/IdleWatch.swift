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
    /// Whether it is read to the end of a log to which nothing came for long.
    var isQuiet = false
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
    guard time.advanceWhenIdle, all.allSatisfy({ idle[$0.id] != nil }) else {
      return liftsAlong(all)
    }
    return lifts(all, to: EventTime(ms: now.ms - time.idleAfterMs), .advance)
  }

  /// Clocks of idle partitions to lift along with those that are not.
  func liftsAlong(_ all: [Seen]) -> [Lift] {
    let active = all.filter { idle[$0.id] == nil }
    if active.isEmpty {
      // Among idle ones the one furthest ahead speaks for all: nothing holds it back.
      return all.compactMap(\.clock).max().map { lifts(all, to: $0, .idle) } ?? []
    }
    var least: EventTime?
    for seen in active {
      guard let clock = seen.clock else { return [] }
      least = min(least ?? clock, clock)
    }
    return least.map { lifts(all, to: $0, .idle) } ?? []
  }

  private func lifts(_ all: [Seen], to target: EventTime, _ kind: ClockMark.Kind) -> [Lift] {
    all.filter { idle[$0.id] != nil && $0.clock ?? .distantPast < target }
      .map { Lift(id: $0.id, offset: $0.nextOffset, clock: target, kind: kind) }
  }
}
