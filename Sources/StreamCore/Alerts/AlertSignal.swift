/// The readings of one result that alerts watch, window by window, as far back as any rule looks.
///
/// Rows of closed windows are offered; `settle` then goes through the windows in order and gives
/// every series that is followed its reading: that of its row, or what silence means. The readings
/// of a window are the same in every run, whichever windows are settled together.
///
/// Limit: the `maxSeries` series of least hash that are not silent for too long.
struct AlertSignal {
  /// One series that is followed.
  struct Series {
    var history = ReadingHistory()
    /// End of the last window with a row.
    var lastSeen: EventTime
  }

  let source: AlertSource
  var series: [SeriesName: Series] = [:]
  private(set) var calendar: WindowCalendar
  /// The first window with a row; nil before there is one, and in a life after the one that saw it.
  private(set) var begin: Int64?
  /// Windows up to this have their readings; nil before any.
  var settled: Int64?
  /// Users of cohorts by window, for cells that nobody is in.
  var cohorts: [Int64: [SeriesName: Int64]] = [:]
  /// What moved a KPI in a window, where something did.
  var movers: [Int64: KPIMover] = [:]
  /// Rows of closed windows that are not settled.
  private var incoming: [Int64: [SeriesName: AlertReading]] = [:]
  /// Rows of open windows, where a provisional rule wants them.
  private(set) var open: [Int64: [SeriesName: AlertReading]] = [:]
  private var openCohorts: [Int64: [SeriesName: Int64]] = [:]
  /// Whether a provisional rule wants them.
  var isShown = false
  /// Windows before this are of no interest.
  private var keepFrom = Int64.min
  /// Series that were followed in the last settled window.
  var live = 0

  init(_ source: AlertSource, window: WindowPlan, zone: Zone) {
    self.source = source
    calendar = WindowCalendar(window: window, zone: zone)
  }

  /// The number of the window that starts then.
  mutating func ordinal(_ start: EventTime) -> Int64 { calendar.ordinal(of: start) }

  /// The reading of a settled window; nil where the series was not followed.
  func reading(_ ordinal: Int64, _ name: SeriesName) -> AlertReading? {
    series[name]?.history[ordinal]
  }

  /// The series' name here: everybody's where the result has no dimensions.
  func name(_ name: SeriesName) -> SeriesName { source.hasDimensions ? name : SeriesName("{}") }
}

// MARK: - Rows

extension AlertSignal {
  /// Takes a row of a window: of one that is closed, or of one that is open.
  mutating func offer(
    _ reading: AlertReading, start: EventTime, _ name: SeriesName, isFinal: Bool
  ) {
    let ordinal = ordinal(start)
    if isFinal {
      if ordinal > settled ?? Int64.min { incoming[ordinal, default: [:]][name] = reading }
    } else if isShown {
      open[ordinal, default: [:]][name] = reading
    }
  }

  /// Takes the size of a cohort.
  mutating func offer(cohort users: Int64, start: EventTime, _ name: SeriesName, isFinal: Bool) {
    let ordinal = ordinal(start)
    if isFinal {
      cohorts[ordinal, default: [:]][name] = users
    } else if isShown {
      openCohorts[ordinal, default: [:]][name] = users
    }
  }

  /// The size of the cohort so many windows before the one that starts then.
  mutating func cohort(_ period: Int, before start: EventTime, _ name: SeriesName) -> Int64? {
    let ordinal = ordinal(start) - Int64(period)
    return cohorts[ordinal]?[name] ?? openCohorts[ordinal]?[name]
  }

  /// Takes how far the periods of a KPI have come that are not over, in place of what was known of
  /// any.
  mutating func offer(toDate rows: [KPIRow]) {
    guard isShown else { return }
    open.removeAll()
    for row in rows {
      offer(AlertReading(row), start: row.periodStart, SeriesName("{}"), isFinal: false)
    }
  }

  /// Drops a row of an open window.
  mutating func forget(start: EventTime, _ name: SeriesName) {
    guard isShown else { return }
    open[ordinal(start)]?[name] = nil
  }

