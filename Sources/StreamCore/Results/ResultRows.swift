/// Whether a result can still change.
public enum ResultStatus: String, Sendable, Codable {
  /// The window is open.
  case provisional
  /// Closed by the watermark.
  case final
  /// Replaced later, on purpose.
  case restated
}

/// One row of the table `metrics`.
public struct MetricRow: Sendable, Equatable {
  /// Name of the metric or formula.
  public var metric: String
  /// Start of its window, inclusive.
  public var windowStart: EventTime
  /// End of its window, exclusive.
  public var windowEnd: EventTime
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String
  /// The value, the nearest double.
  public var value: Double
  /// The value as exact text, where it has one.
  public var valueExact: String?
  /// Events that the value rests on; of a ratio its denominator.
  public var samples: Int64
  /// Whether the value is an estimate.
  public var approximate: Bool
  /// Whether it can still change.
  public var status: ResultStatus

  /// Makes a row of its columns.
  public init(
    metric: String, windowStart: EventTime, windowEnd: EventTime, dimensions: String,
    value: Double, valueExact: String?, samples: Int64, approximate: Bool, status: ResultStatus
  ) {
    self.metric = metric
    self.windowStart = windowStart
    self.windowEnd = windowEnd
    self.dimensions = dimensions
    self.value = value
    self.valueExact = valueExact
    self.samples = samples
    self.approximate = approximate
    self.status = status
  }
}

/// How many events met which fate; DESIGN §4.
public struct FateCounts: Sendable, Equatable, AdditiveArithmetic {
  /// Records read: the sum of the others.
  public var read: Int64 = 0
  /// Not an event, or not one that may be.
  public var rejected: Int64 = 0
  /// Left out by the pipeline's `filter`.
  public var filtered: Int64 = 0
  /// Below the watermark of every stage that would take it.
  public var late: Int64 = 0
  /// Copies of events applied before.
  public var duplicate: Int64 = 0
  /// Events that the stages got.
  public var applied: Int64 = 0

  /// Nothing read.
  public static let zero = FateCounts()

  /// Makes counts, all zero.
  public init() {}

  public static func + (a: FateCounts, b: FateCounts) -> FateCounts {
    var sum = a
    sum.read += b.read
    sum.rejected += b.rejected
    sum.filtered += b.filtered
    sum.late += b.late
    sum.duplicate += b.duplicate
    sum.applied += b.applied
    return sum
  }

  public static func - (a: FateCounts, b: FateCounts) -> FateCounts {
    var rest = a
    rest.read -= b.read
    rest.rejected -= b.rejected
    rest.filtered -= b.filtered
    rest.late -= b.late
    rest.duplicate -= b.duplicate
    rest.applied -= b.applied
    return rest
  }
}

/// One row of the table `partitions`: how far a partition has been read.
public struct PartitionProgress: Sendable, Equatable {
  /// Which partition.
  public var id: PartitionID
  /// Offset of the next record to read.
  public var nextOffset: Int64
  /// The partition's clock; nil before its first event.
  public var clock: EventTime?
  /// Fates of everything before `nextOffset`.
  public var fates: FateCounts
  /// Whether it is taken as idle.
  public var idle: Bool

  /// Makes a row of its columns.
  public init(
    id: PartitionID, nextOffset: Int64, clock: EventTime?, fates: FateCounts, idle: Bool
  ) {
    self.id = id
    self.nextOffset = nextOffset
    self.clock = clock
    self.fates = fates
    self.idle = idle
  }
}

/// One row of the table `marks`: from `nextOffset` on, the partition's clock is at least `clock`.
public struct ClockMark: Sendable, Equatable {
  /// Why a clock was lifted.
  public enum Kind: String, Sendable {
    /// The partition was idle while others went on.
    case idle
    /// Every partition was idle and `when_idle` is `advance`.
    case advance
    /// The input ended and everything was closed.
    case close
  }

