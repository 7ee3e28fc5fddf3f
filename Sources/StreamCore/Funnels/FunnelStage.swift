/// A funnel: how far each key comes through the steps, by the entry window in which it began.
///
/// Cells hold how many keys stand at exactly each level, and the times from the first step to each
/// other one of those that came there. A key that comes further moves.
final class FunnelStage: UserStage {
  private let funnel: FunnelPlan
  private let stepCount: Int
  private let isStrict: Bool
  private let held: FunnelChains
  /// Ends of entry windows that were asked for lately, by their ordinals' low bits.
  private var ends = [(ordinal: Int64, endMs: Int64)](repeating: (Int64.min, 0), count: 16)

  init(
    _ funnel: FunnelPlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone,
    isSaved: Bool
  ) {
    self.funnel = funnel
    stepCount = funnel.steps.count
    isStrict = funnel.order == .strict
    held = FunnelChains(stepCount: funnel.steps.count)
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  /// Steps that an event is, and whether it ends chains, evaluated once an event.
  private struct Matches {
    var steps: UInt32 = 0
    var isExcluded = false
    var isNone: Bool { steps == 0 && !isExcluded }
  }

  private func matches(_ event: Event) -> Matches {
    var found = Matches()
    for step in 0..<stepCount
    where conditions[step].holds(event.bits, event.row, event.scratch) {
      found.steps |= 1 << UInt32(step)
    }
    if conditions.count > stepCount {
      found.isExcluded = conditions[stepCount].holds(event.bits, event.row, event.scratch)
    }
    return found
  }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    let found = matches(event)
    if !found.isNone { counts.matched += 1 }
    // Nothing to go on with and nothing begun.
    if section.isEmpty && found.steps & 1 == 0 { return }
    if found.isNone && !isStrict {
      writer.keep()
      return
    }
    held.read(section) { calendar.ordinal(of: EventTime(ms: $0)) }
    if found.isExcluded { held.chains.removeAll(keepingCapacity: true) }
    advance(found, event.timeMs)
    if found.steps & 1 != 0 { begin(event) }
    dropDead(event.timeMs)
    held.write(into: writer)
  }

  /// Takes every open chain on by the event, or ends it.
  private func advance(_ found: Matches, _ timeMs: Int64) {
    var at = 0
    while at < held.chains.count {
      let path = held.chains[at].path
      if timeMs - held.time(path, 0) > funnel.withinMs {
        held.chains.remove(at: at)
      } else if found.steps & (1 << UInt32(path.level)) != 0 {
        at = moved(at, timeMs)
      } else if isStrict {
        held.chains.remove(at: at)
      } else {
        at += 1
      }
    }
  }

  /// Moves chain `at` to the next level; returns where the next chain stands.
  private func moved(_ at: Int, _ timeMs: Int64) -> Int {
    held.extend(&held.chains[at].path, timeMs: timeMs)
    let chain = held.chains[at]
    if let window = held.windows.firstIndex(where: { $0.ordinal == chain.window }),
      chain.path.level > held.windows[window].path.level
    {
      improve(window, chain.path)
      if chain.path.level == stepCount {
        held.windows[window].isDone = true
        held.chains.removeAll { $0.window == chain.window }
        return held.chains.firstIndex { $0.window > chain.window } ?? held.chains.count
      }
    }
    // One that stands there already began earlier.
    if at > 0, held.chains[at - 1].window == chain.window,
      held.chains[at - 1].path.level == chain.path.level
    {
      held.chains.remove(at: at - 1)
      return at
    }
    return at + 1
  }

  /// Begins a chain with the event.
  private func begin(_ event: Event) {
    let ordinal = calendar.ordinal(of: EventTime(ms: event.timeMs))
    let known = held.windows.firstIndex { $0.ordinal == ordinal }
    if let known, held.windows[known].isDone { return }
    let path = held.makePath(series: series(event), timeMs: event.timeMs)
    if known == nil {
      held.windows.append(FunnelChains.Window(ordinal: ordinal, path: path, isDone: false))
      count(path, ordinal, by: 1)
    }
    held.chains.removeAll { $0.window == ordinal && $0.path.level == 1 }
    held.chains.append(FunnelChains.Chain(window: ordinal, path: held.copy(path)))
  }

  /// Lets `path`, which is the first to come so far in its window, count in place of another.
  private func improve(_ window: Int, _ path: FunnelChains.Path) {
    let before = held.windows[window]
    if held.agree(before.path, path) {
      let cell = cell(path.series, before.ordinal)
      store.counts[cell * stepCount + before.path.level - 1] -= 1
      store.counts[cell * stepCount + path.level - 1] += 1
      let time = held.time(path, path.level - 1) - held.time(path, 0)
      store.quantiles[cell * (stepCount - 1) + path.level - 2].insert(Double(time))
    } else {
      count(before.path, before.ordinal, by: -1)
      count(path, before.ordinal, by: 1)
    }
    held.windows[window].path = held.copy(path)
  }

  /// Adds a key that came as far as `path` to its cell, or takes it out.
  private func count(_ path: FunnelChains.Path, _ ordinal: Int64, by sign: Int64) {
    let cell = cell(path.series, ordinal)
    store.counts[cell * stepCount + path.level - 1] += sign
    for step in 1..<max(1, path.level) {
      let at = cell * (stepCount - 1) + step - 1
      let time = Double(held.time(path, step) - held.time(path, 0))
      if sign > 0 { store.quantiles[at].insert(time) } else { store.quantiles[at].remove(time) }
    }
  }

  /// Drops windows of which nothing can change any more: none of their chains is open, and no other
  /// can begin.
  private func dropDead(_ timeMs: Int64) {
    held.windows.removeAll { window in
      timeMs >= endMs(window.ordinal) && !held.chains.contains { $0.window == window.ordinal }
    }
  }

  private func endMs(_ ordinal: Int64) -> Int64 {
    let at = Int(truncatingIfNeeded: ordinal & 15)
    if ends[at].ordinal != ordinal { ends[at] = (ordinal, calendar.end(ordinal).ms) }
    return ends[at].endMs
  }

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    // The first window is the oldest.
    var reader = RecordReader(section)
    let isDone = reader.readByte() & FunnelChains.doneBit != 0
    let first = reader.readSignedVarint()
    return (isDone || watermark.ms - first > funnel.withinMs)
      && watermark.ms >= endMs(calendar.ordinal(of: EventTime(ms: first)))
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {
    held.read(section) { calendar.ordinal(of: EventTime(ms: $0)) }
    held.chains.removeAll { watermark.ms - held.time($0.path, 0) > funnel.withinMs }
    dropDead(watermark.ms)
    held.write(into: writer)
  }
}
