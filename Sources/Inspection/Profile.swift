import StreamCore

/// What is in some records. Nothing of a person is in it: values are masked but for those that
/// `FieldProfile.values` says are safe.
public struct Profile: Sendable, Encodable {
  /// Records read.
  public var records: Int64 = 0
  /// Records that are events: the core would not reject them.
  public var usable: Int64 = 0
  /// Records that the core would reject, by reason, the most frequent first.
  public var unusable: [Unusable] = []
  /// Some of them.
  public var samples: [BadSample] = []
  /// `json` or `csv`.
  public var format = "json"
  /// Encoding of the files' text, where it is not UTF-8.
  public var encoding: String?
  /// Which field is what.
  public var roles = RoleChoice()
  /// Events by name, the most frequent first.
  public var events: [EventProfile] = []
  /// Events whose names are beyond `InspectionLimits.eventNamesMax`.
  public var otherEvents: Int64 = 0
  /// Fields by path.
  public var fields: [FieldProfile] = []
  /// Values of paths beyond `InspectionLimits.pathsMax`.
  public var valuesOfFurtherPaths: Int64 = 0
  /// Objects deeper than `InspectionLimits.depthMax`.
  public var deeperObjects: Int64 = 0
  /// When events happened; nil without events.
  public var time: TimeProfile?
  /// How far events come out of order.
  public var disorder: DisorderProfile?
  /// Event time against record timestamps; nil where records have none.
  public var skew: SkewProfile?
  /// Copies.
  public var duplicates = DuplicateProfile()
  /// Users, and how they lie in partitions; nil without a user.
  public var users: UserProfile?
  /// Partitions, or files.
  public var partitions: [PartitionProfile] = []
  /// The order in which users come through events; empty without one.
  public var journey: [JourneyStep] = []
  /// What a person should see, the most serious first.
  public var warnings: [ProfileWarning] = []

  /// Whether the records come from a topic.
  public var isTopic = false
  /// Columns of CSV, in their order.
  public var columns: [String] = []

  /// Roles by which the records are to be read again: all of them together want the time read by
  /// another pattern than the first ones did, say the day before the month. Nil when the times were
  /// read rightly. No pipeline is proposed while it is there.
  public var betterRoles: RoleChoice?

  /// What commas in numbers are.
  var commas = CommaUse.none

  /// Names of the events that fields and journeys know by place.
  var eventSlots: [String] = []

  private enum CodingKeys: String, CodingKey {
    case records, usable, unusable, samples, format, encoding, roles, events, otherEvents, fields
    case valuesOfFurtherPaths, deeperObjects, time, disorder, skew, duplicates, users, partitions
    case journey, warnings
  }

  /// Nothing seen.
  public init() {}

  /// Whether something is wrong that a person should see before using the data.
  public var isSerious: Bool { warnings.contains(where: \.isSerious) }
}

/// Records that the core would reject for one reason.
public struct Unusable: Sendable, Encodable {
  /// `RejectReason.code`.
  public var reason: String
  /// How many.
  public var count: Int64
}

/// A record that cannot be used, masked.
public struct BadSample: Sendable, Encodable {
  /// Partition, or file.
  public var partition: String
  /// Offset, or number of the record from 0.
  public var offset: Int64
  /// `RejectReason.code`.
  public var reason: String
  /// What was found, without content.
  public var detail: String
  /// Its beginning, masked.
  public var masked: String
}

/// Events of one name.
public struct EventProfile: Sendable, Encodable {
  /// The name.
  public var name: String
  /// How many.
  public var count: Int64
  /// Different users, exact up to 1,024.
  public var users: Int64
  /// Event time of the earliest one, epoch milliseconds.
  public var firstMs: Int64
  /// Event time of the latest one, epoch milliseconds.
  public var lastMs: Int64
}

/// When events happened. Times are epoch milliseconds of event time.
public struct TimeProfile: Sendable, Encodable {
  /// The earliest event.
  public var firstMs: Int64
  /// The latest event.
  public var lastMs: Int64
  /// Events per hour, on average.
  public var eventsPerHour: Double
  /// Longest times without any event that are long against the usual rate, longest first.
  public var gaps: [Gap]