  /// Drops rows of windows that have been closed.
  mutating func forgetOpen() {
    guard isShown, let settled else { return }
    open = open.filter { $0.key > settled && !$0.value.isEmpty }
    openCohorts = openCohorts.filter { $0.key > settled }
  }
}

// MARK: - Settling

extension AlertSignal {
  /// The last window that is closed when everything up to `closed` is. At the end of the input
  /// that is the one that holds `horizon`. Nil while nothing is closed.
  mutating func lastWindow(closed: EventTime, horizon: EventTime) -> Int64? {
    guard closed > .distantPast else { return nil }
    if closed.ms > EventTime.distantFuture.ms / 2 {
      return horizon > .distantPast ? ordinal(horizon) : nil
    }
    return ordinal(closed) - calendar.window.overlap
  }

  /// Settles at most `limit` windows up to `last`; whether there may be more.
  mutating func settle(through last: Int64, limit: Int) -> Bool {
    var waiting = incoming.keys.filter { $0 <= last }.sorted()[...]
    for _ in 0..<limit {
      var next = min(waiting.first ?? .max, firstOfCohorts)
      if let settled, live > 0 { next = settled + 1 }
      guard next <= last else {
        settled = max(settled ?? last, last)
        return false
      }
      settle(next)
      waiting = waiting.drop { $0 <= next }
    }
    return true
  }

  /// The first window that gets a reading because of a cohort.
  private var firstOfCohorts: Int64 {
    guard case .cohort(let period) = source.silence, let first = cohorts.keys.min() else {
      return .max
    }
    return first + period
  }

  private mutating func settle(_ ordinal: Int64) {
    let end = calendar.end(ordinal)
    let rows = incoming.removeValue(forKey: ordinal) ?? [:]
    var zeros: [SeriesName: Int64] = [:]
    if case .cohort(let period) = source.silence {
      zeros = cohorts.removeValue(forKey: ordinal - period) ?? [:]
    }
    for name in rows.keys where series[name] == nil { series[name] = Series(lastSeen: end) }
    for name in zeros.keys where series[name] == nil { series[name] = Series(lastSeen: end) }
    if begin == nil, !series.isEmpty { begin = ordinal }
    let silent: AlertReading =
      if case .value(let value?) = source.silence {
        AlertReading(value: value, samples: 0)
      } else {
        .noData
      }
    live = 0
    for index in series.indices {
      let name = series.keys[index]
      var reading = silent
      if let row = rows[name] {
        reading = row
        series.values[index].lastSeen = end
      } else if let users = zeros[name] {
        reading = AlertReading(value: 0, samples: isShare ? users : 0)
        series.values[index].lastSeen = end
      } else if source.hasDimensions,
        end.ms - series.values[index].lastSeen.ms > source.seriesTTLMs
      {
        continue
      }
      series.values[index].history.append(reading, at: ordinal, keepFrom: keepFrom)
      live += 1
    }
    settled = ordinal
    if live > source.maxSeries { limitSeries(ordinal) }
  }

  private var isShare: Bool {
    if case .retention(_, .share) = source.reference.figure { true } else { false }
  }

  /// Drops the series of greatest hash beyond the limit.
  private mutating func limitSeries(_ ordinal: Int64) {
    let ranked = series.filter {
      $0.key != source.otherDimensions && $0.value.history.end > ordinal
    }
    .map { ($0.key, SeriesTable.rank($0.key.text)) }.sorted {
      $0.1 != $1.1 ? $0.1 < $1.1 : $0.0 < $1.0
    }
    for (name, _) in ranked.dropFirst(source.maxSeries) {
      series[name] = nil
      live -= 1
    }
  }

  /// Drops readings of windows before `ordinal`. O(series).
  mutating func trim(before ordinal: Int64) {
    guard ordinal > keepFrom, let settled else { return }
    keepFrom = ordinal
    for index in series.indices { series.values[index].history.trim(before: ordinal) }
    if !movers.isEmpty { movers = movers.filter { $0.key >= ordinal } }
    series = series.filter { $0.value.history.end > settled || !$0.value.history.isEmpty }
  }
}
