/// Says which dimension values moved an alert most against its baseline window.
struct AlertExplanation {
  /// Series of a signal by their dimensions without one, with that one's value.
  typealias Parts = [[String: String]: [(name: SeriesName, value: String)]]

  /// One dimension value.
  private struct Entry {
    var breakdown: Int
    var dimension: String
    /// As JSON.
    var value: String
    var from: Double?
    var to: Double?
    var share: Double
  }

  /// Entries that are told.
  private static let entriesMax = 5

  let rule: AlertRule
  let ordinal: Int64
  let name: SeriesName
  let view: AlertView
  /// The series of each breakdown's signals, in the order of the rule.
  let parts: [[Parts]]

  /// The explanation as JSON.
  func text(start: (Int64) -> EventTime) -> String {
    let value = view.number(rule.watch, ordinal, name)
    var out = Array("{\"baseline\":".utf8)
    var entries: [Entry] = []
    let distance = rule.baselines.first { view.number(rule.watch, ordinal - $0, name) != nil }
    if let distance, let before = view.number(rule.watch, ordinal - distance, name) {
      out += Array("{\"start_ms\":\(start(ordinal - distance).ms),\"value\":".utf8)
      Self.append(before, to: &out)
      out.append(UInt8(ascii: "}"))
      if let value { entries = self.entries(from: before, to: value, ordinal - distance) }
    } else {
      out += Array("null".utf8)
    }
    out += Array(",\"value\":".utf8)
    Self.append(value, to: &out)
    out += Array(",\"by\":[".utf8)
    for (at, entry) in entries.prefix(Self.entriesMax).enumerated() {
      if at > 0 { out.append(UInt8(ascii: ",")) }
      Self.append(entry, to: &out)
    }
    out.append(UInt8(ascii: "]"))
    if let mover = view.signals[rule.watch].movers[ordinal] { Self.append(mover, to: &out) }
    out.append(UInt8(ascii: "}"))
    return String(decoding: out, as: UTF8.self)
  }

  private static func append(_ number: Double?, to out: inout [UInt8]) {
    CanonicalJSON.append(number.map { .double($0) } ?? .null, to: &out)
  }

  private static func append(_ mover: KPIMover, to out: inout [UInt8]) {
    out += Array(",\"moved_by\":{\"kpi\":".utf8)
    CanonicalJSON.append(string: mover.kpi, to: &out)
    out += Array(",\"moved\":".utf8)
    append(mover.moved, to: &out)
    out.append(UInt8(ascii: "}"))
  }

  private static func append(_ entry: Entry, to out: inout [UInt8]) {
    out += Array("{\"dimension\":".utf8)
    CanonicalJSON.append(string: entry.dimension, to: &out)
    out += Array(",\"value\":\(entry.value),\"from\":".utf8)
    append(entry.from, to: &out)
    out += Array(",\"to\":".utf8)
    append(entry.to, to: &out)
    out += Array(",\"share\":".utf8)
    append((entry.share * 10_000).rounded() / 10_000, to: &out)
    out.append(UInt8(ascii: "}"))
  }

  /// Entries of all breakdowns, those that moved most first.
  private func entries(from before: Double, to value: Double, _ baseline: Int64) -> [Entry] {
    var entries: [Entry] = []
    let own = DimensionSet(name.text).pairs
    for (index, breakdown) in rule.plan.breakdowns.enumerated() {
      let signals = rule.breakdowns[index]
      guard (1...2).contains(signals.count) else { continue }
      var names: [String: SeriesName] = [:]
      for part in parts[index] {
        for (name, value) in part[own] ?? [] { names[value] = name }
      }
      let series = names.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let table = series.map { entry in
        signals.map { signal in
          (
            from: view.number(signal, baseline, entry.value) ?? 0,
            to: view.number(signal, ordinal, entry.value) ?? 0
          )
        }
      }
      let found =
        signals.count == 1
        ? Self.additive(table.map { $0[0] }, change: value - before) : Self.ratio(table)
      for (at, part) in found.enumerated() where part.share.isFinite && part.share != 0 {
        entries.append(
          Entry(
            breakdown: index, dimension: breakdown.dimension, value: series[at].key,
            from: part.from, to: part.to, share: part.share))
      }
    }
    // Stable: equal shares stay in order of breakdown and value.
    return entries.enumerated().sorted {
      let (a, b) = ($0.element.share.magnitude, $1.element.share.magnitude)
      return a != b ? a > b : $0.offset < $1.offset
    }.map(\.element)
  }

  private typealias Part = (from: Double?, to: Double?, share: Double)

  /// Of what adds up: the part's change by the whole change.
  private static func additive(_ parts: [(from: Double, to: Double)], change: Double) -> [Part] {
    parts.map { ($0.from, $0.to, ($0.to - $0.from) / change) }
  }

  /// Of a ratio N/D that went from R0 to R1: by how much the part's numerator exceeds what R0 of
  /// its denominator would be, by D; as a share of R1 − R0. The shares add up to 1.
  private static func ratio(_ table: [[(from: Double, to: Double)]]) -> [Part] {
    var sums = (n0: 0.0, n1: 0.0, d0: 0.0, d1: 0.0)
    for row in table {
      sums.n0 += row[0].from
      sums.n1 += row[0].to
      sums.d0 += row[1].from
      sums.d1 += row[1].to
    }
    let before = sums.n0 / sums.d0
    let change = sums.n1 / sums.d1 - before
    let share = { (a: Double, b: Double) in b == 0 ? nil : a / b }
    return table.map { row in
      let (n, d) = (row[0], row[1])
      return (
        share(n.from, d.from), share(n.to, d.to), (n.to - before * d.to) / sums.d1 / change
      )
    }
  }
}

extension AlertSignal {
  /// Its series by their dimensions without `dimension`. O(series).
  func parts(of dimension: String) -> AlertExplanation.Parts {
    var parts: AlertExplanation.Parts = [:]
    let shown = open.values.flatMap(\.keys)
    for name in Set(series.keys).union(shown) {
      var pairs = DimensionSet(name.text).pairs
      guard let value = pairs.removeValue(forKey: dimension) else { continue }
      parts[pairs, default: []].append((name, value))
    }
    return parts
  }
}
