import PipelineSpec
import StreamCore

/// Judges how well the worker itself is doing, on wall time.
///
/// Pure: samples come in, changes go out. Its alerts are outside the result digest: the same log
/// read at another time would have others.
struct HealthMonitor {
  /// How it looks at one instant.
  struct Sample {
    var now: WallTime
    /// Wall time of each source's last input, by the source's name; the start of the worker where
    /// nothing came yet.
    var lastInput: [String: WallTime]
    /// The pipeline watermark; nil before there is one.
    var watermark: EventTime?
    /// Fates of everything read by this worker's life and those before it.
    var fates: FateCounts
    /// Sampled users that were seen in two partitions.
    var usersInTwoPartitions: Int
    /// When the oldest notification was decided that still waits.
    var oldestUndelivered: WallTime?
    /// By how much backups and archives are overdue, by kind, in milliseconds; 0 and less: they are
    /// not.
    var overdueCopies: [String: Int64] = [:]
  }

  /// A rule that began to fire, or ended.
  struct Change: Equatable {
    /// `freshness`, `lag`, `rejected_share`, `late_share`, `users_in_two_partitions`,
    /// `undelivered`, `backup`.
    var rule: String
    /// Canonical JSON: the source of a freshness rule, the kind of copy of a backup rule; else
    /// `{}`.
    var dimensions: String
    var isFiring: Bool
    /// When it began.
    var since: WallTime
    var value: Double
    var threshold: Double
  }

  private struct Key: Hashable, Comparable {
    let rule: String
    let dimensions: String

    static func < (a: Key, b: Key) -> Bool { (a.rule, a.dimensions) < (b.rule, b.dimensions) }
  }

  private let options: HealthOptions
  private var firing: [Key: WallTime] = [:]
  /// Last input of each source as of the first sample: the start, where nothing came since.
  private var firstInput: [String: WallTime] = [:]
  /// Fates at some instants of the last `shareMs`, oldest first.
  private var history: [(at: WallTime, fates: FateCounts)] = []
  /// How far behind the watermark was, since it is over the limit, oldest first.
  private var behind: [(at: WallTime, lagMs: Int64)] = []

  /// What shares are counted over.
  static let shareMs: Int64 = 300_000
  /// Fewer events say nothing of a share.
  static let shareEvents: Int64 = 20
  /// A worker that has caught up by so much within this time is catching up.
  static let catchUpMs: Int64 = 60_000

  init(_ options: HealthOptions) { self.options = options }

  /// Takes over what fired when an earlier life of the worker ended.
  mutating func adopt(rule: String, dimensions: String, since: WallTime) {
    firing[Key(rule: rule, dimensions: dimensions)] = since
  }

  /// What changed since the last sample, by rule and dimensions.
  mutating func judge(_ sample: Sample) -> [Change] {
    var found: [Key: (isBad: Bool, value: Double, threshold: Double)] = [:]
    func add(_ rule: String, _ dimensions: String, _ value: Double, over threshold: Double) {
      found[Key(rule: rule, dimensions: dimensions)] = (value > threshold, value, threshold)
    }
    if let limit = options.freshnessMs {
      for (source, last) in sample.lastInput {
        let dimensions = Self.dimensions("source", source)
        let silentMs = sample.now.ms - lastHeard(source, last, dimensions, limit).ms
        add("freshness", dimensions, Double(silentMs), over: Double(limit))
      }
    }
    if let limit = options.lagMs { addLag(sample, limit, &found) }
    addShares(sample, &found)
    if options.usersInTwoPartitions {
      add("users_in_two_partitions", "{}", Double(sample.usersInTwoPartitions), over: 0)
    }
    if let limit = options.undeliveredMs {
      let waiting = sample.oldestUndelivered.map { Double(sample.now.ms - $0.ms) } ?? 0
      add("undelivered", "{}", waiting, over: Double(limit))
    }
    if options.backupOverdue {
      for (kind, overdueMs) in sample.overdueCopies {
        add("backup", Self.dimensions("copy", kind), Double(overdueMs), over: 0)
      }
    }
    return found.sorted { $0.key < $1.key }.compactMap { key, result in
      change(key, result, sample.now)
    }
  }

  /// When a source was last heard of. What an earlier life found silent is so until it is heard
  /// again, though this life began later.
  private mutating func lastHeard(
    _ source: String, _ last: WallTime, _ dimensions: String, _ limit: Int64
  ) -> WallTime {
    let first = firstInput[source] ?? last
    firstInput[source] = first
    guard first == last, let since = firing[Key(rule: "freshness", dimensions: dimensions)] else {
      return last
    }
    return min(last, WallTime(ms: since.ms - limit - 1))
  }

  private mutating func change(
    _ key: Key, _ result: (isBad: Bool, value: Double, threshold: Double), _ now: WallTime
  ) -> Change? {
    guard result.isBad != (firing[key] != nil) else { return nil }
    let since = firing[key] ?? now
    firing[key] = result.isBad ? now : nil
    return Change(
      rule: key.rule, dimensions: key.dimensions, isFiring: result.isBad, since: since,
      value: result.value, threshold: result.threshold)
  }

  /// Far behind and not coming nearer. Without input it is freshness that says so.
  private mutating func addLag(
    _ sample: Sample, _ limit: Int64,
    _ found: inout [Key: (isBad: Bool, value: Double, threshold: Double)]
  ) {
    guard let watermark = sample.watermark else { return }
    let lagMs = sample.now.ms - watermark.ms
    if lagMs <= limit {
      behind.removeAll()
    } else {
      behind.append((sample.now, lagMs))
      while behind.count > 1, sample.now.ms - behind[1].at.ms >= Self.catchUpMs {
        behind.removeFirst()
      }
    }
    let quiet = options.freshnessMs ?? Self.shareMs
    let hasInput = sample.lastInput.values.contains { sample.now.ms - $0.ms <= quiet }
    let isStuck =
      behind.first.map { sample.now.ms - $0.at.ms >= Self.catchUpMs && lagMs >= $0.lagMs } ?? false
    let key = Key(rule: "lag", dimensions: "{}")
    let stays = firing[key] != nil && lagMs > limit
    found[key] = (hasInput && (isStuck || stays), Double(lagMs), Double(limit))
  }

  private mutating func addShares(
    _ sample: Sample, _ found: inout [Key: (isBad: Bool, value: Double, threshold: Double)]
  ) {
    history.append((sample.now, sample.fates))
    while history.count > 1, sample.now.ms - history[1].at.ms >= Self.shareMs {
      history.removeFirst()
    }
    let recent = sample.fates - history[0].fates
    let isKnown = recent.read >= Self.shareEvents
    let total = Double(max(1, recent.read))
    for (rule, count, limit) in [
      ("rejected_share", recent.rejected, options.rejectedShare),
      ("late_share", recent.late, options.lateShare),
    ] {
      guard let limit else { continue }
      let share = isKnown ? Double(count) / total : 0
      found[Key(rule: rule, dimensions: "{}")] = (share > limit, share, limit)
    }
  }

  private static func dimensions(_ name: String, _ value: String) -> String {
    var text = Array("{".utf8)
    CanonicalJSON.append(string: name, to: &text)
    text.append(UInt8(ascii: ":"))
    CanonicalJSON.append(string: value, to: &text)
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }
}
