import StreamCore

/// What became of a run.
public struct RunSummary: Sendable {
  /// Fates of all partitions together.
  public var fates = FateCounts()
  /// Rejected events by reason, those that there were.
  public var rejected: [(reason: String, count: Int64)] = []
  /// Matched, unusable and late for each metric, by name.
  public var stages: [MetricCounts] = []
  /// Records of users and other keys, as of the end.
  public var records = RecordTotals()
  /// The results' digest.
  public var resultDigest = ""
  /// From when on the rows of stages are complete, of those that are not from the beginning.
  public var scope = ReportScope.everything
  /// Where the results are.
  public var dataPath = ""
  /// Whether the input was read to its end.
  public var reachedEnd = false
  /// Where its wall time went.
  public var times = RunTimes()
}

/// Where the wall time of a run went besides reading events. Of this machine and moment: no result
/// depends on it.
public struct RunTimes: Sendable {
  /// From the opening of the files to the end.
  public var elapsedMs: Int64 = 0
  /// From the opening of the files until all that they have was there again, so that events that
  /// are new were taken; nil when it did not come to that.
  public var readyAfterMs: Int64?
  /// For how many microseconds a lane stood still, each time that it was asked for what a snapshot
  /// needs of one partition.
  public var pauses = QuantileSketch()
  /// The longest of these.
  public var longestPauseMicroseconds: Int64 = 0
  /// State saves.
  public var stateSaves = 0
  /// Wall time that state saves took together.
  public var stateSavesMs: Int64 = 0

  /// How often memory was given back after a burst.
  public var memoryReturns = 0

  /// Which part of the run went by while state was saved, 0 ... 1.
  public var stateShare: Double {
    elapsedMs > 0 ? Double(stateSavesMs) / Double(elapsedMs) : 0
  }

  /// Adds a pause.
  mutating func note(pauseMicroseconds: Int64) {
    pauses.insert(Double(pauseMicroseconds))
    longestPauseMicroseconds = max(longestPauseMicroseconds, pauseMicroseconds)
  }
}
