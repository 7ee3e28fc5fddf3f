/// A risk rule: a pattern in the events of each entity, settled in order.
///
/// An entity is judged at each of its events that the rule looks at, after the event is taken. That
/// alone opens a finding (but for a deadline of `absent`), at the event's time. A finding closes at
/// the first judged instant at which its pattern does not hold: at an event, or when an event
/// leaves what the rule sees, `within` and a millisecond after it happened. It never closes in the
/// millisecond in which it opened, so that no two findings of an entity open at one time; what ends
/// it in that millisecond ends it in the next.
///
/// - A window rule holds while `when` is true of at least one event.
/// - A sequence holds while all of its steps are within, in order. Each chain of steps is used
/// once;
///   one that is complete while a finding is open keeps it open.
/// - A sequence with `absent` opens `within` after its last step when no such event came until
/// then,
/// that instant included, and closes with the next such event. What comes meanwhile opens nothing.
///
/// Section: flags, what an open finding shows, then the events (`RiskWindow`) or chains
/// (`RiskSequence`).
final class RiskStage: UserStage {
  let risk: RiskPlan
  let window: RiskWindow?
  let sequence: RiskSequence?
  let hasAbsent: Bool
  /// Where its own conditions begin, after that of the rule.
  private let firstCondition: Int
  private let places = RiskPlaces()
  private let scratch = ScratchArena()
  /// Values of thresholds over event time.
  var thresholds: RiskThresholds
  var deadlines = RiskDeadlines()
  /// The record at hand.
  var head = RiskHead()
  /// What was found and not yet reported.
  var findings: [FindingReport] = []
  /// Whether what is found is only tried: nothing is armed or reported.
  var isTrying = false
  /// Openings found while trying.
  var tried: [FindingReport] = []
  /// Whether its conditions can be told of an event before its turn.
  var isJudgedOnArrival = true
  /// Keys of figures of a sequence, in order, and the step that each shows.
  let stepKeys: [(key: [UInt8], step: Int)]

  init(
    _ risk: RiskPlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone, isSaved: Bool
  ) {
    self.risk = risk
    firstCondition = risk.condition == nil ? 0 : 1
    thresholds = RiskThresholds(risk, ThresholdSchedule([]))
    switch risk.pattern {
    case .window(let when, let aggregates):
      window = RiskWindow(
        RiskShape(risk, when: when, aggregates: aggregates), thresholds: risk.thresholds.count)
      sequence = nil
      hasAbsent = false
      stepKeys = []
    case .sequence(let steps, let absent):
      window = nil
      sequence = RiskSequence(stepCount: steps.count, withinMs: risk.withinMs)
      hasAbsent = absent != nil
      stepKeys = Self.keys(steps.map(\.name))
    }
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  override var nameDictionary: SeriesDictionary? { places.partitions }

  /// Lets thresholds have the values of another schedule from now on.
  func set(_ schedule: ThresholdSchedule) { thresholds = RiskThresholds(risk, schedule) }

  // MARK: - Events

  /// Which aggregates, or steps and then `absent`, an event is; 0: the rule does not look at it.
  func matches(_ event: Event) -> UInt64 {
    if firstCondition == 1, !conditions[0].holds(event.bits, event.row, event.scratch) { return 0 }
    var found: UInt64 = 0
    for index in firstCondition..<conditions.count
    where conditions[index].holds(event.bits, event.row, event.scratch) {
      found |= 1 << UInt64(index - firstCondition)
    }
    return found
  }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    let found = matches(event)
    if found != 0 { counts.matched += 1 }
    // Nothing to go on with and nothing begun.
    if found == 0 || (section.isEmpty && window == nil && found & 1 == 0) {
      writer.keep()
      return
    }
    read(section)
    take(event, found)
    arm(event.block.map { $0.userHash[event.index] } ?? 0)
    write(into: writer)
  }

  /// Takes an event into the record at hand, after the deadlines before it.
  func take(_ event: Event, _ found: UInt64) {
    settle(upTo: event.timeMs - 1, event.scratch)
    let place = places.coordinate(event)
    if let window {
      takeIntoWindow(window, event, found, place)
    } else if let sequence {
      takeIntoSequence(sequence, event, found, place)
    }
  }

