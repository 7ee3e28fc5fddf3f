import StreamCore

/// A scale of event time with ticks where people's clocks and calendars have them.
struct TimeAxis {
  /// A mark of the scale.
  struct Tick: Equatable {
    var time: EventTime
    /// What the clock or calendar reads: `06:00`, `13`, `Mar`, `2024`.
    var label: String
    /// The day, month or year that it is in, at the first tick of it; nil elsewhere.
    var context: String?
  }

  /// Times shown, half-open.
  let range: Range<EventTime>
  let ticks: [Tick]

  /// Marks for `range` on `width` pixels, by the clock and calendar of `zone`.
  init(range: Range<EventTime>, zone: Zone, width: Double, words: ChartWords = .english) {
    self.range = range
    let span = Double(range.upperBound.ms - range.lowerBound.ms)
    let step = Step.all.first { span / $0.leastMs * $0.room <= max(width, 100) } ?? .years(10_000)
    ticks = Self.labelled(step.times(in: range, zone: zone), step: step, zone: zone, words: words)
  }

  /// How far along a time lies: 0 at the beginning, 1 at the end.
  func position(_ time: EventTime) -> Double {
    let from = Double(range.lowerBound.ms)
    let share = (Double(time.ms) - from) / (Double(range.upperBound.ms) - from)
    return min(max(share, 0), 1)
  }

  private static func labelled(
    _ times: [EventTime], step: Step, zone: Zone, words: ChartWords
  ) -> [Tick] {
    var previous: LocalTime?
    return times.map { time in
      let local = LocalTime(time, zone)
      defer { previous = local }
      return Tick(
        time: time, label: step.label(local, words),
        context: step.context(local, after: previous, words))
    }
  }
}

/// What clocks and calendars of a zone show at an instant.
struct LocalTime {
  let date: CivilDate
  /// Milliseconds since midnight by the clock.
  let clockMs: Int64

  init(_ time: EventTime, _ zone: Zone) {
    let local = time.ms + zone.offsetMs(at: time)
    let rest = local % 86_400_000
    clockMs = rest < 0 ? rest + 86_400_000 : rest
    date = CivilDate(dayNumber: (local - clockMs) / 86_400_000)
  }

  /// `10:21`.
  var minutes: String {
    "\(Self.pair(clockMs / 3_600_000)):\(Self.pair(clockMs / 60_000 % 60))"
  }
  /// `10:21:05`.
  var seconds: String { "\(minutes):\(Self.pair(clockMs / 1000 % 60))" }
  /// `10:21:05.250`.
  var milliseconds: String {
    let rest = String(clockMs % 1000)
    return "\(seconds).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
  /// `2024-03-13 10:21`, with seconds where there are any, and without a time at midnight.
  var full: String {
    if clockMs == 0 { return date.description }
    if clockMs % 1000 != 0 { return "\(date) \(milliseconds)" }
    return "\(date) \(clockMs % 60_000 == 0 ? minutes : seconds)"
  }

  private static func pair(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
}

extension TimeAxis {
  /// What lies between two ticks.
  enum Step: Equatable {
    /// Milliseconds of the clock: they divide a day.
    case clock(Int64)
    case days(Int64)
    case weeks(Int64)
    case months(Int64)
    case years(Int64)

    private static let clocks: [Int64] = [
      1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000,
      120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000,
      43_200_000,
    ]
    /// From short to long.
    static let all: [Step] =
      clocks.map { .clock($0) } + [
        .days(1), .days(2), .weeks(1), .weeks(2), .months(1), .months(2), .months(3), .months(6),
      ] + [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map { .years($0) }

    private static let dayMs: Int64 = 86_400_000

    /// Its usual length.
    var leastMs: Double {
      switch self {
      case .clock(let ms): Double(ms)
      case .days(let count): Double(count * Self.dayMs)
      case .weeks(let count): Double(7 * count * Self.dayMs)
      case .months(let count): Double(30 * count * Self.dayMs)
      case .years(let count): Double(365 * count * Self.dayMs)
      }
    }

    /// Pixels that a tick's label needs.
    var room: Double {
      switch self {
      case .clock(..<1000): 94
      case .clock(..<60_000): 72
      case .clock: 56
      case .days, .weeks: 38
      case .months: 44
      case .years: 48
      }
    }

    /// The instants in `range`, ascending, at least half a step apart.
    func times(in range: Range<EventTime>, zone: Zone) -> [EventTime] {
      guard !range.isEmpty else { return [] }
      var times: [EventTime] = []
      func add(_ time: EventTime) {
        guard range.contains(time) else { return }
        if let last = times.last, Double(time.ms - last.ms) < leastMs / 2 { return }
        times.append(time)
      }
      switch self {
      case .clock(let ms):
        var cursor = range.lowerBound
        while cursor < range.upperBound {
          // Where clocks change another grid begins.
          let part = zone.range(at: cursor)
          let end = min(part.until, range.upperBound)
          var local = cursor.ms + part.offsetMs
          local += (ms - local % ms) % ms
          while local - part.offsetMs < end.ms {
            add(EventTime(ms: local - part.offsetMs))
            local += ms
          }
          cursor = end
        }
      case .days(let count):
        for day in days(of: range, zone) where (CivilDate(dayNumber: day).day - 1) % Int(count) == 0
        {
          add(zone.startOfDay(day))
        }
      case .weeks(let count):
        // Day 0 was a Thursday, day -3 a Monday.
        for day in days(of: range, zone) where (day + 3) % (7 * count) == 0 {
          add(zone.startOfDay(day))
        }
      case .months(let count):
        for month in months(of: range, zone) where month % count == 0 {
          add(zone.startOfMonth(month))
        }
      case .years(let count):
        let months = months(of: range, zone)
        let first = CivilDate(monthNumber: months.lowerBound).year
        let last = CivilDate(monthNumber: months.upperBound).year
        let begin = first + (count - first % count) % count
        for year in stride(from: begin, through: last, by: Int64.Stride(count)) {
          add(zone.startOfMonth((year - 1970) * 12))
        }
      }
      return times
    }

    private func days(of range: Range<EventTime>, _ zone: Zone) -> ClosedRange<Int64> {
      zone.dayNumber(of: range.lowerBound)...zone.dayNumber(of: range.upperBound)
    }

    private func months(of range: Range<EventTime>, _ zone: Zone) -> ClosedRange<Int64> {
      zone.monthNumber(of: range.lowerBound)...zone.monthNumber(of: range.upperBound)
    }

    func label(_ local: LocalTime, _ words: ChartWords) -> String {
      switch self {
      case .clock(..<1000): local.milliseconds
      case .clock(..<60_000): local.seconds
      case .clock: local.minutes
      case .days, .weeks: "\(local.date.day)"
      case .months: words.month(local.date.month)
      case .years: "\(local.date.year)"
      }
    }

    /// What a label leaves out, where it is another than at the tick before.
    func context(
      _ local: LocalTime, after previous: LocalTime?, _ words: ChartWords
    ) -> String? {
      let sameYear = previous?.date.year == local.date.year
      let sameMonth = sameYear && previous?.date.month == local.date.month
      switch self {
      case .clock:
        if previous?.date == local.date { return nil }
        let day = words.day(local.date.day, month: local.date.month)
        return sameYear ? day : words.withYear(day, local.date.year)
      case .days, .weeks:
        if sameMonth { return nil }
        let month = words.month(local.date.month)
        return sameYear ? month : words.withYear(month, local.date.year)
      case .months: return sameYear ? nil : "\(local.date.year)"
      case .years: return nil
      }
    }
  }
}
