/// KPIs: from closed slices to rows.
extension Merge {
  /// How far there are events that feed KPIs, those of fast phones included.
  func kpiReach(_ horizon: EventTime) -> EventTime {
    guard let kpis else { return horizon }
    return kpis.sliceGroups.reduce(horizon) { reach, group in
      groups[group].windows.values.reduce(reach) { max($0, $1.start) }
    }
  }

  /// Adds the rows of the slices that are closed. `before`: how many rows there were before this
  /// closing; `reach` is that of before it.
  func closeKPIs(
    horizon: EventTime, reach: EventTime, before: ResultRows.Counts
  ) {
    guard kpis != nil else { return }
    let closed = groups.map(\.closedThrough)
    kpis?.take(rows, from: before)
    kpis?.settleLevels(horizon: horizon) { closed[$0] }
    var made: [KPIRow] = []
    var gone: [KPIKey] = []
    kpis?.advance(KPIBook.Limit(reach: reach), closed: { closed[$0] }) { key, row in
      if let row { made.append(row) } else { gone.append(key) }
    }
    judge?.takeMissing(gone.filter { $0.periodStart >= begins[$0.kpi] ?? .distantPast })
    for row in made { kpis?.shown[row.key] = nil }
    for key in gone where kpis?.shown.removeValue(forKey: key) != nil {
      rows.removed.append(.kpi(key))
    }
    rows.kpis += made.sorted(by: KPIRow.isBefore)
  }

  /// Adds provisional rows of running periods, as of the end of the slice that holds `horizon`:
  /// one a period and KPI, in place of the one shown before.
  ///
  /// The running slice has only begun, and what it would be held against is whole: such a row has
  /// a value alone, and where the value itself rests on a comparison there is no row.
  func showKPIs(horizon: EventTime) {
    guard var ahead = kpis, horizon > .distantPast else { return }
    for group in Set(ahead.sliceGroups).sorted() {
      let open = groups[group].windows.values.sorted { $0.start < $1.start }
      ahead.take(group, open)
    }
    let comparisons = ahead.comparisons
    var newest: [KPIKey: KPIRow] = [:]
    ahead.advance(
      KPIBook.Limit(reach: horizon, now: horizon), closed: { _ in .distantFuture }
    ) { key, row in
      guard let row, !comparisons.contains(key.kpi) else { return }
      var period = key
      period.asOf = .distantPast
      newest[period] = row
    }
    var shown: [KPIKey: KPIRow] = [:]
    for var row in newest.values {
      row.status = .provisional
      row.previous = nil
      row.movedBy = nil
      row.moved = nil
      shown[row.key] = row
    }
    let held = kpis?.shown ?? [:]
    rows.removed += held.values.filter { shown[$0.key] == nil }.sorted(by: KPIRow.isBefore)
      .map { .kpi($0.key) }
    rows.kpis += shown.values.filter { held[$0.key] != $0 }.sorted(by: KPIRow.isBefore)
    kpis?.shown = shown
  }
}

extension KPIBook {
  /// How far each open period of a KPI has come: what is shown of it, or where nothing is, as of
  /// the newest slice that is closed.
  func toDate(_ node: Int) -> [KPIRow] {
    let node = nodes[node]
    let name = node.plan.name
    var rows = shown.values.filter { $0.kpi == name && $0.periodEnd > node.closedThrough }
    guard let newest = node.history.newest(.max) else { return rows }
    var calendar = calendars[node.clock]
    let part = calendar.part(calendar.ordinal(of: EventTime(ms: newest.endMs - 1)))
    guard part.periodEnd > node.closedThrough,
      !rows.contains(where: { $0.periodStart == part.periodStart })
    else { return rows }
    rows.append(
      KPIRow(
        kpi: name, periodStart: part.periodStart, periodEnd: part.periodEnd, asOf: part.end,
        value: newest.number.value, status: .final))
    return rows
  }

  /// Every group that a KPI waits for.
  func groups(of node: Int) -> Set<Int> {
    var found: Set<Int> = []
    var known: Set<Int> = [node]
    var open = [node]
    while let node = open.popLast() {
      found.formUnion(nodes[node].groups)
      open += nodes[node].needs.filter { known.insert($0).inserted }
    }
    return found
  }
}

extension KPIRow {
  /// Its key in its table.
  public var key: KPIKey { KPIKey(kpi: kpi, periodStart: periodStart, asOf: asOf) }

  /// The order in which rows are given: of instant, then of name, then of period.
  static func isBefore(_ a: KPIRow, _ b: KPIRow) -> Bool {
    if a.asOf != b.asOf { return a.asOf < b.asOf }
    if a.kpi != b.kpi { return a.kpi.utf8.lexicographicallyPrecedes(b.kpi.utf8) }
    return a.periodStart < b.periodStart
  }
}
