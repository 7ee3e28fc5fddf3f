extension Merge {
  /// Takes over what another definition's merge knows of kept stages. Nothing was absorbed yet.
  func takeOver(from former: Merge, _ translator: StateTranslator) throws(CodecError) {
    for index in groups.indices {
      guard let origin = translator.origins[index] else { continue }
      groups[index].restore(closedThrough: former.groups[origin.group].closedThrough)
      for (to, from) in origin.metrics {
        let series = former.carried[origin.group][from]?.series ?? [:]
        for (name, value) in series.sorted(by: { $0.key < $1.key }) {
          carried[index][to]?.restore(name, value)
        }
      }
      if let rolling = former.userRows[origin.group]?.rolling {
        userRows[index]?.rolling?.restore(lastUnit: rolling.lastUnit, totals: rolling.totals)
      }
    }
    for index in formulas.indices where translator.kept.keeps(metric: formulas[index].plan.name) {
      let name = formulas[index].plan.name
      guard let from = former.formulas.first(where: { $0.plan.name == name }) else { continue }
      formulas[index].takeOver(from: from)
    }
    if let judge, let before = former.judge {
      try judge.takeOver(from: before, keeping: translator.kept)
    }
    if let before = former.kpis { try kpis?.takeOver(from: before, translator) }
  }
}

extension FormulaState {
  /// Takes over what an equal formula knows.
  fileprivate mutating func takeOver(from former: FormulaState) {
    restore(closedThrough: former.closedThrough)
    for (index, input) in former.inputs.enumerated() {
      guard let own = inputs.firstIndex(where: { $0.name == input.name }) else { continue }
      for (name, seen) in input.lastSeen { restore(input: own, name, lastSeen: seen) }
      for (start, end) in former.openWindows {
        for (name, result) in former.inputs[index].values[start] ?? [:] {
          offer(own, start: EventTime(ms: start), end: end, name: name, result: result)
        }
      }
    }
  }
}

extension AlertSignal {
  /// Takes over what an equal signal knows.
  fileprivate mutating func takeOver(from former: AlertSignal) throws(CodecError) {
    var writer = ByteWriter()
    former.encode(into: &writer)
    var reader = ByteReader(writer.bytes)
    try restore(from: &reader)
  }
}

extension AlertJudge {
  /// Takes over the readings of kept results, and the open alerts of kept rules.
  fileprivate func takeOver(
    from former: AlertJudge, keeping kept: KeptStages
  ) throws(CodecError) {
    for index in signals.indices where kept.keeps(result: signals[index].source.reference.stage) {
      let own = signals[index]
      let from = former.signals.first {
        $0.source.reference == own.source.reference && $0.calendar.window == own.calendar.window
      }
      if let from { try signals[index].takeOver(from: from) }
    }
    for index in rules.indices {
      let name = rules[index].plan.name
      guard kept.stages.contains(StageName(.alerts, name)),
        let from = former.rules.firstIndex(where: { $0.plan.name == name })
      else { continue }
      progress[index] = former.progress[from]
    }
  }
}

extension KPIBook {
  /// Takes over the totals of kept metrics, and the values of kept KPIs.
  fileprivate mutating func takeOver(
    from former: KPIBook, _ translator: StateTranslator
  ) throws(CodecError) {
    for index in series.indices where translator.kept.keeps(result: series[index].metric) {
      guard let from = former.series.first(where: { $0.key == series[index].key }) else { continue }
      for point in from.points { series[index].restore(point) }
    }
    for index in totals.indices {
      guard let origin = translator.origins[totals[index].group] else { continue }
      let keys = Set(totals[index].feeds.map { series[$0.series].key })
      let from = former.totals.first { total in
        total.group == origin.group
          && total.feeds.contains { keys.contains(former.series[$0.series].key) }
      }
      guard let from else { continue }
      totals[index].period = from.period
      totals[index].cell = translator.value(
        from.cell, from: translator.old.groups[origin.group],
        to: translator.new.groups[totals[index].group], origin)
    }
    for index in levels.indices {
      let reference = levels[index].signal.source.reference
      guard translator.kept.keeps(result: reference.stage),
        let from = former.levels.first(where: { $0.signal.source.reference == reference })
      else { continue }
      try levels[index].signal.takeOver(from: from.signal)
    }
    for index in nodes.indices {
      let name = nodes[index].plan.name
      guard translator.kept.stages.contains(StageName(.kpis, name)),
        let from = former.nodes.first(where: { $0.plan.name == name })
      else { continue }
      nodes[index].closedThrough = from.closedThrough
      nodes[index].history = from.history
    }
  }
}
