/// Owns the keyed state of some keys, whatever partitions their events come from.
///
/// It holds events until the watermark of all partitions has passed them and then applies them in
/// the order of (event time, user, topic, partition, offset), so that what it computes does not
/// depend on how partitions interleave.
public final class ExchangeShard {
  /// Its name among the owners of state and contributions.
  public let owner: String
  /// How the names of all shards begin.
  static let ownerPrefix = "exchange/"
  let plan: StagePlan
  let ordered: OrderedState
  let groups: [StageState]

  /// Makes shard `index` of the exchange.
  public init(index: Int, plan: StagePlan, isSaved: Bool = true) {
    owner = "\(Self.ownerPrefix)\(index)"
    self.plan = plan
    ordered = OrderedState(plan: plan, isExchanged: true, isSaved: isSaved)
    groups = ordered.groups
  }

  /// Takes events; they wait for the watermark.
  public func absorb(_ chunk: EventChunk) { ordered.sequencer.adopt(chunk) }

  /// Applies the events before `watermark`, in order. O(n log n) in the events that came since.
  ///
  /// `horizon` is the greatest event time of any clock: once the input has ended, deadlines of risk
  /// rules come up to there.
  public func advance(to watermark: EventTime, horizon: EventTime = .distantPast) {
    ordered.advance(to: watermark, horizon: horizon)
  }

  /// Lets risk rules have the thresholds of a schedule from now on.
  public func set(_ thresholds: ThresholdSchedule) { ordered.set(thresholds) }

  /// Whether risk rules judge events on arrival too, as they do at first: provisional findings.
  public var judgesArrivals: Bool {
    get { ordered.judgesArrivals }
    set { ordered.judgesArrivals = newValue }
  }

  /// Drops the records that nobody needs any more: the clocks of all partitions are past
  /// everything, and no event that comes may be applied. O(bytes of records).
  public func close() { ordered.close() }
}
