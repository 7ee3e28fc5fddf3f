extension Merge {
  /// Takes over findings as a file of an earlier life keeps them: those that are provisional count
  /// as announced, and settled ones that are found again stay what they were announced as.
  ///
  /// To be called before the first `close`, with every provisional row, and every settled one that
  /// is open or opened at or after the watermark of the state that was put back; more do no harm.
  /// O(rows).
  public func adopt(findings stored: [FindingRow]) {
    for row in stored {
      let key = FindingBook.Key(rule: row.rule, entity: SeriesName(row.entity))
      switch row.status {
      case .provisional: findings.announced[key] = row
      case .final:
        findings.settled[row.findingID] = .some(row.announcedAs)
        if let id = row.announcedAs { findings.retired[id] = .distantFuture }
      case .withdrawn: break
      }
    }
  }

  /// Turns what was reported of findings into rows and transitions: settled ones first, then what
  /// the watermarks have passed and nothing confirms, then what was judged on arrival.
  func closeFindings(into rows: inout ResultRows) {
    var transitions: [(FindingTransition, entity: String)] = []
    let reports = findings.takeReports()
    settle(reports.filter { !$0.isProvisional }, into: &rows, &transitions)
    withdraw(into: &rows, &transitions)
    announce(reports.filter(\.isProvisional), into: &rows, &transitions)
    rows.findingTransitions += transitions.sorted { a, b in
      let (x, y) = (a.0, b.0)
      if x.at != y.at { return x.at < y.at }
      if x.rule != y.rule { return x.rule.utf8.lexicographicallyPrecedes(y.rule.utf8) }
      if a.entity != b.entity { return a.entity.utf8.lexicographicallyPrecedes(b.entity.utf8) }
      return x.kind.rank < y.kind.rank
    }.map(\.0)
  }

  private func settle(
    _ reports: [FindingReport], into rows: inout ResultRows,
    _ transitions: inout [(FindingTransition, entity: String)]
  ) {
    var confirmed: Set<FindingBook.Key> = []
    for report in reports {
      guard let key = key(report), report.closed == nil else { continue }
      if findings.announced[key]?.opened == report.opened { confirmed.insert(key) }
    }
    var order: [String] = []
    var latest: [String: FindingRow] = [:]
    for report in reports {
      guard let key = key(report), var row = row(report, .final) else { continue }
      let id = row.findingID
      if let closed = row.closed {
        row.announcedAs = findings.settled.removeValue(forKey: id) ?? nil
        add(.closed, id, row.rule, at: closed, report.entity, to: &transitions)
      } else if let known = findings.settled[id] {
        row.announcedAs = known
        add(
          known == nil ? .confirmed : .moved, id, row.rule, at: row.opened, report.entity,
          to: &transitions)
      } else if let known = findings.announced[key], known.opened == row.opened {
        findings.announced[key] = nil
        add(.confirmed, id, row.rule, at: row.opened, report.entity, to: &transitions)
      } else if let known = findings.announced[key], !confirmed.contains(key) {
        findings.announced[key] = nil
        row.announcedAs = known.findingID
        findings.settled[id] = .some(known.findingID)
        findings.retired[known.findingID] = known.opened
        add(.moved, id, row.rule, at: row.opened, report.entity, to: &transitions)
      } else {
        add(.confirmed, id, row.rule, at: row.opened, report.entity, to: &transitions)
      }
      if latest[id] == nil { order.append(id) }
      latest[id] = row
    }
    rows.findings += order.compactMap { latest[$0] }
  }

  private func withdraw(
    into rows: inout ResultRows, _ transitions: inout [(FindingTransition, entity: String)]
  ) {
    if findings.announced.isEmpty && findings.retired.isEmpty { return }
    var passed: [String: EventTime] = [:]
    for group in plan.groups {
      if case .risk(let risk) = group.stage { passed[risk.name] = watermark(group.index) }
    }
    if let least = passed.values.min(), passed.count == plan.pipeline.risks.count {
      findings.retired = findings.retired.filter { $0.value >= least }
    }
    let over = findings.announced.filter { key, row in
      // A rule that the pipeline no longer has finds nothing.
      let isKnown = plan.pipeline.risks.contains { $0.name == key.rule }
      return !isKnown || passed[key.rule].map { row.opened < $0 } ?? false
    }
    for (key, row) in over.sorted(by: { Self.precedes($0.value, $1.value) }) {
      findings.announced[key] = nil
      var row = row
      row.status = .withdrawn
      rows.findings.append(row)
      add(.withdrawn, row.findingID, row.rule, at: row.opened, row.entity, to: &transitions)
    }
  }

  private func announce(
    _ reports: [FindingReport], into rows: inout ResultRows,
    _ transitions: inout [(FindingTransition, entity: String)]
  ) {
    for report in reports {
      guard let key = key(report), findings.announced[key] == nil,
        let row = row(report, .provisional)
      else { continue }
      // What the watermark has passed is settled, or is none.
      if let watermark = watermark(report.group), row.opened < watermark { continue }
      if findings.retired[row.findingID] != nil { continue }
      findings.announced[key] = row
      rows.findings.append(row)
      add(.opened, row.findingID, row.rule, at: row.opened, report.entity, to: &transitions)
    }
  }

  private static func precedes(_ a: FindingRow, _ b: FindingRow) -> Bool {
    if a.opened != b.opened { return a.opened < b.opened }
    if a.rule != b.rule { return a.rule.utf8.lexicographicallyPrecedes(b.rule.utf8) }
    return a.entity.utf8.lexicographicallyPrecedes(b.entity.utf8)
  }

  private func add(
    _ kind: FindingTransition.Kind, _ id: String, _ rule: String, at time: EventTime,
    _ entity: String, to transitions: inout [(FindingTransition, entity: String)]
  ) {
    transitions.append((FindingTransition(findingID: id, rule: rule, at: time, kind: kind), entity))
  }

  private func rule(_ report: FindingReport) -> RiskPlan? {
    if case .risk(let risk) = plan.groups[report.group].stage { risk } else { nil }
  }

  private func key(_ report: FindingReport) -> FindingBook.Key? {
    rule(report).map { FindingBook.Key(rule: $0.name, entity: SeriesName(report.entity)) }
  }

  private func row(_ report: FindingReport, _ status: FindingStatus) -> FindingRow? {
    guard let risk = rule(report) else { return nil }
    return FindingRow(
      findingID: FindingRow.id(
        pipeline: plan.pipeline.name, rule: risk.name, entity: report.entity,
        opened: report.opened),
      rule: risk.name, entityKind: risk.entityKind, entity: report.entity, opened: report.opened,
      closed: report.closed, status: status, announcedAs: nil, figures: report.figures,
      evidence: report.evidence, severity: risk.severity, owner: risk.owner)
  }
}

extension FindingRow {
  /// The id of a finding: 32 hexadecimal digits, the same in every run.
  public static func id(
    pipeline: String, rule: String, entity: String, opened: EventTime
  ) -> String {
    var text: [UInt8] = []
    for part in [pipeline, rule, entity, String(opened.ms)] {
      CanonicalJSON.append(string: part, to: &text)
    }
    return [UInt64(1), 2].map { seed in
      let hex = String(text.withUnsafeBytes { Hash64.of($0, seed: seed) }, radix: 16)
      return String(repeating: "0", count: 16 - hex.count) + hex
    }.joined()
  }
}

extension FindingTransition.Kind {
  /// Its place among transitions of one entity at one time.
  var rank: Int {
    switch self {
    case .opened: 0
    case .confirmed: 1
    case .moved: 2
    case .withdrawn: 3
    case .closed: 4
    }
  }
}
