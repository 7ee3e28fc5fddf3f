import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// A pipeline with every kind of metric and of stage, that commits and saves as often as it may.
enum KillPipeline {
  /// `notify` is what tells people of alerts and risks, as YAML; nobody is told without.
  static func text(keyed: Bool, notify: String = "") -> String {
    """
    name: kill-test
    zone: Asia/Shanghai
    source:
      kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp, id: message_id}
      keyed: \(keyed)
    time: {lateness: 1m, idle_after: 1h}
    snapshot_every: 100ms
    state_every: 100ms
    provisional_every: 500ms
    filter: 'event != "refund" || channel != "store"'
    derive: {is_big: properties.total > 100}
    users:
      purchases: {count: 'event == "purchase"'}
      first_channel: {first: channel}
      last_city: {last: properties.city}
    metrics:
      events: {count: true, every: 5m, by: [channel, event]}
      slow_events: {count: true, every: 1m, by: [event], lateness: 5m}
      revenue: {sum: properties.total, every: 5m, by: [channel]}
      sales: {count: true, every: 5m, by: [channel], where: 'event == "purchase"'}
      mean_sale: {formula: revenue / sales}
      twice: {formula: mean_sale * 2}
      users: {distinct: user, every: 1h}
      visits: {count: true, every: 1d, by: [user_id]}
      users_15m: {distinct: user, window: 15m, every: 5m, by: [channel]}
      cities: {distinct: properties.city, every: 10m}
      amounts: {distinct: properties.total, every: 1h}
      least: {min: properties.total, every: 10m}
      most: {max: properties.total, every: 10m, by: [is_big]}
      average: {avg: properties.total, every: 10m}
      p50: {p50: properties.total, every: 10m}
      p99: {p99: properties.total, every: 10m, by: [channel]}
      latest: {last: properties.total, every: 1m, by: [channel], carry: 10m}
      by_city: {count: true, every: 5m, by: [properties.city, event], max_series: 8}
      by_habit: {count: true, every: 10m, by: [users.first_channel], where: users.purchases > 2}
      city_sales: {sum: properties.total, every: 10m, by: [users.last_city]}
    funnels:
      checkout:
        steps: [product_view, add_to_cart, purchase]
        within: 20m
        entered: 1h
        by: [channel]
        exclude: 'event == "refund"'
      again: {steps: [purchase, purchase], within: 1d, order: strict, by: [users.first_channel]}
      of_order: {steps: [add_to_cart, purchase], within: 1h, entered: 10m, per: properties.order}
    retention:
      buyers: {start: 'event == "purchase"', unit: day, periods: 3, value: properties.total}
      all: {unit: day, periods: 2, mode: recurring, by: [users.first_channel]}
    sessions:
      stays: {gap: 3m, max: 1h, by: [channel]}
    lifecycle:
      growth: {unit: day, by: [channel]}
    kpis:
      income: {formula: revenue - previous(revenue), period: 1h, layer: business, children: [per_user]}
      per_user: {formula: revenue / users, period: 1h, layer: operational, children: [day_users]}
      day_users: {formula: users, period: 1d, layer: process}
    \(rules(notify))
    """
  }

  /// Alerts and risks, and who is told of them.
  private static func rules(_ notify: String) -> String {
    let told = notify.isEmpty ? "" : "notify: [ops]"
    return """
      alerts:
        few_sales:
          watch: sales
          when: value < share * mean(3)
          thresholds: {share: {default: 0.7, values: [{where: {channel: app}, value: 0.8}]}}
          explain: [properties.city]
          \(told)
        dear: {watch: mean_sale, when: value > previous(1), for: 2, clear: value < mean(4), \(told)}
        lost: {watch: checkout.conversion, when: upper(value) < 1, keep_firing_for: 2h, \(told)}
        crowd: {watch: users_15m, when: value > 10, provisional: true, \(told)}
        poorer: {watch: income, when: value < previous(1), provisional: true, \(told)}
        spent: {watch: per_user, when: value > mean(2), for: 1h, no_data: alert, \(told)}
        growing: {watch: growth.active, when: value > 0, no_data: ok, \(told)}
      risks:
        rush:
          entity: properties.city
          where: event == "purchase"
          within: 3m
          when: count() >= orders && distinct(user) >= 2
          thresholds: {orders: 3}
          \(told)
        hasty: {entity: user, within: 5m, when: count() >= 3}
        left: {entity: user, sequence: [add_to_cart], absent: purchase, within: 30m, \(told)}
      \(notify)
      """
  }

