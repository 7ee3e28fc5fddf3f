/// The state of one group of metrics in one task: applies events to cells.
///
/// Called by the task that owns it, block by block. What it decides depends on the events and
/// their order in the log alone, and its cells on the set of events alone.
final class GroupState: StageState {
  /// Keeps the reads of `addUsers` from being optimised away.
  private var touched: UInt64 = 0
  private let picked: UnsafeMutablePointer<Int32>
  private let seriesOf: UnsafeMutablePointer<Int32>
  private let ordinalOf: UnsafeMutablePointer<Int64>
  private let cellOf: UnsafeMutablePointer<Int>
  private let parts: UnsafeMutablePointer<SeriesKey.Part>
  /// For each dimension the slot that it is, or -1 where it has to be evaluated.
  private let dimensionSlots: UnsafeMutablePointer<Int>

  /// Whether the condition asks for the event's name alone, so that a selection settles it.
  private let isOfName: Bool

  override init(plan: GroupPlan, zone: Zone, isSaved: Bool) {
    isOfName = plan.condition?.slots == [Slot.name]
    picked = .allocate(capacity: EventBlock.capacity)
    seriesOf = .allocate(capacity: EventBlock.capacity)
    ordinalOf = .allocate(capacity: EventBlock.capacity)
    cellOf = .allocate(capacity: EventBlock.capacity)
    parts = .allocate(capacity: Swift.max(1, plan.dimensions.count))
    dimensionSlots = .allocate(capacity: Swift.max(1, plan.dimensions.count))
    for (d, dimension) in plan.dimensions.enumerated() {
      dimensionSlots[d] = dimension.expression.plainSlot ?? -1
    }
    super.init(plan: plan, zone: zone, isSaved: isSaved)
  }

  deinit {
    picked.deallocate()
    seriesOf.deallocate()
    ordinalOf.deallocate()
    cellOf.deallocate()
    parts.deallocate()
    dimensionSlots.deallocate()
  }

  /// Applies the applied events of a block, those of `selection` where there is one.
  func apply(_ block: EventBlock, selection: GroupSelector.Selection?, scratch: ScratchArena) {
    let count = pick(block, selection, scratch)
    guard count > 0 else { return }
    counts.matched += Int64(count)
    findSeries(block, count, scratch)
    for step in 0..<plan.window.overlap {
      let folds = store.foldCount
      for k in 0..<count {
        let cell = store.cell(series: seriesOf[k], ordinal: ordinalOf[k] - step)
        cellOf[k] = cell
        store.cells[cell].events += 1
        store.touch(cell)
      }
      if store.foldCount != folds {
        // Cells that earlier events of the block were given may be gone, or another's by now.
        for k in 0..<count {
          cellOf[k] = store.cell(series: seriesOf[k], ordinal: ordinalOf[k] - step)
          store.touch(cellOf[k])
        }
      }
      if plan.countsUsers { addUsers(block, count) }
      for (index, input) in plan.inputs.enumerated() {
        if input.isNumbersOnly {
          addNumbers(index, input, block, count, scratch, isFirst: step == 0)
        } else {
          add(index, input, block, count, scratch, isFirst: step == 0)
        }
      }
    }
    store.compactSeries()
  }

  /// Picks the events that this stage takes. Returns how many.
  private func pick(
    _ block: EventBlock, _ selection: GroupSelector.Selection?, _ scratch: ScratchArena
  ) -> Int {
    var wanted = 0
    for k in 0..<block.appliedCount {
      if let selection, !selection.holds(k) { continue }
      picked[wanted] = block.applied[k]
      wanted += 1
    }
    if selection == nil || !isOfName, let condition = plan.condition {
      wanted = condition.keep(picked, wanted, of: block, scratch)
    }
    var count = 0
    for k in 0..<wanted {
      let i = Int(picked[k])
      if block.hasStragglers
        && block.timeMs[i] < block.clockMs[i] - plan.latenessMs[block.source(i)]
      {
        counts.late += 1
        continue
      }
      ordinalOf[count] = calendar.ordinal(of: EventTime(ms: block.timeMs[i]))
      picked[count] = Int32(i)
      count += 1
    }
    return count
  }

