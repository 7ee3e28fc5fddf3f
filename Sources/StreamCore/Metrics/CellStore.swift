/// The open cells of one group in one task: what the events of each (window, series) amount to.
///
/// A cell is its parts at one index of several slabs. A table finds it by (series, ordinal); a
/// series also remembers the cell it used last, which is the one wanted nearly always.
final class CellStore {
  /// The fixed part of a cell.
  struct Cell {
    var ordinal: Int64
    var events: Int64
    var series: Int32
    /// `changedBit`, `unsavedBit` and `storedBit`.
    var flags: UInt8
    var isOpen: Bool
  }

  /// A window that has cells.
  struct OpenWindow {
    var cells: [Int32] = []
    /// Series of a higher rank go to `"(other)"`; nil while all are kept.
    var foldAbove: UInt64?
    /// Whether the state file has a record that holds cells of the window together.
    var isStored = false
  }

  static let changedBit: UInt8 = 1
  static let unsavedBit: UInt8 = 2
  /// The state file has a record of this cell alone, perhaps an older one.
  static let storedBit: UInt8 = 4

  let plan: GroupPlan
  let series: SeriesTable
  let cells = Slab<Cell>()
  let numbers = Slab<NumberTotals>()
  let users = Slab<HashSet64>()
  let distincts = Slab<DistinctSketch>()
  let quantiles = Slab<QuantileSketch>()
  let lasts = Slab<LastValue>()
  let counts = Slab<Int64>()
  let amounts = Slab<Int128>()
  let nameCounts = Slab<[SeriesName: Int64]>()
  var windows: [Int64: OpenWindow] = [:]
  var changed: [Int32] = []
  var unsaved: [Int32] = []
  /// Windows of whose cells some went to others, so that what holds them together has changed.
  var foldedWindows: Set<Int64> = []
  /// How often series were folded: cells looked up before a fold are to be looked up again.
  private(set) var foldCount = 0
  /// Keys of records of single cells, and windows, that were saved and are gone.
  var goneKeys: [[UInt8]] = []
  var goneWindows: [Int64] = []

  private var free: [Int32] = []
  private let lastOrdinal = Slab<Int64>()
  private let lastCell = Slab<Int32>()
  private var table: UnsafeMutablePointer<Int32>
  private var mask = 63
  private var tabled = 0
  private var compactAt = 8_192

  /// Whether someone saves this state; if not, nothing is noted for it.
  let isSaved: Bool

  init(plan: GroupPlan, isSaved: Bool) {
    self.plan = plan
    self.isSaved = isSaved
    series = SeriesTable(names: plan.dimensions.map(\.name))
    table = .allocate(capacity: 64)
    table.initialize(repeating: -1, count: 64)
  }

  deinit { table.deallocate() }

  /// The cell of a series in a window, made if need be. O(1).
  @inline(__always)
  func cell(series number: Int32, ordinal: Int64) -> Int {
    let at = Int(number)
    if at < lastOrdinal.count && lastOrdinal[at] == ordinal {
      return Int(lastCell[at])
    }
    return findCell(number, ordinal)
  }

  /// Notes that a cell has changed since it was last reported and saved.
  @inline(__always)
  func touch(_ cell: Int) {
    let marks = Self.changedBit | Self.unsavedBit
    if cells[cell].flags & marks != marks { mark(cell) }
  }

  @inline(never)
  private func mark(_ cell: Int) {
    let flags = cells[cell].flags
    if flags & Self.changedBit == 0 { changed.append(Int32(cell)) }
    if flags & Self.unsavedBit == 0 && isSaved { unsaved.append(Int32(cell)) }
    cells[cell].flags = flags | Self.changedBit | Self.unsavedBit
  }

  @inline(never)
  private func findCell(_ number: Int32, _ ordinal: Int64) -> Int {
    var found = lookUp(number, ordinal)
    if found < 0 {
      found = Int32(makeCell(number, ordinal))
    }
    lastOrdinal.extend(to: Int(number) + 1, with: Int64.min)
    lastCell.extend(to: Int(number) + 1, with: -1)
    // A cut may have closed the cell again; it is looked up anew then.
    if cells[Int(found)].isOpen {
      lastOrdinal[Int(number)] = ordinal
      lastCell[Int(number)] = found
    }
    return Int(found)
  }

  private func lookUp(_ number: Int32, _ ordinal: Int64) -> Int32 {
    var at = Self.slot(number, ordinal) & mask
    while table[at] >= 0 {
      let cell = cells[Int(table[at])]
      if cell.series == number && cell.ordinal == ordinal { return table[at] }
      at = (at + 1) & mask
    }
    return -1
  }

  private static func slot(_ number: Int32, _ ordinal: Int64) -> Int {
    let mixed = Hash64.combine(
      UInt64(bitPattern: ordinal), UInt64(truncatingIfNeeded: number) &+ 0x9E37_79B9)
    return Int(truncatingIfNeeded: mixed & 0x7FFF_FFFF_FFFF)
  }

