/// Which value of a threshold holds when, for which series.
///
/// Immutable; made anew of all rows of the table `thresholds` when one is added. The value is that
/// of the most specific scope that the series is in (most dimensions, then the least text), and
/// within a scope that of a person until it is reset, else the file's; each the last row before the
/// instant.
public struct ThresholdSchedule: Sendable {
  private struct Scope: Sendable {
    let dimensions: DimensionSet
    /// By effective time, in order of the rows.
    var rows: [ThresholdRow]

    /// The row that holds for what ends at `end`; nil before the first row.
    func row(at end: EventTime) -> ThresholdRow? {
      var file: ThresholdRow?
      var person: ThresholdRow?
      for row in rows where row.effective < end {
        switch row.origin {
        case .file: file = row
        case .person: person = row
        case .reset: person = nil
        }
      }
      return person ?? file
    }
  }

  private struct Key: Hashable, Sendable {
    let rule: String
    let name: String
  }

  private var scopes: [Key: [Scope]] = [:]

  /// A schedule of these rows, in the order in which they were stored.
  public init(_ rows: [ThresholdRow]) {
    for row in rows.enumerated().sorted(by: {
      ($0.element.effective, $0.offset) < ($1.element.effective, $1.offset)
    }).map(\.element) {
      let key = Key(rule: row.rule, name: row.name)
      let set = DimensionSet(row.dimensions)
      if let at = scopes[key]?.firstIndex(where: { $0.dimensions == set }) {
        scopes[key]?[at].rows.append(row)
      } else {
        scopes[key, default: []].append(Scope(dimensions: set, rows: [row]))
      }
    }
    for key in scopes.keys {
      scopes[key]?.sort {
        let (a, b) = ($0.dimensions, $1.dimensions)
        return a.count != b.count ? a.count > b.count : a.text < b.text
      }
    }
  }

  /// The value of a rule's threshold for a series and what ends at `end` (an event: its time);
  /// the file's `standard` where no row says otherwise. O(scopes + rows of the one that holds).
  public func value(
    _ threshold: ThresholdPlan, rule: String, dimensions: String, at end: EventTime
  ) -> Double {
    row(threshold.name, rule: rule, dimensions: dimensions, at: end)?.value
      ?? Self.standard(threshold, dimensions)
  }

  /// Whether a threshold has the same value for every series, whatever the time. O(1).
  public func isShared(_ threshold: ThresholdPlan, rule: String) -> Bool {
    guard threshold.byDimensions.isEmpty else { return false }
    let scopes = scopes[Key(rule: rule, name: threshold.name)] ?? []
    return scopes.allSatisfy { $0.dimensions.count == 0 }
  }

  /// The row that holds for a series and what ends at `end`; nil where no row says anything.
  /// O(scopes + rows of the one that holds).
  public func row(
    _ name: String, rule: String, dimensions: String, at end: EventTime
  ) -> ThresholdRow? {
    guard let scopes = scopes[Key(rule: rule, name: name)] else { return nil }
    // The usual case: one scope, that of every series.
    if scopes.count == 1, scopes[0].dimensions.count == 0 { return scopes[0].row(at: end) }
    let series = DimensionSet(dimensions)
    for scope in scopes where series.contains(scope.dimensions) {
      if let row = scope.row(at: end) { return row }
    }
    return nil
  }

  /// The instants after which some threshold of a rule may have another value, ascending. O(rows).
  public func changes(of rule: String) -> [EventTime] {
    var times: Set<EventTime> = []
    for (key, own) in scopes where key.rule == rule {
      for scope in own { times.formUnion(scope.rows.map(\.effective)) }
    }
    return times.sorted()
  }

  /// The value that the file gives for a series.
  static func standard(_ threshold: ThresholdPlan, _ dimensions: String) -> Double {
    if threshold.byDimensions.isEmpty { return threshold.standard }
    let series = DimensionSet(dimensions)
    let own = threshold.byDimensions.map { (DimensionSet($0.dimensions), $0.value) }
      .filter { series.contains($0.0) }
    return own.max { a, b in
      a.0.count != b.0.count ? a.0.count < b.0.count : a.0.text > b.0.text
    }?.1 ?? threshold.standard
  }
}

/// Dimensions as pairs of a name and the canonical JSON of its value.
public struct DimensionSet: Hashable, Sendable {
  /// Pairs by name.
  public let pairs: [String: String]
  /// Canonical JSON of all.
  public let text: String

  /// Takes canonical JSON apart; what is no object has no dimensions. O(bytes).
  public init(_ text: String) {
    self.text = text
    var pairs: [String: String] = [:]
    let bytes = Array(text.utf8)
    var at = 1
    while at < bytes.count, bytes[at] != UInt8(ascii: "}") {
      let name = Self.end(of: bytes, from: at)
      let value = Self.end(of: bytes, from: name + 1)
      guard name < bytes.count, value <= bytes.count else { break }
      pairs[String(decoding: bytes[at..<name], as: UTF8.self)] =
        String(decoding: bytes[(name + 1)..<value], as: UTF8.self)
      at = value + (value < bytes.count && bytes[value] == UInt8(ascii: ",") ? 1 : 0)
    }
    // Names keep no quotes.
    self.pairs = Dictionary(
      uniqueKeysWithValues: pairs.map { (String($0.key.dropFirst().dropLast()), $0.value) })
  }

  /// How many there are.
  public var count: Int { pairs.count }

  /// Whether it has all of `other`'s, with the same values.
  public func contains(_ other: DimensionSet) -> Bool {
    other.pairs.allSatisfy { pairs[$0.key] == $0.value }
  }

  public static func == (a: DimensionSet, b: DimensionSet) -> Bool { a.pairs == b.pairs }

  public func hash(into hasher: inout Hasher) { hasher.combine(pairs) }

  /// Where the scalar that begins at `start` ends.
  private static func end(of bytes: [UInt8], from start: Int) -> Int {
    guard start < bytes.count else { return bytes.count }
    var at = start
    guard bytes[at] == UInt8(ascii: "\"") else {
      while at < bytes.count,
        ![UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: ":")].contains(bytes[at])
      {
        at += 1
      }
      return at
    }
    at += 1
    while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
      at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(at + 1, bytes.count)
  }
}
