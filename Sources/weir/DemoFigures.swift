import Foundation
import SnapshotStore
import StreamCore

/// What one channel did in a minute.
struct DemoChannel: Sendable, Equatable {
  var events = 0.0
  var revenue = 0.0
  var orders = 0.0
  /// Distinct users of the ten minutes that end here.
  var activeUsers = 0.0
  var payments = 0.0
  var paymentErrors = 0.0

  /// Share of payments that failed; nil without payments.
  var errorRate: Double? { payments > 0 ? paymentErrors / payments : nil }
}

/// An address that failed to pay from several accounts in a minute.
struct DemoCardTester: Sendable, Equatable {
  var channel: String
  var address: String
  var accounts: Double
}

/// A closed minute.
struct DemoMinute: Sendable, Equatable {
  /// Its end, exclusive.
  var end: EventTime
  var channels: [String: DemoChannel] = [:]
  var cardTesters: [DemoCardTester] = []

  var start: EventTime { EventTime(ms: end.ms - 60_000) }

  /// What adds up over channels; users do not.
  var total: DemoChannel {
    var sum = DemoChannel()
    for channel in channels.values {
      sum.events += channel.events
      sum.revenue += channel.revenue
      sum.orders += channel.orders
      sum.payments += channel.payments
      sum.paymentErrors += channel.paymentErrors
    }
    return sum
  }
}

/// What a demonstration's file says, read as any reader would read it.
struct DemoFigures: Sendable, Equatable {
  /// Closed minutes without a gap, the newest last.
  var minutes: [DemoMinute] = []
  /// Products by today's revenue, the best first.
  var products: [(name: String, revenue: Double)] = []
  /// The newest snapshot; 0 before there is one.
  var snapshotID: Int64 = 0
  var snapshotTaken = WallTime(ms: 0)

  static let minutesMax = 40
  /// Accounts that fail from one address in a minute, from which on it is no accident.
  static let accountsSuspect = 5.0

  static func == (a: DemoFigures, b: DemoFigures) -> Bool {
    a.minutes == b.minutes && a.snapshotID == b.snapshotID && a.snapshotTaken == b.snapshotTaken
      && a.products.elementsEqual(b.products, by: ==)
  }

  /// Brings the figures up to date; costs next to nothing where no snapshot was added.
  mutating func update(_ reader: ResultsReader) throws {
    guard let snapshot = try reader.snapshots(limit: 1).first, snapshot.id != snapshotID else {
      return
    }
    self = try Self.read(reader, snapshot)
  }

  private static func read(
    _ reader: ResultsReader, _ snapshot: SnapshotRow
  ) throws -> DemoFigures {
    var figures = DemoFigures()
    figures.snapshotID = snapshot.id
    figures.snapshotTaken = snapshot.taken
    guard let watermark = snapshot.watermark else { return figures }
    let oldest = EventTime(ms: watermark.ms - Int64(minutesMax) * 60_000)
    figures.minutes = try minutes(reader, from: oldest)
    figures.products = try products(reader, at: watermark)
    return figures
  }

  private static func minutes(_ reader: ResultsReader, from: EventTime) throws -> [DemoMinute] {
    var minutes: [Int64: DemoMinute] = [:]
    var dimensions = DimensionTexts()
    func each(
      _ metric: String, from: EventTime,
      _ body: (inout DemoMinute, [String: String], Double) -> Void
    ) throws {
      let query = MetricQuery(metric: metric, from: from, status: .final, limit: 100_000)
      for row in try reader.metrics(query) {
        let end = row.windowEnd
        // Events are read first; of other metrics only the minutes of those are wanted.
        if metric != "events", minutes[end.ms] == nil { continue }
        body(&minutes[end.ms, default: DemoMinute(end: end)], dimensions[row.dimensions], row.value)
      }
    }
    func each(_ metric: String, from: EventTime, _ path: WritableKeyPath<DemoChannel, Double>)
      throws
    {
      try each(metric, from: from) { minute, dimensions, value in
        guard let channel = dimensions["channel"] else { return }
        minute.channels[channel, default: DemoChannel()][keyPath: path] += value
      }
    }
    try each("events", from: from, \.events)
    try each("revenue", from: from, \.revenue)
    try each("orders", from: from, \.orders)
    try each("payments", from: from, \.payments)
    try each("payment_errors", from: from, \.paymentErrors)
    try each("active_users_10m", from: EventTime(ms: from.ms - 600_000), \.activeUsers)
    try each("failed_accounts", from: from) { minute, dimensions, value in
      guard value >= accountsSuspect, let channel = dimensions["channel"],
        let address = dimensions["ip"]
      else { return }
      minute.cardTesters.append(
        DemoCardTester(channel: channel, address: address, accounts: value))
    }
    guard let first = minutes.keys.min(), let last = minutes.keys.max() else { return [] }
    return stride(from: first, through: last, by: 60_000).map {
      minutes[$0] ?? DemoMinute(end: EventTime(ms: $0))
    }
  }

  private static func products(
    _ reader: ResultsReader, at watermark: EventTime
  ) throws -> [(name: String, revenue: Double)] {
    let query = MetricQuery(
      metric: "product_revenue", from: EventTime(ms: watermark.ms - 86_400_000), limit: 1_000,
      newestFirst: true)
    let rows = try reader.metrics(query)
    var dimensions = DimensionTexts()
    let today = rows.filter { $0.windowStart == rows.first?.windowStart }
    return today.map { (dimensions[$0.dimensions]["properties.product"] ?? "?", $0.value) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }
}

/// Dimensions by their JSON text, each text parsed once.
private struct DimensionTexts {
  private var known: [String: [String: String]] = [:]

  subscript(text: String) -> [String: String] {
    mutating get {
      if let found = known[text] { return found }
      let parsed = try? JSONDecoder().decode([String: String?].self, from: Data(text.utf8))
      let texts = (parsed ?? [:]).compactMapValues { $0 }
      known[text] = texts
      return texts
    }
  }
}
