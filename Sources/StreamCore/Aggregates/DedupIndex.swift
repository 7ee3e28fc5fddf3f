/// The ids of a partition's events that are recent enough for a copy to still be told from a new
/// event.
///
/// By id and event time (`Mode.idAndTime`) an event is a copy when one of equal id *and* equal time
/// was inserted. By id alone (`Mode.id`), for producers that stamp their copies anew, it is a copy
/// when its id was first seen at or after the horizon; the caller passes the partition's clock as
/// the time of an insertion, and the clock less the wanted length as the horizon.
///
/// The answers depend on the sequence of insertions and horizons only. The caller moves the horizon
/// whenever its clock moves, before the next insertion, not once for each batch: it costs a
/// comparison when nothing is to be forgotten.
///
/// Limit: `entryLimit` ids. The insertion that exceeds it drops the oldest bucket of `bucketMs`
/// milliseconds, even before the horizon passes: its ids are counted in `droppedCount`, and copies
/// of those events count as new. By id alone, nothing is remembered again until time has passed the
/// end of that bucket.
///
/// Equal ids means equal 64-bit hashes. A copy of the value shares its memory; an insertion after
/// that copies about 64 KB at most. By id and time an id takes 11 to 16 bytes, by id alone 21 to
/// 32.
public struct DedupIndex: Sendable {
  /// What makes two events copies of each other.
  public enum Mode: UInt8, Sendable {
    /// Equal id and equal event time.
    case idAndTime = 0
    /// Equal id.
    case id = 1
  }

  private struct Bucket {
    var startMs: Int64
    /// Insertions that were new.
    var count = 0
    /// Hashes of id and time; empty by id alone.
    var ids = HashSet64()
  }

  /// Ids kept unless the caller says otherwise.
  public static let defaultEntryLimit = 8_388_608
  private static let timeRange = (Int64.min / 4)...(Int64.max / 4)

  /// What makes two events copies of each other.
  public let mode: Mode
  /// Width of a bucket of time.
  public let bucketMs: Int64
  /// The most ids that are kept.
  public let entryLimit: Int
  /// Ids kept, those of the horizon's own bucket included.
  public private(set) var count = 0
  /// Ids forgotten early because of `entryLimit`.
  public private(set) var droppedCount: Int64 = 0
  /// The least time at which something is remembered.
  public private(set) var horizon = EventTime.distantPast

  /// By start.
  private var buckets: ContiguousArray<Bucket> = []
  /// The bucket of the last insertion.
  private var current = 0
  private var recent = RecentIDs()
  /// By id alone: ids seen before this were dropped because of the limit.
  private var droppedBeforeMs = Int64.min

  /// Makes an empty index. `bucketMs` and `entryLimit` that are not positive count as 1.
  public init(
    mode: Mode, bucketMs: Int64 = 10_000, entryLimit: Int = DedupIndex.defaultEntryLimit
  ) {
    self.mode = mode
    self.bucketMs = min(max(1, bucketMs), Int64.max / 4)
    self.entryLimit = max(1, entryLimit)
  }

  /// Inserts an event by the hash of its id; true when it is new. O(1).
  ///
  /// An event before the horizon is not remembered, and by id and time it is always new.
  public mutating func insert(idHash: UInt64, time: EventTime) -> Bool {
    let timeMs = min(max(time.ms, Self.timeRange.lowerBound), Self.timeRange.upperBound)
    switch mode {
    case .idAndTime:
      if timeMs < horizon.ms { return true }
      let index = bucketIndex(timeMs)
      if !buckets[index].ids.insert(Self.key(idHash, timeMs)) { return false }
      added(to: index)
    case .id:
      let liveFromMs = max(horizon.ms, droppedBeforeMs)
      if !recent.insert(idHash, seenMs: timeMs, liveFromMs: liveFromMs) { return false }
      if timeMs >= liveFromMs { added(to: bucketIndex(timeMs)) }
    }
    return true
  }

  /// Reads the memory that inserting the event will need; see `HashSet64.touch`.
  @inline(__always)
  public mutating func touch(idHash: UInt64, time: EventTime) -> UInt64 {
    guard mode == .idAndTime, isCurrent(time.ms) else { return 0 }
    return buckets[current].ids.touch(Self.key(idHash, time.ms))
  }

  /// Forgets what was inserted with a time before `watermark`. A horizon never falls. O(1) when
  /// nothing is forgotten.
  @inline(__always)
  public mutating func expire(before watermark: EventTime) {
    if watermark.ms <= horizon.ms { return }
    horizon = watermark
    if let first = buckets.first, first.startMs &+ bucketMs <= watermark.ms { dropExpired() }
  }

  /// Bytes of memory that ids take; those shared with copies count in full.
  public var byteCount: Int {
    mode == .id ? count * 32 : buckets.reduce(0) { $0 + $1.ids.byteCount + 64 }
  }

  @inline(__always)
  private static func key(_ idHash: UInt64, _ timeMs: Int64) -> UInt64 {
    Hash64.combine(idHash, UInt64(bitPattern: timeMs))
  }

  @inline(__always)
  private func isCurrent(_ timeMs: Int64) -> Bool {
    current < buckets.count
      && UInt64(bitPattern: timeMs &- buckets[current].startMs) < UInt64(bitPattern: bucketMs)
  }

  @inline(__always)
  private mutating func bucketIndex(_ timeMs: Int64) -> Int {
    if !isCurrent(timeMs) { findBucket(timeMs) }
    return current
  }

