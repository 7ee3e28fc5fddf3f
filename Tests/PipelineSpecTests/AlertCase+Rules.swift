import Foundation
import PipelineSpec
import StreamCore
import StreamTestKit

/// Random rules.
extension AlertCase {
  /// What a condition may name, by slot.
  private static let names = [
    "value", "samples", "lower", "upper", "before", "change", "mean", "stddev", "other", "limit",
  ]

  private struct Condition {
    var text: String
    var holds: (AlertOracle.Look) -> Bool

    init(_ text: String, _ holds: @escaping (AlertOracle.Look) -> Bool) {
      self.text = text
      self.holds = holds
    }

    func compile() throws -> StreamCore.Expression {
      try StreamCore.Expression.compile(text) { path in
        names.firstIndex(of: path).map { .slot($0) } ?? .unknown(known: names)
      }
    }
  }

  /// How far conditions look back.
  private struct LookBack {
    var before: Int64
    var change: Int64
    var count: Int64
    var step: Int64

    func values(_ look: AlertOracle.Look) -> [Double] {
      (1...count).compactMap { look.previous($0 * step) }
    }

    func mean(_ look: AlertOracle.Look) -> Double? {
      let values = values(look)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    func stddev(_ look: AlertOracle.Look) -> Double? {
      let values = values(look)
      guard let mean = mean(look), values.count >= 2 else { return nil }
      var sum = 0.0
      for value in values { sum += (value - mean) * (value - mean) }
      return (sum / Double(values.count - 1)).squareRoot()
    }
  }

  private static func conditions(_ back: LookBack) -> [Condition] {
    [
      Condition("value > limit") { $0.value > $0.limit },
      Condition("value < limit") { $0.value < $0.limit },
      Condition("value >= limit * 2") { $0.value >= $0.limit * 2 },
      Condition("samples > limit && value > 0") { Double($0.samples) > $0.limit && $0.value > 0 },
      Condition("before > limit && value <= limit") { look in
        look.previous(back.before).map { $0 > look.limit && look.value <= look.limit } ?? false
      },
      Condition("change > 0.5") { look in
        guard let before = look.previous(back.change), before != 0 else { return false }
        return (look.value - before) / abs(before) > 0.5
      },
      Condition("value < mean") { look in back.mean(look).map { look.value < $0 } ?? false },
      Condition("value > mean + 0.5 * stddev") { look in
        guard let mean = back.mean(look), let stddev = back.stddev(look) else { return false }
        return look.value > mean + 0.5 * stddev
      },
      Condition("value > other") { look in look.other.map { look.value > $0 } ?? false },
      Condition("lower > limit") { look in wilson(look).map { $0.0 > look.limit } ?? false },
      Condition("upper < limit") { look in wilson(look).map { $0.1 < look.limit } ?? false },
      Condition("value < limit || value > 2 * limit") {
        $0.value < $0.limit || $0.value > 2 * $0.limit
      },
    ]
  }

  /// Both x with (p − x)² = z² · x · (1 − x) / n.
  private static func wilson(_ look: AlertOracle.Look) -> (Double, Double)? {
    guard look.value >= 0, look.value <= 1, look.samples > 0 else { return nil }
    let spread = 1.959963984540054 * 1.959963984540054 / Double(look.samples)
    let (a, b, c) = (1 + spread, -(2 * look.value + spread), look.value * look.value)
    let root = max(0, b * b - 4 * a * c).squareRoot()
    return (
      look.value == 0 ? 0 : (-b - root) / (2 * a), look.value == 1 ? 1 : (-b + root) / (2 * a)
    )
  }

