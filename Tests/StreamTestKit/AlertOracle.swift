/// What an alert rule must do, worked out from the final rows of what it watches.
///
/// The whole history of a series lies before it: it looks for the window in which an alert begins,
/// then for the one in which it fires, then for the blocks of windows in which it might end.
public struct AlertOracle {
  /// A value in one window, and the events behind it.
  public struct Reading: Sendable, Equatable {
    /// Nil: no data.
    public var value: Double?
    /// Events behind it.
    public var samples: Int64

    /// Makes a reading of its parts.
    public init(_ value: Double?, samples: Int64) {
      self.value = value
      self.samples = samples
    }
  }

  /// A watched result.
  public struct Result {
    /// Readings of windows with rows, by number of the window, then dimensions.
    public var rows: [Int64: [String: Reading]]
    /// What a window without a row has.
    public var silence: Double?
    /// How long after the last row that goes on; nil: for ever.
    public var ttlMs: Int64?
    /// Whether zero counts however few samples there are.
    public var isCount: Bool

    /// Makes a result of its parts.
    public init(
      rows: [Int64: [String: Reading]], silence: Double?, ttlMs: Int64?, isCount: Bool
    ) {
      self.rows = rows
      self.silence = silence
      self.ttlMs = ttlMs
      self.isCount = isCount
    }
  }

  /// What conditions look at.
  public struct Look {
    /// The reading that is judged.
    public var value: Double
    public var samples: Int64
    /// The value so many windows ago.
    public var previous: (Int64) -> Double?
    /// Another result in the same window.
    public var other: Double?
    /// The threshold.
    public var limit: Double
  }

  /// What becomes of windows without data.
  public enum NoData: Sendable { case keep, ok, alert }

  /// A transition, as text that can be compared; and the alert that it is of.
  public struct Transition: Sendable, Equatable {
    public var endMs: Int64
    public var dimensions: String
    /// Start of the alert's first window.
    public var firstMs: Int64
    public var from: String
    public var to: String
    public var reading: Reading
    public var limit: Double
  }

  /// Start and end of the window of a number.
  public var window: (Int64) -> MetricOracle.Window
  public var watch: Result
  /// Another result, and whether it has the dimensions of the watched one.
  public var other: (result: Result, hasDimensions: Bool)?
  public var when: (Look) -> Bool
  public var clear: ((Look) -> Bool)?
  /// Windows, or milliseconds.
  public var holdWindows: Int?
  public var holdMs: Int64 = 0
  public var keepMs: Int64 = 0
  public var minSamples: Int64 = 0
  public var noData = NoData.keep
  /// Whether windows that start then are judged.
  public var isActive: (Int64) -> Bool = { _ in true }
  /// The threshold of a series, for windows that end then.
  public var limit: (String, Int64) -> Double

  /// Makes a rule that fires in the first window in which `when` holds.
  public init(
    watch: Result, window: @escaping (Int64) -> MetricOracle.Window,
    when: @escaping (Look) -> Bool, limit: @escaping (String, Int64) -> Double
  ) {
    self.watch = watch
    self.window = window
    self.when = when
    self.limit = limit
  }

  /// One window of a series.
  private struct Moment {
    var window: MetricOracle.Window
    var reading: Reading
    var isFollowed: Bool
    /// Nil when it is not judged.
    var says: (when: Bool, end: Bool)?
  }

  /// Everything that the rule does up to window `last`, in order of window end and dimensions.
  public func transitions(through last: Int64) -> [Transition] {
    var all: [Transition] = []
    for name in Set(watch.rows.values.flatMap(\.keys)) {
      let first = watch.rows.filter { $0.value[name] != nil }.keys.min() ?? last
      if first <= last { all += transitions(name, (first...last).map { moment($0, name) }) }
    }
    // Stable, so that what happens in one window stays in order.
    return all.enumerated().sorted {
      let (a, b) = ($0.element, $1.element)
      if a.endMs != b.endMs { return a.endMs < b.endMs }
      if a.dimensions != b.dimensions {
        return a.dimensions.utf8.lexicographicallyPrecedes(b.dimensions.utf8)
      }
      return $0.offset < $1.offset
    }.map(\.element)
  }