  private func takeIntoWindow(
    _ window: RiskWindow, _ event: Event, _ found: UInt64, _ place: RiskCoordinate
  ) {
    window.drop(before: event.timeMs - risk.withinMs)
    let unusable = window.add(event, counted: found, at: place)
    if !isTrying { counts.unusableByInput[1] += unusable }
    thresholds.write(at: event.timeMs, to: window.slots + window.shape.items.count)
    let isTrue = window.isTrue(event.scratch)
    head.isDoubtful = false
    if isTrue && !head.isOpen {
      head.entity = entity(event)
      open(at: event.timeMs, figures: window.figures(), evidence: window.coordinates)
    } else if !isTrue && head.isOpen {
      if event.timeMs > head.openedMs {
        close(at: event.timeMs)
      } else {
        head.isDoubtful = true
      }
    }
  }

  private func takeIntoSequence(
    _ sequence: RiskSequence, _ event: Event, _ found: UInt64, _ place: RiskCoordinate
  ) {
    if hasAbsent && found & (1 << UInt64(sequence.stepCount)) != 0 {
      sequence.clear(sequence.waiting)
      if head.isOpen { close(at: event.timeMs) }
    }
    guard sequence.take(found, timeMs: event.timeMs, at: place) else { return }
    let level = sequence.stepCount
    if hasAbsent {
      if !head.isOpen && !sequence.isWaiting {
        head.entity = entity(event)
        sequence.wait()
      }
    } else {
      head.heldMs =
        head.isOpen ? max(head.heldMs, sequence.startMs(level)) : sequence.startMs(level)
      if !head.isOpen {
        head.entity = entity(event)
        open(
          at: event.timeMs, figures: figures(sequence, level), evidence: sequence.evidence(level))
      }
    }
    sequence.clear(level)
  }

  // MARK: - Deadlines

  /// The next instant at which the record at hand has to be looked at; nil: never.
  var nextDeadlineMs: Int64? {
    if let window {
      guard head.isOpen else { return nil }
      if head.isDoubtful { return head.openedMs + 1 }
      return window.oldestMs.map { $0 + risk.withinMs + 1 } ?? head.openedMs + 1
    }
    guard let sequence else { return nil }
    if hasAbsent { return sequence.isWaiting ? sequence.deadlineMs : nil }
    return head.isOpen ? head.heldMs + risk.withinMs + 1 : nil
  }

  /// Looks at the record at hand at each of its deadlines up to `limitMs`, inclusive.
  func settle(upTo limitMs: Int64, _ scratch: ScratchArena) {
    while let ms = nextDeadlineMs, ms <= limitMs {
      if let window {
        window.drop(before: ms - risk.withinMs)
        head.isDoubtful = false
        thresholds.write(at: ms, to: window.slots + window.shape.items.count)
        if window.count == 0 || !window.isTrue(scratch) { close(at: ms) }
      } else if let sequence, hasAbsent {
        open(
          at: ms, figures: figures(sequence, sequence.waiting),
          evidence: sequence.evidence(sequence.waiting))
        sequence.clear(sequence.waiting)
      } else {
        close(at: ms)
      }
    }
  }

  /// Makes sure that the record at hand is looked at in time.
  private func arm(_ keyHash: UInt64) {
    guard let ms = nextDeadlineMs else { return }
    if let armedMs = head.armedMs, armedMs <= ms { return }
    head.armedMs = ms
    deadlines.push(RiskDeadlines.Entry(ms: ms, keyHash: keyHash))
  }

  /// Looks at a section whose entry has come up. False: the entry means nothing any more.
  func fire(
    _ section: UnsafeRawBufferPointer, _ entry: RiskDeadlines.Entry, limitMs: Int64,
    into writer: RecordWriter
  ) -> Bool {
    guard Self.armedMs(section) == entry.ms else { return false }
    scratch.reset()
    read(section)
    head.armedMs = nil
    settle(upTo: limitMs, scratch)
    arm(entry.keyHash)
    write(into: writer)
    return true
  }

  /// Whether a section has to be looked at again although no event comes.
  func awaitsDeadline(_ section: UnsafeRawBufferPointer) -> Bool {
    read(section)
    return nextDeadlineMs != nil
  }

  /// Puts the entry back that a saved section relies on.
  func rearm(_ section: UnsafeRawBufferPointer, _ keyHash: UInt64) {
    guard let ms = Self.armedMs(section) else { return }
    deadlines.push(RiskDeadlines.Entry(ms: ms, keyHash: keyHash))
  }