  mutating func addRule(
    _ name: String, _ options: EventHistory.Options, _ generator: inout SeededGenerator
  ) throws {
    let watch = generator.pick(watched)
    let other = generator.pick(watched.filter { !$0.isByChannel || watch.isByChannel })
    let back = LookBack(
      before: generator.whole(1...3), change: generator.whole(1...8),
      count: generator.whole(1...4), step: generator.pick([1, 1, 2, 7]))
    let when = generator.pick(Self.conditions(back))
    let clear = generator.chance(0.5) ? generator.pick(Self.conditions(back)) : nil
    let limit = limit(name, watch, options, &generator)
    let inputs: [AlertInput] = [
      .value, .samples, .lower, .upper, .previous(Int(back.before)), .change(Int(back.change)),
      .mean(count: Int(back.count), step: Int(back.step)),
      .stddev(count: Int(back.count), step: Int(back.step)), .other(other.reference),
      .threshold(0),
    ]
    var plan = AlertPlan(
      name: name, watch: watch.reference, when: try when.compile(),
      clear: try clear?.compile(), inputs: inputs, thresholds: [limit.plan],
      minSamples: generator.pick([0, 0, 1, 2, 5]),
      noData: generator.pick([.keep, .ok, .alert]), window: windows.plan,
      dimensions: watch.isByChannel ? ["channel"] : [])
    let holdMs = windows.stepMs / 2 * generator.whole(1...6)
    let isByWindows = generator.chance(0.6)
    let holdWindows = generator.pick([1, 1, 2, 3])
    plan.hold = isByWindows ? .windows(holdWindows) : .duration(ms: holdMs)
    plan.keepFiringForMs = generator.pick([0, 0, windows.stepMs, windows.stepMs * 5 / 2])
    let active = generator.chance(0.3) ? Self.active(&generator) : nil
    plan.active = active.map { [$0] } ?? []
    let isActive = activeTest(active)
    let (minSamples, keepMs, noData) = (plan.minSamples, plan.keepFiringForMs, plan.noData)
    let window = windows.window
    let oracle = { (rows: ResultRows) in
      var oracle = AlertOracle(
        watch: watch.result(rows), window: window, when: when.holds, limit: limit.value)
      oracle.other = (other.result(rows), other.isByChannel)
      oracle.clear = clear?.holds
      oracle.holdWindows = isByWindows ? holdWindows : nil
      oracle.holdMs = holdMs
      oracle.keepMs = keepMs
      oracle.minSamples = minSamples
      oracle.noData = noData == .keep ? .keep : noData == .ok ? .ok : .alert
      oracle.isActive = isActive
      return oracle
    }
    let text =
      "\(name): \(watch.reference) when \(when.text) clear \(clear?.text ?? "-") other "
      + "\(other.reference) \(back) hold \(plan.hold) keep \(keepMs) min \(minSamples) "
      + "no data \(noData) active \(plan.active) limit \(limit.plan)"
    rules.append(Rule(plan: plan, text: text, oracle: oracle))
  }

  /// A threshold that changes over time, for all series and for one.
  private mutating func limit(
    _ rule: String, _ watch: Watched, _ options: EventHistory.Options,
    _ generator: inout SeededGenerator
  ) -> (plan: ThresholdPlan, value: (String, Int64) -> Double) {
    let value = { (generator: inout SeededGenerator) in
      (generator.unit() * watch.scale * 8).rounded() / 4
    }
    let standard = value(&generator)
    let web = "{\"channel\":\"web\"}"
    let own = generator.chance(0.3) ? value(&generator) : nil
    var sets: [(dimensions: String, atMs: Int64, value: Double)] = []
    for _ in 0..<generator.pick([0, 0, 1, 3]) {
      let at = options.startMs + generator.whole(0...options.spanMs)
      sets.append((generator.chance(0.3) ? web : "{}", at, value(&generator)))
    }
    thresholds += sets.map {
      ThresholdRow(
        rule: rule, name: "limit", dimensions: $0.dimensions, value: $0.value,
        effective: EventTime(ms: $0.atMs), set: WallTime(ms: 0), origin: .person, setBy: "ops",
        reason: "a test")
    }
    let plan = ThresholdPlan(
      name: "limit", standard: standard, byDimensions: own.map { [(web, $0)] } ?? [])
    let sorted = sets.sorted { $0.atMs < $1.atMs }
    return (
      plan,
      { name, endMs in
        let past = sorted.filter { $0.atMs < endMs }
        if name == web, let set = past.last(where: { $0.dimensions == web }) { return set.value }
        if let set = past.last(where: { $0.dimensions == "{}" }) { return set.value }
        return name == web ? own ?? standard : standard
      }
    )
  }

  private static func active(_ generator: inout SeededGenerator) -> AlertPlan.ActiveHours {
    let from = Int(generator.whole(0...1000))
    return AlertPlan.ActiveHours(
      days: Set((1...7).filter { _ in generator.chance(0.8) }),
      fromMinute: generator.chance(0.5) ? 0 : from,
      toMinute: generator.chance(0.5) ? 1440 : from + Int(generator.whole(1...400)))
  }

  private func activeTest(_ hours: AlertPlan.ActiveHours?) -> (Int64) -> Bool {
    guard let hours else { return { _ in true } }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
    return { [calendar] startMs in
      let date = Date(timeIntervalSince1970: Double(startMs) / 1000)
      let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
      let (weekday, hour, minute) = (parts.weekday ?? 1, parts.hour ?? 0, parts.minute ?? 0)
      // Sunday is 1 there and 7 here.
      let now = hour * 60 + minute
      return hours.days.contains(weekday == 1 ? 7 : weekday - 1) && now >= hours.fromMinute
        && now < hours.toMinute
    }
  }
}