  /// Makes the bucket of a time the current one.
  private mutating func findBucket(_ timeMs: Int64) {
    let startMs = FloorDivision.quotient(timeMs, bucketMs) * bucketMs
    var low = 0
    var high = buckets.count
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].startMs < startMs { low = middle + 1 } else { high = middle }
    }
    if low == buckets.count || buckets[low].startMs != startMs {
      var bucket = Bucket(startMs: startMs)
      // As many ids may be expected as came in the time before.
      if low > 0, buckets[low - 1].startMs == startMs - bucketMs {
        bucket.ids = HashSet64(expecting: buckets[low - 1].ids.count)
      }
      buckets.insert(bucket, at: low)
    }
    current = low
  }

  @inline(__always)
  private mutating func added(to index: Int) {
    buckets[index].count += 1
    count += 1
    if count > entryLimit { dropOldest() }
  }

  private mutating func dropOldest() {
    let oldest = buckets.removeFirst()
    count -= oldest.count
    droppedCount += Int64(oldest.count)
    droppedBeforeMs = max(droppedBeforeMs, oldest.startMs + bucketMs)
    current = max(0, current - 1)
  }

  private mutating func dropExpired() {
    let kept =
      buckets.firstIndex { $0.startMs + bucketMs > horizon.ms } ?? buckets.endIndex
    for bucket in buckets[..<kept] { count -= bucket.count }
    buckets.removeFirst(kept)
    current = max(0, current - kept)
  }
}

extension DedupIndex {
  /// Appends all that decides later answers. O(n), sorting included: meant for a copy on another
  /// thread.
  public func encode(into writer: inout ByteWriter) {
    writer.writeByte(mode.rawValue)
    writer.writeVarint(UInt64(bucketMs))
    writer.writeVarint(UInt64(entryLimit))
    writer.writeFixed(horizon.ms)
    writer.writeFixed(droppedBeforeMs)
    writer.writeVarint(UInt64(droppedCount))
    writer.writeVarint(UInt64(buckets.count))
    for bucket in buckets {
      writer.writeSignedVarint(bucket.startMs)
      switch mode {
      case .idAndTime: bucket.ids.encode(into: &writer)
      case .id: writer.writeVarint(UInt64(bucket.count))
      }
    }
    guard mode == .id else { return }
    let live = recent.sorted(liveFromMs: max(horizon.ms, droppedBeforeMs))
    writer.writeVarint(UInt64(live.count))
    for (id, seenMs) in live {
      writer.writeFixed(id)
      writer.writeFixed(seenMs)
    }
  }

  /// Reads what `encode` wrote, with its mode, bucket width and limit.
  public init(from reader: inout ByteReader) throws(CodecError) {
    guard let mode = Mode(rawValue: try reader.readByte("mode of a dedup index")) else {
      throw reader.invalid("mode of a dedup index")
    }
    let bucketMs = try reader.readVarint("bucket width of a dedup index")
    let entryLimit = try reader.readVarint("limit of a dedup index")
    guard (1...UInt64(Int64.max / 4)).contains(bucketMs), (1...UInt64(Int.max)).contains(entryLimit)
    else { throw reader.invalid("bucket width or limit of a dedup index") }
    self.init(mode: mode, bucketMs: Int64(bucketMs), entryLimit: Int(entryLimit))
    horizon = EventTime(ms: try reader.readFixed(Int64.self, "horizon of a dedup index"))
    droppedBeforeMs = try reader.readFixed(Int64.self, "dropped range of a dedup index")
    let dropped = try reader.readVarint("dropped ids of a dedup index")
    guard dropped <= UInt64(Int64.max / 2) else { throw reader.invalid("dropped ids") }
    droppedCount = Int64(dropped)
    try readBuckets(from: &reader)
    if mode == .id { try readIDs(from: &reader) }
  }

  private mutating func readBuckets(from reader: inout ByteReader) throws(CodecError) {
    for _ in 0..<(try reader.readCount("buckets of a dedup index", elementBytes: 2)) {
      var bucket = Bucket(startMs: try reader.readSignedVarint("bucket of a dedup index"))
      let isAligned = bucket.startMs % bucketMs == 0
      let range = (Self.timeRange.lowerBound - bucketMs)...Self.timeRange.upperBound
      guard isAligned, range.contains(bucket.startMs),
        buckets.last.map({ $0.startMs < bucket.startMs }) ?? true
      else { throw reader.invalid("bucket of a dedup index") }
      switch mode {
      case .idAndTime:
        bucket.ids = try HashSet64(from: &reader)
        bucket.count = bucket.ids.count
      case .id:
        let number = try reader.readVarint("count of a dedup bucket")
        guard number <= UInt64(entryLimit) else { throw reader.invalid("count of a dedup bucket") }
        bucket.count = Int(number)
      }
      guard bucket.count <= entryLimit - count else {
        throw reader.invalid("ids of a dedup index beyond its limit")
      }
      count += bucket.count
      buckets.append(bucket)
    }
  }

  private mutating func readIDs(from reader: inout ByteReader) throws(CodecError) {
    for _ in 0..<(try reader.readCount("ids of a dedup index", elementBytes: 16)) {
      let id = try reader.readFixed(UInt64.self, "id of a dedup index")
      let seenMs = try reader.readFixed(Int64.self, "time of a dedup id")
      guard Self.timeRange.contains(seenMs),
        recent.insert(id, seenMs: seenMs, liveFromMs: .min)
      else { throw reader.invalid("id of a dedup index") }
    }
  }
}