  /// Which partition.
  public var id: PartitionID
  /// The first offset that the mark holds for.
  public var nextOffset: Int64
  /// What the partition's clock is at least, from there on.
  public var clock: EventTime
  /// Why it was lifted.
  public var kind: Kind

  /// Makes a row of its columns.
  public init(id: PartitionID, nextOffset: Int64, clock: EventTime, kind: Kind) {
    self.id = id
    self.nextOffset = nextOffset
    self.clock = clock
    self.kind = kind
  }
}

/// A record kept as an example of what was not applied: a row of `rejected_events` or
/// `late_events`.
public struct EventSample: Sendable, Equatable {
  /// The partition it was read from.
  public var id: PartitionID
  /// Its offset there.
  public var offset: Int64
  /// Why, for people and programs: `no_time`, `too_far_ahead`, `late`, …
  public var reason: String
  /// What exactly, for people; never the payload.
  public var detail: String
  /// Event time, where it could be read.
  public var eventTime: EventTime?
  /// The partition's watermark then, for late events.
  public var watermark: EventTime?
  /// The first bytes of the payload, as text.
  public var payload: String

  /// Makes a row of its columns.
  public init(
    id: PartitionID, offset: Int64, reason: String, detail: String, eventTime: EventTime?,
    watermark: EventTime?, payload: String
  ) {
    self.id = id
    self.offset = offset
    self.reason = reason
    self.detail = detail
    self.eventTime = eventTime
    self.watermark = watermark
    self.payload = payload
  }
}

/// Everything that one snapshot adds to the public file, in one transaction.
public struct SnapshotChange: Sendable {
  /// When it was taken.
  public var taken: WallTime
  /// The pipeline watermark: the least over stages and partitions; nil before there is one.
  public var watermark: EventTime?
  /// Every partition's progress.
  public var partitions: [PartitionProgress]
  /// Marks that this snapshot relies on and no earlier one has.
  public var newMarks: [ClockMark]
  /// New and changed rows, and those that are gone.
  public var rows = ResultRows()
  /// Whether provisional rows that are stored go first: after a restart, when every open window
  /// is reported anew. Provisional findings stay, and provisional alerts end.
  public var dropsProvisional = false
  /// New values of thresholds, in the order in which they were set.
  public var thresholds: [ThresholdRow] = []
  /// Answers to requests that waited.
  public var answers: [ThresholdAnswer] = []
  /// Messages decided since the last snapshot; those that are stored already are passed over.
  public var messages: [OutboxMessage] = []
  /// The pipeline's rules, in place of those that are stored; nil leaves them.
  public var rules: [RuleRow]?
  /// The pipeline's KPIs, in place of those that are stored; nil leaves them.
  public var kpiTree: [KPINode]?
  /// Newest rejected examples.
  public var rejected: [EventSample]
  /// Newest late examples.
  public var late: [EventSample]
  /// Further counters and facts for `run_manifest`, by key.
  public var manifest: [String: String]

  /// Makes an empty change.
  public init(taken: WallTime) {
    self.taken = taken
    watermark = nil
    partitions = []
    newMarks = []
    rejected = []
    late = []
    manifest = [:]
  }
}

/// Key of a row of the table `metrics`. Texts are compared by their bytes, as SQLite does.
public struct MetricKey: Hashable, Sendable {
  /// Name of the metric or formula.
  public var metric: String
  /// Start of its window, inclusive.
  public var windowStart: EventTime
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String

  /// Makes a key of its columns.
  public init(metric: String, windowStart: EventTime, dimensions: String) {
    self.metric = metric
    self.windowStart = windowStart
    self.dimensions = dimensions
  }

  public static func == (a: MetricKey, b: MetricKey) -> Bool {
    a.windowStart == b.windowStart && a.metric.utf8.elementsEqual(b.metric.utf8)
      && a.dimensions.utf8.elementsEqual(b.dimensions.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(windowStart)
    SeriesName(metric).hash(into: &hasher)
    SeriesName(dimensions).hash(into: &hasher)
  }
}