  private func findSeries(_ block: EventBlock, _ count: Int, _ scratch: ScratchArena) {
    let width = plan.dimensions.count
    guard width > 0 else {
      let all = store.series.find(key: [])
      for k in 0..<count { seriesOf[k] = all ?? SeriesTable.other }
      return
    }
    for k in 0..<count {
      let row = block.row(Int(picked[k]))
      var hash = SeriesTable.hashSeed
      for d in 0..<width {
        let slot = dimensionSlots[d]
        let part =
          slot >= 0
          ? SeriesKey.part(row[slot], scratch)
          : SeriesKey.part(plan.dimensions[d].expression.evaluate(row, scratch), scratch)
        parts[d] = part
        hash = Hash64.combine(hash, SeriesKey.hash(part))
      }
      seriesOf[k] = store.series.find(
        UnsafeBufferPointer(start: parts, count: width), hash: hash)
    }
  }

  private func addUsers(_ block: EventBlock, _ count: Int) {
    Unmanaged.passUnretained(store.users)._withUnsafeGuaranteedRef { users in
      // The memory of all is read first, so that cache misses overlap.
      var sum: UInt64 = 0
      for k in 0..<count {
        sum &+= users[cellOf[k]].touch(block.userHash[Int(picked[k])])
      }
      touched = sum
      for k in 0..<count {
        let user = block.userHash[Int(picked[k])]
        if user != 0 { _ = users[cellOf[k]].insert(user) }
      }
    }
  }

  /// Adds the values of sums and their like, the most frequent case.
  private func addNumbers(
    _ index: Int, _ input: GroupPlan.ValueInput, _ block: EventBlock, _ count: Int,
    _ scratch: ScratchArena,
    isFirst: Bool
  ) {
    let slot = input.expression.plainSlot ?? -1
    let stride = plan.parts.numbers
    let at = input.numbers ?? 0
    var unusable: Int64 = 0
    for k in 0..<count {
      let row = block.row(Int(picked[k]))
      let value = slot >= 0 ? row[slot] : input.expression.evaluate(row, scratch)
      if let exact = value.exactDecimal, NumberTotals.takes(exact.units) {
        store.numbers[cellOf[k] &* stride &+ at].add(exact.units)
      } else {
        unusable += 1
      }
    }
    if isFirst { counts.unusableByInput[index] += unusable }
  }

  private func add(
    _ index: Int, _ input: GroupPlan.ValueInput, _ block: EventBlock, _ count: Int,
    _ scratch: ScratchArena,
    isFirst: Bool
  ) {
    for k in 0..<count {
      let i = Int(picked[k])
      let value = input.expression.evaluate(block.row(i), scratch)
      if let at = input.distinct {
        if !value.isNull {
          let part = SeriesKey.part(value, scratch)
          store.distincts[cellOf[k] * plan.parts.distincts + at].insert(SeriesKey.hash(part))
        } else if isFirst && input.numbers == nil {
          counts.unusableByInput[index] += 1
        }
      }
      guard input.numbers != nil || input.quantiles != nil || input.last != nil else { continue }
      guard let exact = value.exactDecimal, NumberTotals.takes(exact.units) else {
        if isFirst { counts.unusableByInput[index] += 1 }
        continue
      }
      if let at = input.numbers {
        store.numbers[cellOf[k] * plan.parts.numbers + at].add(exact.units)
      }
      if let at = input.quantiles {
        store.quantiles[cellOf[k] * plan.parts.quantiles + at].insert(exact.doubleValue)
      }
      if let at = input.last {
        store.lasts[cellOf[k] * plan.parts.lasts + at].offer(
          exact.units, time: block.timeMs[i], user: block.row(i)[Slot.user].bytes,
          partition: block.partition(i), offset: block.offset[i])
      }
    }
  }
}