  private func makeCell(_ number: Int32, _ ordinal: Int64) -> Int {
    if number != SeriesTable.other {
      if let limit = windows[ordinal]?.foldAbove,
        series.identities[Int(number)].rank > limit
      {
        return cell(series: SeriesTable.other, ordinal: ordinal)
      }
      if let window = windows[ordinal], window.cells.count > plan.maxSeries * 2 {
        fold(ordinal: ordinal, above: keptRank(window))
        return Int(findCell(number, ordinal))
      }
    }
    let expected = expectedUsers(number, ordinal)
    let cell = takeCell(number, ordinal)
    if expected > 0 { users[cell] = HashSet64(expecting: expected) }
    windows[ordinal, default: OpenWindow()].cells.append(Int32(cell))
    if (tabled + 1) * 2 > mask { rebuildTable(capacity: (mask + 1) * 2) }
    place(Int32(cell))
    return cell
  }

  /// Users of the series in the window before, where that is at hand: about as many will come.
  private func expectedUsers(_ number: Int32, _ ordinal: Int64) -> Int {
    let at = Int(number)
    guard plan.countsUsers, at < lastOrdinal.count, lastOrdinal[at] == ordinal &- 1 else {
      return 0
    }
    return users[Int(lastCell[at])].count
  }

  private func place(_ cell: Int32) {
    var at = Self.slot(cells[Int(cell)].series, cells[Int(cell)].ordinal) & mask
    while table[at] >= 0 { at = (at + 1) & mask }
    table[at] = cell
    tabled += 1
  }

  private func rebuildTable(capacity: Int) {
    table.deallocate()
    mask = capacity - 1
    tabled = 0
    table = .allocate(capacity: capacity)
    table.initialize(repeating: -1, count: capacity)
    for window in windows.values {
      for cell in window.cells { place(cell) }
    }
  }

  private func takeCell(_ number: Int32, _ ordinal: Int64) -> Int {
    let fresh = Cell(ordinal: ordinal, events: 0, series: number, flags: 0, isOpen: true)
    if let reused = free.popLast() {
      cells[Int(reused)] = fresh
      return Int(reused)
    }
    let at = cells.count
    cells.append(fresh)
    numbers.extend(to: (at + 1) * plan.parts.numbers, with: NumberTotals())
    if plan.countsUsers { users.extend(to: at + 1, with: HashSet64()) }
    distincts.extend(to: (at + 1) * plan.parts.distincts, with: DistinctSketch())
    quantiles.extend(to: (at + 1) * plan.parts.quantiles, with: QuantileSketch())
    lasts.extend(to: (at + 1) * plan.parts.lasts, with: LastValue())
    counts.extend(to: (at + 1) * plan.parts.counts, with: 0)
    amounts.extend(to: (at + 1) * plan.parts.amounts, with: 0)
    nameCounts.extend(to: (at + 1) * plan.parts.nameCounts, with: [:])
    return at
  }

  private func clear(_ at: Int) {
    for i in 0..<plan.parts.numbers { numbers[at * plan.parts.numbers + i] = NumberTotals() }
    if plan.countsUsers { users[at] = HashSet64() }
    for i in 0..<plan.parts.distincts { distincts[at * plan.parts.distincts + i] = .init() }
    for i in 0..<plan.parts.quantiles { quantiles[at * plan.parts.quantiles + i] = .init() }
    for i in 0..<plan.parts.lasts { lasts[at * plan.parts.lasts + i] = LastValue() }
    for i in 0..<plan.parts.counts { counts[at * plan.parts.counts + i] = 0 }
    for i in 0..<plan.parts.amounts { amounts[at * plan.parts.amounts + i] = 0 }
    for i in 0..<plan.parts.nameCounts { nameCounts[at * plan.parts.nameCounts + i] = [:] }
  }

  /// Closes the cells of `closing` and forgets what pointed at them. O(open cells).
  private func drop(_ closing: [Int32]) {
    guard !closing.isEmpty else { return }
    for cell in closing {
      if cells[Int(cell)].flags & Self.storedBit != 0 { goneKeys.append(key(of: Int(cell))) }
      cells[Int(cell)].isOpen = false
      clear(Int(cell))
      let number = Int(cells[Int(cell)].series)
      if number < lastOrdinal.count { lastOrdinal[number] = Int64.min }
    }
    changed.removeAll { !cells[Int($0)].isOpen }
    unsaved.removeAll { !cells[Int($0)].isOpen }
    free.append(contentsOf: closing)
    rebuildTable(capacity: mask + 1)
  }
}

// MARK: - Limits and closing

extension CellStore {
  /// The rank up to which the least `maxSeries` series of a window are kept.
  private func keptRank(_ window: OpenWindow) -> UInt64 {
    let ranks = window.cells.map { cells[Int($0)].series }
      .filter { $0 != SeriesTable.other }
      .map { series.identities[Int($0)].rank }.sorted()
    return ranks.count > plan.maxSeries ? ranks[plan.maxSeries - 1] : UInt64.max
  }