  private static func armedMs(_ section: UnsafeRawBufferPointer) -> Int64? {
    if section.isEmpty { return nil }
    var reader = RecordReader(section)
    guard reader.readByte() & RiskHead.armedBit != 0 else { return nil }
    return reader.readSignedVarint()
  }

  // MARK: - Records

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    var reader = RecordReader(section)
    let flags = reader.readByte()
    if flags & (RiskHead.openBit | RiskHead.entityBit) != 0 { return false }
    if flags & RiskHead.armedBit != 0 { _ = reader.readSignedVarint() }
    let latest =
      window == nil ? RiskSequence.latestStartMs(&reader) : RiskWindow.newestMs(&reader)
    return latest.map { $0 < watermark.ms - risk.withinMs } ?? true
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {}

  /// Takes a section apart.
  func read(_ section: UnsafeRawBufferPointer) {
    var reader = RecordReader(section)
    head.read(&reader)
    window?.read(&reader)
    sequence?.read(&reader)
  }

  /// Writes the section of the record at hand; nothing when nothing is known.
  private func write(into writer: RecordWriter) {
    head.keepsEntity = head.isOpen || (sequence?.isWaiting ?? false)
    if !head.isOpen, (window?.count ?? 0) == 0, sequence?.isEmpty ?? true { return }
    head.write(into: writer)
    window?.write(into: writer)
    sequence?.write(into: writer)
  }

  // MARK: - Findings

  private func open(
    at ms: Int64, figures: [UInt8], evidence: ContiguousArray<RiskCoordinate>
  ) {
    head.isOpen = true
    head.openedMs = ms
    if window != nil || hasAbsent { head.heldMs = ms }
    head.figures = figures
    head.evidence = evidence
    emit(closedMs: nil)
  }

  private func close(at ms: Int64) {
    head.isOpen = false
    head.isDoubtful = false
    emit(closedMs: ms)
    head.figures.removeAll()
    head.evidence.removeAll()
  }

  private func emit(closedMs: Int64?) {
    if isTrying && closedMs != nil { return }
    let report = FindingReport(
      group: plan.index, entity: String(decoding: head.entity, as: UTF8.self),
      opened: EventTime(ms: head.openedMs), closed: closedMs.map { EventTime(ms: $0) },
      figures: figuresText(), evidence: places.text(head.evidence),
      isProvisional: isTrying)
    if isTrying { tried.append(report) } else { findings.append(report) }
  }

  /// What was found since the last call.
  func takeFindings() -> [FindingReport] {
    defer { findings.removeAll() }
    return findings
  }

  private func entity(_ event: Event) -> ContiguousArray<UInt8> {
    let value = risk.entity?.evaluate(event.row, event.scratch) ?? event.row[Slot.user]
    return ContiguousArray(SeriesKey.part(value, event.scratch).bytes)
  }

  private func figures(_ sequence: RiskSequence, _ level: Int) -> [UInt8] {
    let times = sequence.stepTimes(level)
    return stepKeys.flatMap { Array(String(times[$0.step]).utf8) + [0] }
  }

  /// The figures of the record at hand as a JSON object.
  private func figuresText() -> String {
    var text: [UInt8] = [UInt8(ascii: "{")]
    var values = head.figures[...]
    let count = window?.shape.figures.count ?? stepKeys.count
    for index in 0..<count {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += window?.shape.figures[index].key ?? stepKeys[index].key
      text.append(UInt8(ascii: ":"))
      text += values.prefix { $0 != 0 }
      values = values.drop { $0 != 0 }.dropFirst()
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }

  /// Names of steps as JSON keys that end in `_ms`, in order. Of equal names the later ones get a
  /// number.
  private static func keys(_ names: [String]) -> [(key: [UInt8], step: Int)] {
    var named: [(name: String, step: Int)] = []
    for (step, name) in names.enumerated() {
      let before = names[..<step].count { $0 == name }
      named.append((before == 0 ? "\(name)_ms" : "\(name)_\(before + 1)_ms", step))
    }
    return named.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map {
      var key: [UInt8] = []
      CanonicalJSON.append(string: $0.name, to: &key)
      return (key, $0.step)
    }
  }
}
