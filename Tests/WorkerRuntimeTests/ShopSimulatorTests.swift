import Foundation
import StreamCore
import Testing
import WorkerRuntime

@Suite("The simulated shop")
struct ShopSimulatorTests {
  /// 2026-01-01 19:00 in Shanghai.
  private static let start = EventTime(ms: 1_767_265_200_000)
  private var start: EventTime { Self.start }

  /// Twenty minutes, with what the payloads say.
  private static let sample: [(event: SimulatedEvent, parsed: Parsed?)] = {
    var shop = ShopSimulator(seed: 1, start: start)
    return shop.events(until: EventTime(ms: start.ms + 20 * 60_000)).map { ($0, parse($0)) }
  }()
  private var sample: [Parsed] { Self.sample.compactMap(\.parsed) }

  private struct Parsed {
    var name: String
    var user: String?
    var channel: String
    var ip: String
    var timeMs: Int64
    var total: Double?
    var id: String
  }

  private static func parse(_ event: SimulatedEvent) -> Parsed? {
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(event.payload)) as? [String: Any],
      let name = object["event"] as? String, let channel = object["channel"] as? String,
      let context = object["context"] as? [String: Any], let ip = context["ip"] as? String,
      context["city"] is String, context["device"] is String,
      let text = object["timestamp"] as? String, text.hasSuffix("+08:00"),
      let time = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text),
      let properties = object["properties"] as? [String: Any],
      let id = object["message_id"] as? String
    else { return nil }
    return Parsed(
      name: name, user: object["user_id"] as? String, channel: channel, ip: ip,
      timeMs: Int64((time.timeIntervalSince1970 * 1000).rounded()),
      total: properties["total"] as? Double, id: id)
  }

  private func events(
    minutes: Int64, customers: Int = 20_000, seed: UInt64 = 1
  ) -> [SimulatedEvent] {
    var shop = ShopSimulator(seed: seed, customers: customers, start: start)
    return shop.events(until: EventTime(ms: start.ms + minutes * 60_000))
  }

  @Test("equal seeds give equal bytes, other seeds others")
  func seeds() {
    let first = events(minutes: 5)
    #expect(first.count > 1000)
    #expect(first == events(minutes: 5))
    #expect(first != events(minutes: 5, seed: 2))
  }

  @Test("it does not matter in what stretches events are taken")
  func stretches() {
    var shop = ShopSimulator(seed: 1, start: start)
    var pieces: [SimulatedEvent] = []
    for second in stride(from: Int64(7), through: 300, by: 7) + [300] {
      let end = EventTime(ms: start.ms + second * 1000)
      pieces += shop.events(until: end)
      #expect(shop.upcoming >= end)
    }
    #expect(pieces == events(minutes: 5))
  }

  @Test("messages are sent in order, and all but a few hold an event with every field")
  func messages() {
    let all = Self.sample.map(\.event)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.time <= $1.time })
    let good = Self.sample.compactMap { event, parsed in parsed.map { (event, $0) } }
    let bad = all.count - good.count
    #expect(bad > 0 && Double(bad) / Double(all.count) < 0.002)
    #expect(good.allSatisfy { $0.0.time.ms >= $0.1.timeMs && $0.1.timeMs >= start.ms })
    let behind = good.map { $0.0.time.ms - $0.1.timeMs }
    #expect(behind.contains { (1...25_000).contains($0) })
    #expect(behind.contains { $0 >= 600_000 })
    let copies = good.count - Set(good.map { "\($0.1.id) \($0.1.timeMs)" }).count
    #expect(copies > 0 && Double(copies) / Double(good.count) < 0.004)
    #expect(good.allSatisfy { $0.1.user == nil || $0.0.key == Array(($0.1.user ?? "").utf8) })
    let money: Set = ["payment_details", "payment_error", "purchase", "refund"]
    #expect(good.allSatisfy { money.contains($0.1.name) == ($0.1.total != nil) })
    #expect(Set(good.map(\.1.name)).isSuperset(of: money.union(["browse", "product_view"])))
  }

  @Test("every channel is used, and evenings are busier than nights")
  func rhythm() {
    var shop = ShopSimulator(seed: 3, customers: 500, start: start)
    let hours = (1...24).map { hour in
      shop.events(until: EventTime(ms: start.ms + Int64(hour) * 3_600_000))
    }
    // Hours 0 ... 4 are 19:00 to midnight, 6 ... 10 are one to six in the morning.
    let evening = hours[0...4].reduce(0) { $0 + $1.count }
    let night = hours[6...10].reduce(0) { $0 + $1.count }
    #expect(evening > 5 * night)
    let channels = Dictionary(grouping: sample, by: \.channel)
    #expect(Set(channels.keys) == ["web", "app", "mini_program", "livestream", "store"])
    #expect(channels.values.allSatisfy { $0.count > 300 })
    #expect(Set(sample.compactMap(\.user)).count > 2000)
  }

  private func errorShare(_ parsed: [Parsed], _ channel: String, minutes: Range<Int64>) -> Double {
    let inside = parsed.filter {
      $0.channel == channel && minutes.contains(($0.timeMs - start.ms) / 60_000)
    }
    let errors = inside.count { $0.name == "payment_error" }
    let purchases = inside.count { $0.name == "purchase" }
    return Double(errors) / Double(max(1, errors + purchases))
  }

  @Test("the payment fault shows on its channel, while it lasts")
  func fault() {
    let parsed = sample
    #expect(errorShare(parsed, "mini_program", minutes: 4..<10) > 0.4)
    #expect(errorShare(parsed, "mini_program", minutes: 12..<20) < 0.2)
    #expect(errorShare(parsed, "app", minutes: 4..<10) < 0.2)
  }

  @Test("the fraud burst is one address, many accounts, many errors, while it lasts")
  func fraud() {
    let parsed = sample
    let burst = parsed.filter { $0.ip == "203.0.113.66" && $0.name == "payment_error" }
    #expect(burst.count > 80)
    #expect(Set(burst.map(\.user)).count > 30)
    let minutes = burst.map { ($0.timeMs - start.ms) / 60_000 }
    #expect(minutes.allSatisfy { (7...10).contains($0) })
  }

  @Test("where there are few anonymous visitors they come again, and nothing else changes")
  func fewVisitors() {
    var few = ShopScenario()
    few.anonymousVisitors = 7
    let end = EventTime(ms: start.ms + 600_000)
    var shop = ShopSimulator(seed: 1, start: start)
    let usual = shop.events(until: end)
    shop = ShopSimulator(seed: 1, start: start, scenario: few)
    let bounded = shop.events(until: end)
    #expect(bounded.map(\.time) == usual.map(\.time))
    let visitors = Set(bounded.map(\.key).filter { $0.starts(with: Array("a-".utf8)) })
    #expect(visitors.count == 7)
    for (one, other) in zip(bounded, usual) where !one.key.starts(with: Array("a-".utf8)) {
      #expect(one == other)
    }
  }

  @Test("a special offer brings people to the livestream")
  func drop() {
    let parsed = sample.filter { $0.channel == "livestream" }
    let perMinute = Dictionary(grouping: parsed) { ($0.timeMs - start.ms) / 60_000 }
      .mapValues(\.count)
    #expect(perMinute[7, default: 0] > 3 * perMinute[4, default: 0])
  }

  @Test("an absurd number of customers is taken to the nearest that there can be")
  func bounds() {
    #expect(!events(minutes: 600, customers: -5).isEmpty)
    var crowd = ShopSimulator(seed: 1, customers: .max, start: start)
    #expect(crowd.next().time >= start)
  }
}
