import SnapshotStore
import StreamCore

/// How the stream is doing: from the worker beside the console, or from the file alone.
struct Health: Sendable {
  /// What people should think of it, the worst first.
  enum Verdict: String, Sendable {
    case firing
    case stuck
    case catchingUp
    /// Nobody knows: there is no worker beside this console.
    case file
    case well
  }

  var verdict = Verdict.file
  /// Why it is stuck.
  var reasons: [String] = []
  /// The newest snapshot; nil before the first.
  var snapshot: SnapshotRow?
  var fates = FateCounts()
  /// Events read in a second of wall time; nil where that is not known.
  var perSecond: Double?
  /// Records that wait in Kafka; nil where that is not known.
  var lag: Int64?
  var watermark: EventTime?
  /// The greatest clock of any partition.
  var clock: EventTime?
  /// Alerts that fire, the most severe and then the newest first; at most `shown`.
  var firing: [AlertRecord] = []
  var firingCount: Int64 = 0
  var pendingCount: Int64 = 0
  var openFindings: Int64 = 0
  var isLive = false

  /// Most alerts that are read.
  static let shown = 12

  /// A file whose newest snapshot is younger than this is written to, in milliseconds.
  private static let writtenMs: Int64 = 60_000

  /// Looks. O(log rows + alerts).
  init(_ asked: Asked) throws {
    let snapshots = try asked.reader.snapshots(limit: 13)
    snapshot = snapshots.first
    let live = asked.console.setup.live?()
    isLive = asked.console.setup.live != nil
    fates = live?.fates ?? snapshot?.fates ?? .zero
    perSecond = live?.perSecond ?? Self.rate(snapshots)
    lag = live?.lag
    watermark = live?.watermark ?? snapshot?.watermark
    clock = try live?.clock ?? asked.reader.partitions().compactMap(\.clock).max()
    let counts = try asked.reader.counts()
    firingCount = (counts.alerts[.firing] ?? 0) + (counts.alerts[.recovering] ?? 0)
    pendingCount = counts.alerts[.pending] ?? 0
    openFindings = counts.openFindings
    if firingCount > 0 {
      var query = AlertQuery()
      query.states = [.firing, .recovering]
      query.limit = 200
      firing = Array(
        try asked.reader.alertPage(query).rows
          .sorted { Self.rank($0) < Self.rank($1) }.prefix(Self.shown))
    }
    reasons = isLive ? Readiness.reasons(asked) : []
    // A file that somebody writes to is as good as a worker.
    let ageMs = snapshot.map { asked.now.ms - $0.taken.ms } ?? .max
    if firingCount > 0 {
      verdict = .firing
    } else if !reasons.isEmpty {
      verdict = .stuck
    } else if !isLive, ageMs >= Self.writtenMs {
      verdict = .file
    } else {
      verdict = live?.isCatchingUp == true ? .catchingUp : .well
    }
  }

  /// Events in a second between the newest snapshots and those up to a minute before.
  private static func rate(_ snapshots: [SnapshotRow]) -> Double? {
    guard let last = snapshots.first, let first = snapshots.last,
      last.taken.ms - first.taken.ms > 0
    else { return nil }
    let seconds = Double(last.taken.ms - first.taken.ms) / 1_000
    return Double(last.fates.read - first.fates.read) / seconds
  }

  private static func rank(_ record: AlertRecord) -> (Int, Int64, String) {
    let severity = ["critical": 0, "warning": 1][record.alert.severity] ?? 2
    return (severity, -record.alert.windowStart.ms, record.alert.alertID)
  }

  /// How far the watermark is behind the clock, in milliseconds; nil where there is none, or the
  /// input has ended.
  var watermarkDelayMs: Int64? {
    guard let clock, let watermark, !watermark.isEndOfInput else { return nil }
    return clock.ms - watermark.ms
  }

  /// How many events had which fate.
  var shares: [(name: KeyPath<OverviewWords, String>, count: Int64)] {
    [
      (\.applied, fates.applied), (\.filtered, fates.filtered), (\.late, fates.late),
      (\.duplicate, fates.duplicate), (\.rejected, fates.rejected),
    ]
  }
}