  /// Some hours with everything that goes wrong: copies, late ones, malformed ones.
  static func history(seed: UInt64, events: Int) -> EventHistory {
    EventHistory(
      seed: seed,
      options: .with {
        $0.events = events
        $0.users = 500
        $0.zipfExponent = 0.8
        $0.spanMs = 3 * 3_600_000
        $0.lateShare = 0.02
        $0.malformedShare = 0.01
        $0.orders = 2_000
      })
  }
}

/// What a results file says, without what depends on when it was written.
struct Findings: Equatable {
  var digest: String?
  var isSound: Bool
  var progress: [PartitionProgress]
  /// Counts by stage and reason.
  var counts: [String: String]

  init(_ path: String) throws {
    let verified = try ResultsDigest.verify(path: path)
    digest = verified.stored
    isSound = verified.isSound
    let reader = try ResultsReader.open(path: path)
    progress = try reader.partitions()
    counts = try reader.manifest().filter {
      $0.key.hasPrefix("stage.") || $0.key.hasPrefix("rejected.")
    }
  }

  /// Events read as of the newest snapshot; nil before the first.
  static func read(_ path: String) -> Int64? {
    guard let reader = try? ResultsReader.open(path: path) else { return nil }
    return try? reader.snapshots(limit: 1).first?.fates.read
  }
}

/// Runs the real program to the end of its input, killing it at random moments on the way.
struct Killer {
  private let arguments: [String]
  private let environment: [String: String]
  private let data: String
  private let total: Int64
  /// Kills so far.
  private(set) var kills = 0
  /// Kills after the first snapshot with events and before the last.
  private(set) var killsWithin = 0
  /// Milliseconds that a process lives at most, of those whose progress nobody waits for.
  private static let longestMs: Int64 = 800
  /// Milliseconds from progress to the kill, at most.
  private static let longestAfterProgressMs: Int64 = 250

  /// `total` is the number of events of the input, `data` where the results are.
  init(
    _ arguments: [String], data: String, total: Int64, environment: [String: String] = [:]
  ) {
    self.arguments = arguments + ["--data", data]
    self.environment = environment
    self.data = data
    self.total = total
  }

  /// Kills up to `most` times, then lets it end. Each third process is killed at any moment, the
  /// others at any moment after a snapshot of their own, so that it gets on.
  mutating func run(most: Int, _ generator: inout SeededGenerator) async throws {
    var known: Int64 = 0
    for _ in 0..<most {
      let process = try RunningCommand(arguments, environment: environment)
      var code: Int32?
      if generator.chance(0.34) {
        code = await process.ended(withinMs: Int(generator.whole(0...Self.longestMs)))
      } else {
        let deadline = ContinuousClock.now + Patience.duration
        while code == nil && Findings.read(data) ?? 0 <= known && ContinuousClock.now < deadline {
          code = await process.ended(withinMs: 5)
        }
        let ms = Int(generator.whole(0...Self.longestAfterProgressMs))
        if code == nil { code = await process.ended(withinMs: ms) }
      }
      if code == nil {
        process.send(SIGKILL)
        code = try await process.mustEnd()
      }
      guard code == -SIGKILL else {
        #expect(code == 0, "\(process.text)")
        return
      }
      kills += 1
      let read = Findings.read(data) ?? 0
      #expect(read >= known)
      if read > 0 && read < total { killsWithin += 1 }
      known = read
    }
    let process = try RunningCommand(arguments, environment: environment)
    #expect(try await process.mustEnd() == 0, "\(process.text)")
  }
}
