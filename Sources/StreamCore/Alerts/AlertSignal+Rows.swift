/// Readings of rows.
extension AlertSignal {
  /// Takes the rows of one step or more of a funnel; those of an entry window and series are in
  /// order of step.
  mutating func take(_ rows: [FunnelRow]) {
    guard case .funnel(let step, let figure) = source.reference.figure else { return }
    var entered: Int64 = 0
    var before: Int64 = 0
    for row in rows where row.funnel == source.reference.stage {
      if row.step == 1 { (entered, before) = (row.users, row.users) }
      if row.step == step {
        let (value, samples): (Double?, Int64) =
          switch figure {
          case .conversion: (row.conversionFromStart, entered)
          case .fromPrevious: (row.conversionFromPrevious, before)
          case .users: (Double(row.users), row.users)
          case .p50Ms: (row.p50Ms.map(Double.init), row.users)
          case .p90Ms: (row.p90Ms.map(Double.init), row.users)
          }
        offer(
          AlertReading(value: value ?? .nan, samples: samples), start: row.entryStart,
          SeriesName(row.dimensions), isFinal: row.status == .final)
      }
      before = row.users
    }
  }

  /// Takes rows of retention. Cohorts come in earlier windows than what is measured by them.
  mutating func take(_ rows: [RetentionRow]) {
    guard case .retention(let period, let figure) = source.reference.figure else { return }
    for row in rows where row.retention == source.reference.stage {
      let name = SeriesName(row.dimensions)
      let isFinal = row.status == .final
      if row.period == 0, period > 0 {
        offer(cohort: row.users, start: row.unitStart, name, isFinal: isFinal)
      }
      guard row.period == period else { continue }
      var reading = AlertReading(value: Double(row.users), samples: row.users)
      switch figure {
      case .users: break
      case .amount: reading.value = row.amount ?? .nan
      case .share:
        let users = period == 0 ? row.users : cohort(period, before: row.unitStart, name) ?? 0
        reading = AlertReading(
          value: users > 0 ? Double(row.users) / Double(users) : .nan, samples: users)
      }
      offer(reading, start: row.unitStart, name, isFinal: isFinal)
    }
  }

  /// Takes rows of sessions.
  mutating func take(_ rows: [SessionRow]) {
    guard case .session(let figure) = source.reference.figure else { return }
    for row in rows where row.session == source.reference.stage {
      let count = Double(row.sessions)
      let (value, samples): (Double, Int64) =
        switch figure {
        case .sessions: (count, row.sessions)
        case .users: (Double(row.users), row.users)
        case .events: (Double(row.events), row.events)
        case .bounces: (Double(row.bounces), row.sessions)
        case .bounceRate: (Double(row.bounces) / count, row.sessions)
        case .meanDurationMs: (Double(row.durationMs) / count, row.sessions)
        }
      offer(
        AlertReading(value: value, samples: samples), start: row.dayStart,
        SeriesName(row.dimensions), isFinal: row.status == .final)
    }
  }

  /// Takes the rows of periods of a KPI that are over; others say how far a period had come.
  mutating func take(_ rows: [KPIRow]) {
    guard case .kpi = source.reference.figure else { return }
    for row in rows where row.kpi == source.reference.stage && row.asOf == row.periodEnd {
      guard row.status == .final else { continue }
      offer(AlertReading(row), start: row.periodStart, SeriesName("{}"), isFinal: true)
      if let mover = KPIMover(row) { movers[ordinal(row.periodStart)] = mover }
    }
  }

  /// Takes a closed slice in which a KPI has no value.
  mutating func takeMissing(_ key: KPIKey) {
    guard case .kpi = source.reference.figure, key.kpi == source.reference.stage,
      calendar.end(ordinal(key.periodStart)) == key.asOf
    else { return }
    offer(.noData, start: key.periodStart, SeriesName("{}"), isFinal: true)
  }
}

extension AlertReading {
  /// The value of a KPI, which rests on no one number of samples.
  init(_ row: KPIRow) { self.init(value: row.value, samples: 0) }
}

/// The child that moved a KPI most against the period before.
struct KPIMover: Equatable {
  var kpi: String
  /// By how much; nil where the formula does not read the child.
  var moved: Double?

  init(kpi: String, moved: Double?) {
    self.kpi = kpi
    self.moved = moved
  }

  /// What a row tells; nil where nothing moved it.
  init?(_ row: KPIRow) {
    guard let kpi = row.movedBy else { return nil }
    self.init(kpi: kpi, moved: row.moved)
  }
}
