import StreamCore

/// One event that can be used, as the trackers see it.
struct SeenEvent {
  var partition: Int
  var timeMs: Int64
  /// The record's timestamp; `RawMessage.noTimestamp` for none.
  var recordMs: Int64
  var nameHash: UInt64
  var userHash: UInt64
  var idHash: UInt64
  var recordHash: UInt64
  /// Hash of the record's key; 0 for none.
  var keyHash: UInt64
}

/// Follows events: by name, in time, by partition, by user, and copies of them. Memory is bounded
/// by `InspectionLimits`.
struct EventTracker {
  struct Named {
    var name: String
    var count: Int64 = 0
    var firstMs = Int64.max
    var lastMs = Int64.min
    var users = DistinctSketch()
  }

  struct Partition {
    var name: String
    var records: Int64 = 0
    var unusable: Int64 = 0
    var clockMs = Int64.min
    var firstMs = Int64.max
    var lastMs = Int64.min
    var delays = DelayHistogram()
  }

  struct IDEntry {
    var firstMs: Int64
    var copies: Int64 = 0
    var restamped: Int64 = 0
  }

  struct UserEntry {
    var firstPartition: Int
    var isInSeveral = false
  }

  private(set) var named: [Named] = []
  private var placeOfName: [UInt64: Int] = [:]
  private(set) var otherEvents: Int64 = 0
  var partitions: [Partition] = []
  private(set) var ranges = TimeRanges()
  private(set) var ahead = DelayHistogram()
  private(set) var behindRecord = DelayHistogram()
  private(set) var behind: Int64 = 0
  private(set) var ids = KeySample<IDEntry>(limit: InspectionLimits.keysMax)
  private(set) var withID: Int64 = 0
  private(set) var records = KeySample<Int64>(limit: InspectionLimits.keysMax)
  private(set) var users = KeySample<UserEntry>(limit: InspectionLimits.keysMax)
  private(set) var withUser: Int64 = 0
  private(set) var frequentUsers = FrequentKeys(limit: InspectionLimits.frequentKeys)
  private(set) var withKey: Int64 = 0
  private(set) var keyIsUser: Int64 = 0
  private(set) var journeys = KeySample<[Int64]>(limit: InspectionLimits.journeysMax)

  /// The place of a name, made when it is new; nil beyond the limit.
  mutating func place(of hash: UInt64, _ text: UnsafeRawBufferPointer) -> Int? {
    if let known = placeOfName[hash] { return known }
    guard named.count < InspectionLimits.eventNamesMax else { return nil }
    named.append(Named(name: String(decoding: text, as: UTF8.self)))
    placeOfName[hash] = named.count - 1
    return named.count - 1
  }

  /// Takes one event; `place` is that of its name.
  mutating func add(_ event: SeenEvent, place: Int?) {
    if let place {
      named[place].count += 1
      named[place].firstMs = min(named[place].firstMs, event.timeMs)
      named[place].lastMs = max(named[place].lastMs, event.timeMs)
      if event.userHash != 0 { named[place].users.insert(event.userHash) }
    } else {
      otherEvents += 1
    }
    ranges.add(event.timeMs)
    addToPartition(event)
    addCopies(event)
    if event.userHash != 0 { addUser(event, place) }
  }

  private mutating func addToPartition(_ event: SeenEvent) {
    let index = event.partition
    var clockMs = event.timeMs
    if event.recordMs != RawMessage.noTimestamp {
      clockMs = min(clockMs, event.recordMs)
      let (skew, over) = event.timeMs.subtractingReportingOverflow(event.recordMs)
      if !over {
        if skew > 0 { ahead.add(skew) } else { behindRecord.add(0 - max(skew, -Int64.max)) }
      }
    }
    partitions[index].firstMs = min(partitions[index].firstMs, event.timeMs)
    partitions[index].lastMs = max(partitions[index].lastMs, event.timeMs)
    let clock = partitions[index].clockMs
    let delay = clock == .min ? 0 : max(0, clock.subtractingReportingOverflow(event.timeMs).0)
    if delay > 0 { behind += 1 }
    partitions[index].delays.add(delay)
    partitions[index].clockMs = max(clock, clockMs)
  }

  private mutating func addCopies(_ event: SeenEvent) {
    records.update(event.recordHash, first: { -1 }, { $0 += 1 })
    guard event.idHash != 0 else { return }
    withID += 1
    var isFirst = false
    ids.update(
      event.idHash,
      first: {
        isFirst = true
        return IDEntry(firstMs: event.timeMs)
      },
      {
        if isFirst { return }
        if $0.firstMs == event.timeMs { $0.copies += 1 } else { $0.restamped += 1 }
      })
  }

  private mutating func addUser(_ event: SeenEvent, _ place: Int?) {
    withUser += 1
    frequentUsers.add(event.userHash)
    users.update(event.userHash, first: { UserEntry(firstPartition: event.partition) }) {
      if $0.firstPartition != event.partition { $0.isInSeveral = true }
    }
    if event.keyHash != 0 {
      withKey += 1
      if event.keyHash == event.userHash { keyIsUser += 1 }
    }
    guard let place, place < InspectionLimits.eventSlots else { return }
    journeys.update(
      event.userHash,
      first: { [Int64](repeating: .max, count: InspectionLimits.eventSlots) },
      { $0[place] = min($0[place], event.timeMs) })
  }
}
