/// What a zone does in every year past the transitions that its file lists: the footer of a TZif
/// file, a POSIX `TZ` string with the extensions of RFC 8536.
struct ZoneRule: Sendable, Equatable {
  /// A yearly day, and a local time of it.
  struct Change: Sendable, Equatable {
    enum Day: Sendable, Equatable {
      /// `Jn`: 1 ... 365, never 29 February.
      case julian(Int64)
      /// `n`: 0 ... 365, counting 29 February.
      case zeroBased(Int64)
      /// `Mm.w.d`: weekday `d` (0 is Sunday) of week `w` (5 is the last) of month `m`.
      case weekday(month: Int, week: Int64, day: Int64)
    }

    var day: Day
    /// Seconds from local midnight; may be negative or more than a day.
    var seconds: Int64
  }

  /// Summer time.
  struct Daylight: Sendable, Equatable {
    var offsetMs: Int64
    var start: Change
    var end: Change
  }

  var standardOffsetMs: Int64
  /// Nil where the offset never changes.
  var daylight: Daylight?

  /// The range of constant offset that an instant lies in, of those from `notBefore` on.
  func range(at time: EventTime, notBefore startMs: Int64) -> Zone.Range {
    guard let daylight else {
      return Zone.Range(
        from: EventTime(ms: startMs), until: EventTime(ms: .max), offsetMs: standardOffsetMs)
    }
    // Far beyond any event a year's transitions would overflow.
    let timeMs = min(max(time.ms, EventTime.distantPast.ms), EventTime.distantFuture.ms)
    let year = CivilDate(dayNumber: FloorDivision.quotient(timeMs, Zone.dayMs)).year
    // An end comes before a start of the same instant, so that summer time without a gap is one.
    var changes: [(ms: Int64, isStart: Bool)] = []
    for year in (year - 2)...(year + 2) {
      changes.append((daylight.end.instantMs(year, localOffsetMs: daylight.offsetMs), false))
      changes.append((daylight.start.instantMs(year, localOffsetMs: standardOffsetMs), true))
    }
    changes.sort { ($0.ms, $0.isStart ? 1 : 0) < ($1.ms, $1.isStart ? 1 : 0) }
    var next = changes.firstIndex { $0.ms > timeMs } ?? changes.count - 1
    let isDaylight = changes[max(0, next - 1)].isStart
    var last = max(0, next - 1)
    while last > 0, changes[last - 1].ms == changes[last].ms { last -= 1 }
    // Changes that cancel each other at one instant are none.
    while next + 1 < changes.count, changes[next + 1].ms == changes[next].ms,
      changes[next + 1].isStart == isDaylight
    {
      next = min(next + 2, changes.count - 1)
    }
    return Zone.Range(
      from: EventTime(ms: max(changes[last].ms, startMs)),
      until: EventTime(ms: changes[next].ms),
      offsetMs: isDaylight ? daylight.offsetMs : standardOffsetMs)
  }
}

extension ZoneRule.Change {
  /// The instant of the change in a year in which local time has this offset until then.
  func instantMs(_ year: Int64, localOffsetMs: Int64) -> Int64 {
    dayNumber(year) * Zone.dayMs + seconds * 1000 - localOffsetMs
  }

  private func dayNumber(_ year: Int64) -> Int64 {
    let newYear = CivilDate(year: year, month: 1, day: 1).dayNumber
    switch day {
    case .julian(let number):
      return newYear + number - (CivilDate.isLeap(year: year) && number >= 60 ? 0 : 1)
    case .zeroBased(let number):
      return newYear + number
    case .weekday(let month, let week, let weekday):
      let first = CivilDate(year: year, month: month, day: 1).dayNumber
      let next = CivilDate(
        monthNumber: CivilDate(year: year, month: month, day: 1).monthNumber + 1
      ).dayNumber
      // 1970-01-01 was a Thursday, day 4.
      let ahead = FloorDivision.remainder(weekday - (first + 4), 7)
      let wanted = first + ahead + (week - 1) * 7
      return wanted >= next ? wanted - 7 : wanted
    }
  }
}
