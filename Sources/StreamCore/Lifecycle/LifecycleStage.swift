/// Lifecycle: how many users are new, returning, resurrected or dormant in each unit, and how many
/// were active in the last 7 and 30 days.
///
/// Dormant users of a unit are those of the unit before, less those who came; they are counted in
/// advance, when a user is active, and taken back when the user comes again. A rolling count is
/// kept as what changes from one day to the next: a user comes in on the day of activity and goes
/// out 7 or 30 days later, unless active again before.
///
/// Section: the last unit with an event, the series there, the hour of the last event.
final class LifecycleStage: UserStage {
  private let forgetAfterHours: Int64
  private let isDaily: Bool
  private let countWidth = LifecycleCount.allCases.count
  /// Rolling counts: days, and where their changes are kept.
  static let rolling: [(days: Int64, rise: LifecycleCount)] = [(7, .rise7), (30, .rise30)]

  init(
    _ lifecycle: LifecyclePlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone,
    isSaved: Bool
  ) {
    forgetAfterHours = lifecycle.forgetAfterMs / 3_600_000
    isDaily = lifecycle.unit.unit == .day
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  private struct Held {
    var unit: Int64
    var series: Int32
    var hour: Int64
  }

  private func read(_ section: UnsafeRawBufferPointer) -> Held? {
    if section.isEmpty { return nil }
    var reader = RecordReader(section)
    return Held(
      unit: reader.readSignedVarint(), series: reader.readNumber(),
      hour: reader.readSignedVarint())
  }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    guard conditions[0].holds(event.bits, event.row, event.scratch) else {
      writer.keep()
      return
    }
    counts.matched += 1
    let unit = calendar.ordinal(of: EventTime(ms: event.timeMs))
    let hour = Self.hour(event.timeMs)
    // Events come in order; a later unit would be of damaged state.
    let before = read(section).flatMap { $0.unit <= unit ? $0 : nil }
    var held = Held(unit: unit, series: before?.series ?? 0, hour: hour)
    if before?.unit != unit {
      held.series = series(event)
      come(held, before, isForgotten: before.map { hour - $0.hour > forgetAfterHours } ?? true)
    }
    writer.writeSignedVarint(held.unit)
    writer.writeVarint(UInt64(held.series))
    writer.writeSignedVarint(held.hour)
  }

  /// Counts the first event of a user in a unit.
  private func come(_ now: Held, _ before: Held?, isForgotten: Bool) {
    let follows = before?.unit == now.unit - 1
    add(now.series, now.unit, .active, 1)
    add(now.series, now.unit, isForgotten ? .new : follows ? .returning : .resurrected, 1)
    add(now.series, now.unit + 1, .dormant, 1)
    if follows, let before { add(before.series, now.unit, .dormant, -1) }
    guard isDaily else { return }
    for (days, rise) in Self.rolling {
      if let before, before.unit + days > now.unit {
        add(before.series, now.unit, rise, -1)
        add(before.series, before.unit + days, rise, 1)
      }
      add(now.series, now.unit, rise, 1)
      add(now.series, now.unit + days, rise, -1)
    }
  }

  private func add(_ series: Int32, _ unit: Int64, _ count: LifecycleCount, _ change: Int64) {
    let cell = cell(series, unit)
    store.counts[cell * countWidth + count.rawValue] += change
  }

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    guard let held = read(section) else { return true }
    // A user who is still in a rolling count must not come into it again, nor one who may yet be
    // dormant be forgotten before that is settled.
    return Self.hour(watermark.ms) - held.hour > forgetAfterHours
      && calendar.ordinal(of: watermark) > held.unit + (isDaily ? 30 : 1)
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {}
}
