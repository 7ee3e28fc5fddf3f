/// The open windows of one group of metrics over all partitions.
///
/// A contribution replaces the same owner's earlier one; the value of a series is the merge of the
/// latest contributions, in any order the same.
struct MergedGroup {
  /// One series in one window.
  struct Entry {
    let identity: SeriesTable.Identity
    /// Latest contribution of each owner.
    var contributions: [(owner: Int, value: CellValue)]
    var isChanged: Bool

    /// The merge of all contributions.
    func total() -> CellValue {
      var total = contributions[0].value
      for other in contributions.dropFirst() { total.merge(other.value) }
      return total
    }
  }

  /// One window.
  struct Window {
    let start: EventTime
    let end: EventTime
    var entries: [SeriesName: Entry] = [:]
    var isChanged = false
    /// Whether it has got a series since `overfull()` counted them.
    var hasNewSeries = false
  }

  let plan: GroupPlan
  private(set) var windows: [Int64: Window] = [:]
  /// Windows that end at or before this are closed.
  private(set) var closedThrough = EventTime.distantPast

  init(plan: GroupPlan) { self.plan = plan }

  /// Whether a window that ends then can still change.
  private func isOpen(end: EventTime) -> Bool {
    end.ms + plan.closingDelayMs > closedThrough.ms
  }

  /// Windows up to `closed` were closed before; contributions to them are of no interest.
  mutating func restore(closedThrough closed: EventTime) { closedThrough = closed }

  /// Takes a contribution; O(owners).
  mutating func absorb(_ partial: Partial, owner: Int) {
    guard isOpen(end: partial.end) else { return }
    let key = SeriesName(partial.series.dimensions)
    var window = windows[partial.ordinal] ?? Window(start: partial.start, end: partial.end)
    windows[partial.ordinal] = nil
    window.isChanged = true
    if window.entries[key] == nil {
      window.hasNewSeries = true
      window.entries[key] = Entry(
        identity: partial.series, contributions: [(owner, partial.value)], isChanged: true)
    } else if let at = window.entries[key]?.contributions.firstIndex(where: { $0.owner == owner }) {
      window.entries[key]?.contributions[at].value = partial.value
      window.entries[key]?.isChanged = true
    } else {
      window.entries[key]?.contributions.append((owner, partial.value))
      window.entries[key]?.isChanged = true
    }
    windows[partial.ordinal] = window
  }

  /// Windows with more series than are kept, and the rank up to which they are.
  mutating func overfull() -> [(ordinal: Int64, above: UInt64)] {
    var found: [(ordinal: Int64, above: UInt64)] = []
    for ordinal in windows.filter({ $0.value.hasNewSeries }).map(\.key).sorted() {
      windows[ordinal]?.hasNewSeries = false
      guard let window = windows[ordinal], window.entries.count > plan.maxSeries else { continue }
      let other = SeriesName(plan.otherDimensions)
      let ranks = window.entries.filter { $0.key != other }.map(\.value.identity.rank).sorted()
      if ranks.count > plan.maxSeries { found.append((ordinal, ranks[plan.maxSeries - 1])) }
    }
    return found
  }

  /// Drops the series of a window that owners were told to fold, and returns them: provisional rows
  /// of them may stand in the public file.
  mutating func fold(
    ordinal: Int64, above limit: UInt64
  ) -> [(window: Window, ordinal: Int64, name: SeriesName)] {
    guard let window = windows[ordinal] else { return [] }
    var removed: [(window: Window, ordinal: Int64, name: SeriesName)] = []
    let other = SeriesName(plan.otherDimensions)
    for (name, entry) in window.entries where name != other && entry.identity.rank > limit {
      windows[ordinal]?.entries[name] = nil
      removed.append((window, ordinal, name))
    }
    return removed
  }

  /// Changed series of open windows, as provisional; by window, then dimensions.
  mutating func takeChanged(_ emit: (Int64, Window, SeriesName, CellValue) -> Void) {
    for ordinal in windows.filter({ $0.value.isChanged }).map(\.key).sorted() {
      guard var window = windows.removeValue(forKey: ordinal) else { continue }
      window.isChanged = false
      for name in window.entries.filter({ $0.value.isChanged }).map(\.key).sorted() {
        window.entries[name]?.isChanged = false
        if let entry = window.entries[name] { emit(ordinal, window, name, entry.total()) }
      }
      windows[ordinal] = window
    }
  }

  /// Windows that the watermark has passed, in order of their end; they are gone from here.
  mutating func close(upTo watermark: EventTime) -> [(ordinal: Int64, window: Window)] {
    guard watermark > closedThrough else { return [] }
    closedThrough = watermark
    let closing = windows.filter { !isOpen(end: $0.value.end) }.sorted { $0.key < $1.key }
    for (ordinal, _) in closing { windows[ordinal] = nil }
    return closing.map { ($0.key, $0.value) }
  }
}