  private func moment(_ number: Int64, _ name: String) -> Moment {
    let window = window(number)
    let found = reading(watch, number, name)
    var moment = Moment(
      window: window, reading: found ?? Reading(nil, samples: 0), isFollowed: found != nil)
    guard isActive(window.startMs) else { return moment }
    guard let value = moment.reading.value else {
      switch noData {
      case .keep: break
      case .ok: moment.says = (false, true)
      case .alert: moment.says = (true, false)
      }
      return moment
    }
    let samples = moment.reading.samples
    if samples < minSamples && !(watch.isCount && value == 0 && samples == 0) { return moment }
    let look = Look(
      value: value, samples: samples,
      previous: { reading(watch, number - $0, name)?.value },
      other: other.flatMap { reading($0.result, number, $0.hasDimensions ? name : "{}")?.value },
      limit: limit(name, window.endMs))
    let holds = when(look)
    moment.says = (holds, clear.map { $0(look) } ?? !holds)
    return moment
  }

  /// The reading of a window; nil before the series' first row and after it was silent too long.
  private func reading(_ result: Result, _ number: Int64, _ name: String) -> Reading? {
    if let row = result.rows[number]?[name] { return row }
    let before = result.rows.filter { $0.key < number && $0.value[name] != nil }.keys.max()
    guard let before else { return nil }
    if let ttlMs = result.ttlMs, window(number).endMs - window(before).endMs > ttlMs { return nil }
    return Reading(result.silence, samples: 0)
  }

  private func transitions(_ name: String, _ moments: [Moment]) -> [Transition] {
    var all: [Transition] = []
    var from = 0
    while from < moments.count {
      let begins = moments[from...].firstIndex { $0.isFollowed && $0.says?.when == true }
      guard let begins else { break }
      let firstMs = moments[begins].window.startMs
      let add = { (moment: Moment, from: String, to: String) in
        all.append(
          Transition(
            endMs: moment.window.endMs, dimensions: name, firstMs: firstMs, from: from, to: to,
            reading: moment.reading, limit: limit(name, moment.window.endMs)))
      }
      let judged = moments.indices.filter { $0 >= begins && moments[$0].says != nil }
      add(moments[begins], "inactive", "pending")
      let run = judged.prefix { moments[$0].says?.when == true }
      let fires =
        holdWindows.map { run.dropFirst($0 - 1).first }
        ?? run.first { moments[$0].window.endMs - firstMs >= holdMs }
      guard let fires else {
        guard run.count < judged.count else { break }
        add(moments[judged[run.count]], "pending", "inactive")
        from = judged[run.count] + 1
        continue
      }
      add(moments[fires], "pending", "firing")
      guard let over = end(judged.filter { $0 > fires }, moments, add) else { break }
      from = over + 1
    }
    return all
  }

  /// The window in which an alert is over that has fired before `judged`.
  private func end(
    _ judged: [Int], _ moments: [Moment], _ add: (Moment, String, String) -> Void
  ) -> Int? {
    var rest = judged[...]
    while let first = rest.first(where: { moments[$0].says?.end == true }) {
      rest = rest.drop { $0 < first }
      let block = rest.prefix { moments[$0].says?.end == true }
      let over = block.first {
        moments[$0].window.endMs - moments[first].window.endMs >= keepMs
      }
      if over == first {
        add(moments[first], "firing", "resolved")
        return first
      }
      add(moments[first], "firing", "recovering")
      if let over {
        add(moments[over], "recovering", "resolved")
        return over
      }
      rest = rest.dropFirst(block.count)
      guard let again = rest.first else { return nil }
      add(moments[again], "recovering", "firing")
    }
    return nil
  }
}
