/// Retention: which users of a cohort come back, unit by unit.
///
/// A cell is a unit; its counts, and amounts, are by how many units before it the cohort began. So
/// what a return changes is in the unit of the return, and all of it is final when that unit is.
///
/// Section of `first_time`: the cohort's unit, the series, the last period with a return, the hour
/// of the last event; once all periods are over that hour alone. The first number's lowest bit says
/// which. Of `recurring`: the hour of the last event, the last unit with a return plus one, and for
/// each unit with a start event its distance from the one before and the series.
final class RetentionStage: UserStage {
  private let retention: RetentionPlan
  private let width: Int
  private let forgetAfterHours: Int64
  private var starts: [(unit: Int64, series: Int32)] = []

  init(
    _ retention: RetentionPlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone,
    isSaved: Bool
  ) {
    self.retention = retention
    width = retention.periods + 1
    forgetAfterHours = retention.forgetAfterMs / 3_600_000
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    let isStart = conditions[0].holds(event.bits, event.row, event.scratch)
    let isReturn = conditions[1].holds(event.bits, event.row, event.scratch)
    guard isStart || isReturn else {
      writer.keep()
      return
    }
    counts.matched += 1
    let amount = isReturn ? amount(event) : 0
    let unit = calendar.ordinal(of: EventTime(ms: event.timeMs))
    let hour = Self.hour(event.timeMs)
    if retention.mode == .firstTime {
      applyFirstTime(event, section, unit, hour, isStart, isReturn, amount, writer)
    } else {
      readStarts(section, unit, hour)
      applyRecurring(event, unit, hour, isStart, isReturn, amount, writer)
    }
  }

  /// What a return event adds, in units of 10^-9.
  private func amount(_ event: Event) -> Int128 {
    guard let expression = retention.value else { return 0 }
    let value = expression.evaluate(event.row, event.scratch)
    guard let exact = value.exactDecimal, NumberTotals.takes(exact.units) else {
      counts.unusableByInput[1] += 1
      return 0
    }
    return exact.units
  }

  /// Counts a user of the cohort `period` units before `unit`, and adds an amount.
  @inline(__always)
  private func count(
    _ series: Int32, _ unit: Int64, _ period: Int64, users: Int64, _ amount: Int128
  ) {
    if users == 0 && amount == 0 { return }
    let cell = cell(series, unit)
    store.counts[cell &* width &+ Int(period)] += users
    if plan.parts.amounts > 0 { store.amounts[cell &* width &+ Int(period)] &+= amount }
  }

  // MARK: - First time

  /// The cohort of a section of `first_time`, its series and its last period; nil when it is over.
  private struct Cohort {
    var unit: Int64
    var series: Int32
    var lastPeriod: Int64
  }

  /// Takes a section apart: the cohort, and the hour of the last event.
  private func read(_ section: UnsafeRawBufferPointer) -> (cohort: Cohort?, hour: Int64) {
    var reader = RecordReader(section)
    let raw = reader.readVarint()
    let value = RecordReader.bounded(
      Int64(bitPattern: raw >> 2) ^ -Int64(bitPattern: raw >> 1 & 1))
    if raw & 1 != 0 { return (nil, value + Self.firstHour) }
    let cohort = Cohort(
      unit: value, series: reader.readNumber(), lastPeriod: Int64(reader.readNumber()))
    return (cohort, reader.readSignedVarint() + Self.firstHour)
  }

  private func write(_ cohort: Cohort?, _ hour: Int64, into writer: RecordWriter) {
    let value = cohort?.unit ?? (hour - Self.firstHour)
    let zigzag = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    writer.writeVarint(zigzag << 1 | (cohort == nil ? 1 : 0))
    guard let cohort else { return }
    writer.writeVarint(UInt64(cohort.series))
    writer.writeVarint(UInt64(cohort.lastPeriod))
    writer.writeSignedVarint(hour - Self.firstHour)
  }

  /// Hours are counted from 2000-01-01: those of this century take three bytes.
  private static let firstHour: Int64 = 262_968