  /// From the first event to the last.
  public var spanMs: Int64 { lastMs - firstMs }

  /// A time without any event.
  public struct Gap: Sendable, Encodable {
    /// The last event before.
    public var fromMs: Int64
    /// The first event after.
    public var toMs: Int64
    /// Events that were to be expected in it.
    public var expectedEvents: Double
  }
}

/// How far events come behind the clock of their partition: the lateness that they need.
public struct DisorderProfile: Sendable, Encodable {
  /// Events that come behind another of their partition.
  public var behind: Int64
  /// Lateness that 99% of the events need, in milliseconds.
  public var p99Ms: Int64
  /// The same for 99.9%.
  public var p999Ms: Int64
  /// The same for all.
  public var allMs: Int64
}

/// Event time less record timestamp.
public struct SkewProfile: Sendable, Encodable {
  /// Events with a record timestamp.
  public var events: Int64
  /// Share of them that are ahead of it.
  public var shareAhead: Double
  /// How far those are ahead, median, in milliseconds.
  public var aheadP50Ms: Int64
  /// The same for the greatest.
  public var aheadMostMs: Int64
  /// How far the others are behind, median.
  public var behindP50Ms: Int64
  /// The same for 99%.
  public var behindP99Ms: Int64
  /// The same for the greatest.
  public var behindMostMs: Int64
}

/// Copies of events.
public struct DuplicateProfile: Sendable, Encodable {
  /// Events with an id.
  public var withID: Int64 = 0
  /// Events whose id and time an earlier one has: they are applied once.
  public var sameIDAndTime: Int64 = 0
  /// Events whose id an earlier one has, with another time: counted twice without `dedup`.
  public var sameIDOtherTime: Int64 = 0
  /// Records that are equal to an earlier one to the byte.
  public var identicalRecords: Int64 = 0
  /// Whether the counts are estimates from a sample.
  public var isEstimate = false
}

/// Users, and how they lie in partitions.
public struct UserProfile: Sendable, Encodable {
  /// Different users; an estimate beyond `InspectionLimits.keysMax`.
  public var users: Int64
  /// Whether it is one.
  public var isEstimate: Bool
  /// Events with a user.
  public var events: Int64
  /// Events of the user with the most, at least.
  public var largestEvents: Int64
  /// The same, at most; equal for up to `InspectionLimits.frequentKeys` users.
  public var largestEventsAtMost: Int64
  /// Of the users looked at: how many are in more than one partition.
  public var inSeveralPartitions: Int64
  /// Users looked at for that.
  public var sampled: Int64
  /// Share of records whose key is the user; nil where records have no keys.
  public var keyIsUser: Double?
}

/// A partition, or a file.
public struct PartitionProfile: Sendable, Encodable {
  /// Topic and partition, or the file's name.
  public var name: String
  /// Records read.
  public var records: Int64 = 0
  /// Those that the core would reject.
  public var unusable: Int64 = 0
  /// Event time of the earliest event, epoch milliseconds.
  public var firstMs: Int64?
  /// Event time of the latest event, epoch milliseconds.
  public var lastMs: Int64?
  /// Lateness that 99.9% of its events need, in milliseconds.
  public var p999Ms: Int64 = 0
}

/// An event that users come through, one after another.
public struct JourneyStep: Sendable, Encodable {
  /// The event's name.
  public var event: String
  /// Users with it, of those looked at.
  public var users: Int64
  /// Share of them who had the step before it earlier; 1 for the first.
  public var afterPrevious: Double
  /// Median time between the first events of the step before and of this one, in milliseconds.
  public var medianMs: Int64
}

/// Something that a person should see.
public struct ProfileWarning: Sendable, Encodable {
  /// For programs, as `mangled-ids`.
  public var code: String
  /// What it is, and what to do.
  public var text: String
  /// Whether the data should not be used before it is looked at.
  public var isSerious: Bool

  /// Makes a warning.
  public init(code: String, text: String, isSerious: Bool) {
    self.code = code
    self.text = text
    self.isSerious = isSerious
  }
}