  /// Moves every series of a window whose rank is above `limit` into `"(other)"`.
  ///
  /// Which series go is a matter of their dimensions alone, so folding early and folding late come
  /// to the same.
  func fold(ordinal: Int64, above limit: UInt64) {
    guard let window = windows[ordinal] else { return }
    windows[ordinal]?.foldAbove = Swift.min(limit, window.foldAbove ?? UInt64.max)
    let going = window.cells.filter { cell in
      let number = cells[Int(cell)].series
      return number != SeriesTable.other && series.identities[Int(number)].rank > limit
    }
    guard !going.isEmpty else { return }
    foldCount += 1
    let other = cell(series: SeriesTable.other, ordinal: ordinal)
    for cell in going { merge(Int(cell), into: other) }
    touch(other)
    let gone = Set(going)
    windows[ordinal]?.cells.removeAll { gone.contains($0) }
    if windows[ordinal]?.isStored ?? false { foldedWindows.insert(ordinal) }
    drop(going)
  }

  /// Ranks above which series of a window go to `"(other)"`, by window. What is folded must stay
  /// so over a restart: a user who leaves such a series is in no cell of its own.
  var foldLimits: [(ordinal: Int64, above: UInt64)] {
    windows.compactMap { ordinal, window in window.foldAbove.map { (ordinal, $0) } }
      .sorted { $0.0 < $1.0 }
  }

  /// Puts a saved limit back, after the window's cells.
  func restoreFold(ordinal: Int64, above limit: UInt64) { windows[ordinal]?.foldAbove = limit }

  private func merge(_ from: Int, into other: Int) {
    cells[other].events += cells[from].events
    if plan.countsUsers { users[other].formUnion(users[from]) }
    let parts = plan.parts
    for i in 0..<parts.numbers {
      numbers[other * parts.numbers + i].merge(numbers[from * parts.numbers + i])
    }
    for i in 0..<parts.distincts {
      distincts[other * parts.distincts + i].merge(distincts[from * parts.distincts + i])
    }
    for i in 0..<parts.quantiles {
      quantiles[other * parts.quantiles + i].merge(quantiles[from * parts.quantiles + i])
    }
    for i in 0..<parts.lasts { lasts[other * parts.lasts + i].merge(lasts[from * parts.lasts + i]) }
    for i in 0..<parts.counts {
      counts[other * parts.counts + i] += counts[from * parts.counts + i]
    }
    for i in 0..<parts.amounts {
      amounts[other * parts.amounts + i] &+= amounts[from * parts.amounts + i]
    }
    for i in 0..<parts.nameCounts {
      nameCounts[other * parts.nameCounts + i].merge(nameCounts[from * parts.nameCounts + i]) {
        $0 + $1
      }
    }
  }

  /// Drops the windows for which `isClosed` holds.
  func release(_ isClosed: (_ ordinal: Int64) -> Bool) {
    let closed = windows.keys.filter(isClosed).sorted()
    guard !closed.isEmpty else { return }
    var going: [Int32] = []
    for ordinal in closed {
      guard let window = windows.removeValue(forKey: ordinal) else { continue }
      going += window.cells
      if window.isStored { goneWindows.append(ordinal) }
      foldedWindows.remove(ordinal)
    }
    drop(going)
  }

  /// Forgets series without cells when there are many of them.
  func compactSeries() {
    guard series.count > compactAt else { return }
    var used = [Bool](repeating: false, count: series.count)
    for window in windows.values {
      for cell in window.cells { used[Int(cells[Int(cell)].series)] = true }
    }
    let renumbered = series.compact(used)
    for window in windows.values {
      for cell in window.cells {
        cells[Int(cell)].series = renumbered[Int(cells[Int(cell)].series)]
      }
    }
    for number in 0..<lastOrdinal.count { lastOrdinal[number] = Int64.min }
    rebuildTable(capacity: mask + 1)
    compactAt = Swift.max(8_192, series.count * 2)
  }
}

// MARK: - Reports

extension CellStore {
  /// What a cell amounts to.
  func value(of cell: Int) -> CellValue {
    var value = CellValue(parts: GroupPlan.Parts())
    let parts = plan.parts
    value.events = cells[cell].events
    if plan.countsUsers { value.users = Int64(users[cell].count) }
    value.numbers = (0..<parts.numbers).map { numbers[cell * parts.numbers + $0] }
    value.distincts = (0..<parts.distincts).map { distincts[cell * parts.distincts + $0] }
    value.quantiles = (0..<parts.quantiles).map { quantiles[cell * parts.quantiles + $0] }
    value.lasts = (0..<parts.lasts).map { lasts[cell * parts.lasts + $0] }
    value.counts = (0..<parts.counts).map { counts[cell * parts.counts + $0] }
    value.amounts = (0..<parts.amounts).map { amounts[cell * parts.amounts + $0] }
    value.nameCounts = (0..<parts.nameCounts).map { nameCounts[cell * parts.nameCounts + $0] }
    return value
  }

  /// The cells that changed since the last call.
  func takeChanged() -> [Int32] {
    let taken = changed
    changed.removeAll(keepingCapacity: true)
    for cell in taken { cells[Int(cell)].flags &= ~Self.changedBit }
    return taken
  }
}