  private func applyFirstTime(
    _ event: Event, _ section: UnsafeRawBufferPointer, _ unit: Int64, _ hour: Int64,
    _ isStart: Bool, _ isReturn: Bool, _ amount: Int128, _ writer: RecordWriter
  ) {
    let held = section.isEmpty ? nil : read(section)
    guard let held, hour - held.hour <= forgetAfterHours else {
      guard isStart else { return }
      let begun = Cohort(unit: unit, series: series(event), lastPeriod: 0)
      count(begun.series, unit, 0, users: 1, amount)
      write(begun, hour, into: writer)
      return
    }
    var cohort = held.cohort
    if isReturn, var current = cohort {
      let period = unit - current.unit
      if !(0...Int64(retention.periods)).contains(period) {
        cohort = nil
      } else {
        let isFirst = period > current.lastPeriod
        count(current.series, unit, period, users: isFirst ? 1 : 0, amount)
        current.lastPeriod = max(period, current.lastPeriod)
        cohort = current
      }
    }
    // Most events of a user come in the hour of the one before.
    if hour == held.hour && cohort?.lastPeriod == held.cohort?.lastPeriod {
      writer.keep()
    } else {
      write(cohort, hour, into: writer)
    }
  }

  // MARK: - Recurring

  private var lastReturn = Int64.min

  private func readStarts(_ section: UnsafeRawBufferPointer, _ unit: Int64, _ hour: Int64) {
    starts.removeAll(keepingCapacity: true)
    lastReturn = Int64.min
    if section.isEmpty { return }
    var reader = RecordReader(section)
    if hour - reader.readSignedVarint() > forgetAfterHours { return }
    let returned = reader.readSignedVarint()
    var at: Int64 = 0
    while !reader.isAtEnd {
      at = RecordReader.bounded(at &+ reader.readSignedVarint())
      let series = reader.readNumber()
      if (0...Int64(retention.periods)).contains(unit - at) { starts.append((at, series)) }
    }
    lastReturn = returned == 0 ? Int64.min : returned > 0 ? returned - 1 : returned
  }

  private func writeStarts(_ hour: Int64, into writer: RecordWriter) {
    if starts.isEmpty { return }
    writer.writeSignedVarint(hour)
    let returned = lastReturn == Int64.min ? 0 : lastReturn >= 0 ? lastReturn + 1 : lastReturn
    writer.writeSignedVarint(returned)
    var at: Int64 = 0
    for start in starts {
      writer.writeSignedVarint(start.unit - at)
      writer.writeVarint(UInt64(start.series))
      at = start.unit
    }
  }

  private func applyRecurring(
    _ event: Event, _ unit: Int64, _ hour: Int64, _ isStart: Bool, _ isReturn: Bool,
    _ amount: Int128, _ writer: RecordWriter
  ) {
    if isStart, starts.last?.unit != unit {
      let begun = series(event)
      starts.append((unit, begun))
      count(begun, unit, 0, users: 1, 0)
    }
    if isReturn {
      let isFirst = lastReturn != unit
      for start in starts {
        let period = unit - start.unit
        count(start.series, unit, period, users: isFirst && period > 0 ? 1 : 0, amount)
      }
      lastReturn = unit
    }
    writeStarts(hour, into: writer)
  }

  // MARK: - Pruning

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    let unit = calendar.ordinal(of: watermark)
    let now = Self.hour(watermark.ms)
    if retention.mode == .firstTime {
      let held = read(section)
      return now - held.hour > forgetAfterHours
        || held.cohort.map { unit - $0.unit > Int64(retention.periods) } ?? false
    }
    var reader = RecordReader(section)
    if now - reader.readSignedVarint() > forgetAfterHours { return true }
    _ = reader.readSignedVarint()
    return unit - reader.readSignedVarint() > Int64(retention.periods)
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {
    let unit = calendar.ordinal(of: watermark)
    let now = Self.hour(watermark.ms)
    if retention.mode == .firstTime {
      var held = read(section)
      if now - held.hour > forgetAfterHours { return }
      if let begun = held.cohort, unit - begun.unit > Int64(retention.periods) {
        held.cohort = nil
      }
      write(held.cohort, held.hour, into: writer)
    } else {
      var reader = RecordReader(section)
      let hour = reader.readSignedVarint()
      readStarts(section, unit, now)
      writeStarts(hour, into: writer)
    }
  }
}
