/// Alerts of rules that judge open windows too, for people watching.
///
/// An open window is judged as if it closed now, after all that is known. What it opens stands
/// until the window closes or says otherwise; nothing of it is saved, nothing final depends on it.
extension AlertJudge {
  /// A provisional alert that stands.
  struct Standing {
    var rule: Int
    var name: SeriesName
    var ordinal: Int64
    var row: AlertRow
    var transition: AlertTransition
  }

  /// A window of a series in which a rule fired.
  struct FiredKey: Hashable {
    var rule: Int
    var name: SeriesName
    var ordinal: Int64
  }

  /// Ends provisional alerts whose windows have been judged.
  func closeProvisional(into rows: inout ResultRows) {
    for (id, alert) in sortedStanding() {
      guard let next = progress[alert.rule].next, alert.ordinal < next else { continue }
      end(id, alert, into: &rows)
    }
    fired.removeAll()
  }

  /// Judges open windows with the rows they have now.
  func showProvisional(
    horizon: EventTime, thresholds: ThresholdSchedule, into rows: inout ResultRows
  ) {
    guard rules.contains(where: { $0.plan.isProvisional }) else { return }
    var found: [String: Standing] = [:]
    parts.removeAll()
    let view = AlertView(signals: signals, isProvisional: true)
    for index in rules.indices where rules[index].plan.isProvisional {
      judgeOpen(rule: index, horizon, view, thresholds, into: &found)
    }
    for (id, alert) in sortedStanding() where found[id] == nil { end(id, alert, into: &rows) }
    for (id, alert) in Self.sorted(found) {
      if let held = standing[id] {
        if held.row == alert.row { continue }
      } else {
        rows.alertTransitions.append(alert.transition)
      }
      standing[id] = alert
      rows.alerts.append(alert.row)
    }
  }

  private func judgeOpen(
    rule index: Int, _ horizon: EventTime, _ view: AlertView, _ schedule: ThresholdSchedule,
    into found: inout [String: Standing]
  ) {
    let rule = rules[index]
    let signal = view.signals[rule.watch]
    var calendar = signal.calendar
    let last = calendar.ordinal(of: horizon)
    let open = signal.open.keys.filter { $0 <= last }
    guard let greatest = open.max(), let least = open.min() else { return }
    let first = min(least, progress[index].next ?? least)
    for name in Set(open.flatMap { signal.open[$0, default: [:]].keys }).sorted() {
      var machine = progress[index].open[name]?.machine ?? AlertMachine()
      for ordinal in first...greatest where view.reading(rule.watch, ordinal, name) != nil {
        let start = signal.calendar.start(ordinal)
        let end = signal.calendar.end(ordinal)
        guard rule.isActive(start) else { continue }
        let thresholds = rule.thresholds(schedule, name, end)
        let judgement = rule.judge(ordinal, start: start, end: end, name, view, thresholds)
        guard let judgement else { continue }
        let isOpened = machine.state == .inactive || machine.state == .pending
        guard machine.take(judgement.window, rule.limits).last == .firing, isOpened else {
          continue
        }
        let id = AlertID.of(
          pipeline: pipeline, rule: rule.plan.name, name, start, isProvisional: true)
        var row = Changed(
          rule: index, name: name, open: AlertProgress.Open(id: id, machine: machine, opened: end),
          state: .firing, judgement: judgement, thresholds: thresholds)
        row.open.explanation = explain(rule, name, ordinal, view)
        found[id] = Standing(
          rule: index, name: name, ordinal: ordinal, row: rule.row(row, status: .provisional),
          transition: transition(
            id, rule, name, judgement, from: .inactive, to: .firing, thresholds, .provisional))
      }
    }
  }

  /// Ends a provisional alert; silently where the final one takes over.
  private func end(_ id: String, _ alert: Standing, into rows: inout ResultRows) {
    standing[id] = nil
    var row = alert.row
    row.state = .resolved
    row.resolved = row.windowEnd
    rows.alerts.append(row)
    let key = FiredKey(rule: alert.rule, name: alert.name, ordinal: alert.ordinal)
    guard !fired.contains(key) else { return }
    var transition = alert.transition
    transition.from = .firing
    transition.to = .resolved
    rows.alertTransitions.append(transition)
  }

  private func sortedStanding() -> [(key: String, value: Standing)] { Self.sorted(standing) }

  private static func sorted(_ alerts: [String: Standing]) -> [(key: String, value: Standing)] {
    alerts.sorted { a, b in
      let (x, y) = (a.value, b.value)
      if x.row.windowEnd != y.row.windowEnd { return x.row.windowEnd < y.row.windowEnd }
      return x.rule != y.rule ? x.rule < y.rule : x.name < y.name
    }
  }
}
