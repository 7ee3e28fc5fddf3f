/// What every stage of a task has: cells by window and series, and counts of its events.
class StageState {
  final let plan: GroupPlan
  final let store: CellStore
  /// Events that met the condition; values that were no usable number; events this stage alone
  /// missed because they came too late for it.
  final var counts = StageCounts()
  final var calendar: WindowCalendar

  init(plan: GroupPlan, zone: Zone, isSaved: Bool) {
    self.plan = plan
    store = CellStore(plan: plan, isSaved: isSaved)
    counts.unusableByInput = [Int64](repeating: 0, count: plan.unusableCounts)
    calendar = WindowCalendar(window: plan.window, zone: zone)
  }

  /// The contributions that changed since the last call.
  final func takePartials() -> [Partial] {
    store.takeChanged().map { cell in
      let held = store.cells[Int(cell)]
      return Partial(
        group: plan.index, ordinal: held.ordinal, start: calendar.start(held.ordinal),
        end: calendar.end(held.ordinal), series: store.series.identities[Int(held.series)],
        value: store.value(of: Int(cell)))
    }
  }

  /// Drops windows that can change no more when what ends at or before `closed` is closed.
  final func release(closed: EventTime) {
    let delayMs = plan.closingDelayMs
    store.release { calendar.end($0).ms + delayMs <= closed.ms }
  }
}

extension GroupPlan {
  /// How many kinds of unusable values are counted: one for each input, and for a stage with
  /// records events without a key and unusable amounts.
  var unusableCounts: Int { stage == nil ? inputs.count : 2 }
}
