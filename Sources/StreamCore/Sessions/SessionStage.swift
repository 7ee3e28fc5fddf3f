/// Sessions: a user's events without a long gap between them, counted on the day of the first.
///
/// A session counts from its first event on, and each further event changes what it counts for, so
/// nothing is to be done when it ends.
///
/// Section: the first event's time, the time from it to the last, the number of events, the names
/// of the first and the last event, the series, and the series in which the user has been counted
/// on the day of the first event.
final class SessionStage: UserStage {
  private let session: SessionPlan
  private let names = SeriesDictionary(names: ["event"])
  /// Texts of names that were asked for, by number: made once, not at every event.
  private var texts: [SeriesName] = []
  private let countWidth = SessionCount.allCases.count

  private struct Held {
    var firstMs: Int64 = 0
    var lastMs: Int64 = 0
    var events: Int64 = 0
    var entry: Int32 = 0
    var exit: Int32 = 0
    var series: Int32 = 0
  }
  private var counted: [Int32] = []

  init(
    _ session: SessionPlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone,
    isSaved: Bool
  ) {
    self.session = session
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  /// Names of events, as records know them.
  override var nameDictionary: SeriesDictionary? { names }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    guard conditions[0].holds(event.bits, event.row, event.scratch) else {
      writer.keep()
      return
    }
    counts.matched += 1
    let name = name(event)
    var held = read(section)
    let goesOn =
      !section.isEmpty && event.timeMs - held.lastMs < session.gapMs
      && event.timeMs - held.firstMs < session.maxMs
    if goesOn {
      goOn(&held, event.timeMs, name)
    } else {
      begin(&held, event, name, isFirst: section.isEmpty)
    }
    write(held, into: writer)
  }

  private func name(_ event: Event) -> Int32 {
    var part = SeriesKey.part(event.row[Slot.name], event.scratch)
    return withUnsafePointer(to: &part) {
      let parts = UnsafeBufferPointer(start: $0, count: 1)
      return names.number(parts, SeriesTable.hash(parts))
    }
  }

  private func read(_ section: UnsafeRawBufferPointer) -> Held {
    var reader = RecordReader(section)
    var held = Held()
    held.firstMs = reader.readSignedVarint()
    let durationMs = Int64(truncatingIfNeeded: reader.readVarint())
    held.lastMs = RecordReader.bounded(held.firstMs &+ durationMs)
    held.events = RecordReader.bounded(Int64(truncatingIfNeeded: reader.readVarint()))
    held.entry = reader.readNumber()
    held.exit = reader.readNumber()
    held.series = reader.readNumber()
    counted.removeAll(keepingCapacity: true)
    while !reader.isAtEnd { counted.append(reader.readNumber()) }
    return held
  }

  private func write(_ held: Held, into writer: RecordWriter) {
    writer.writeSignedVarint(held.firstMs)
    writer.writeVarint(UInt64(bitPattern: held.lastMs &- held.firstMs))
    writer.writeVarint(UInt64(bitPattern: held.events))
    writer.writeVarint(UInt64(held.entry))
    writer.writeVarint(UInt64(held.exit))
    writer.writeVarint(UInt64(held.series))
    for series in counted { writer.writeVarint(UInt64(series)) }
  }

  private func begin(_ held: inout Held, _ event: Event, _ name: Int32, isFirst: Bool) {
    let day = calendar.ordinal(of: EventTime(ms: event.timeMs))
    if isFirst || calendar.ordinal(of: EventTime(ms: held.firstMs)) != day {
      counted.removeAll(keepingCapacity: true)
    }
    held = Held(
      firstMs: event.timeMs, lastMs: event.timeMs, events: 1, entry: name, exit: name,
      series: series(event))
    let cell = cell(held.series, day)
    add(cell, .sessions, 1)
    add(cell, .events, 1)
    add(cell, .bounces, 1)
    if !counted.contains(held.series) {
      counted.append(held.series)
      add(cell, .users, 1)
    }
    addName(cell * 2, name, 1)
    addName(cell * 2 + 1, name, 1)
  }

  private func goOn(_ held: inout Held, _ timeMs: Int64, _ name: Int32) {
    let cell = cell(held.series, calendar.ordinal(of: EventTime(ms: held.firstMs)))
    add(cell, .events, 1)
    if held.events == 1 { add(cell, .bounces, -1) }
    add(cell, .durationMs, timeMs - held.lastMs)
    if name != held.exit {
      addName(cell * 2 + 1, held.exit, -1)
      addName(cell * 2 + 1, name, 1)
    }
    held.events += 1
    held.lastMs = timeMs
    held.exit = name
  }

  private func add(_ cell: Int, _ count: SessionCount, _ change: Int64) {
    store.counts[cell * countWidth + count.rawValue] += change
  }

  /// The text of a name by its number.
  private func text(_ name: Int32) -> SeriesName {
    guard Int(name) < names.count else { return SeriesName(names.text(name)) }
    while texts.count <= Int(name) {
      texts.append(SeriesName(names.text(Int32(truncatingIfNeeded: texts.count))))
    }
    return texts[Int(name)]
  }

  private func addName(_ at: Int, _ name: Int32, _ change: Int64) {
    let text = text(name)
    guard let found = store.nameCounts[at].index(forKey: text) else {
      store.nameCounts[at][text] = change
      return
    }
    store.nameCounts[at].values[found] += change
    if store.nameCounts[at].values[found] == 0 { store.nameCounts[at].remove(at: found) }
  }

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    let held = read(section)
    let isOver =
      watermark.ms - held.lastMs >= session.gapMs || watermark.ms - held.firstMs >= session.maxMs
    let day = calendar.ordinal(of: EventTime(ms: held.firstMs))
    return isOver && calendar.end(day) <= watermark
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {}
}
