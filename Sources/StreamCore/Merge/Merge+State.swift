/// The merge's own state: how far windows are closed, and what outlives a window. The open windows
/// themselves come back with the owners' first reports.
extension Merge {
  static let owner = "merge"
  private static let stage: UInt32 = 0

  /// The state to save, belonging to the reports absorbed last. One record; O(series that carry
  /// or are waited for).
  public func encodeState(into change: inout StateChange) {
    var writer = ByteWriter()
    writer.writeVarint(UInt64(groups.count))
    for (index, group) in groups.enumerated() {
      writer.writeSignedVarint(group.closedThrough.ms)
      for (metric, _) in group.plan.metrics.enumerated() {
        let series = carried[index][metric]?.series ?? [:]
        writer.writeVarint(UInt64(series.count))
        for (name, carried) in series.sorted(by: { $0.key < $1.key }) {
          writer.writeText(name.text)
          writer.writeSignedVarint(carried.end.ms)
          writer.writeText(carried.result.exact ?? "")
          writer.writeDouble(carried.result.value)
        }
      }
    }
    writer.writeVarint(UInt64(formulas.count))
    for formula in formulas {
      writer.writeSignedVarint(formula.closedThrough.ms)
      for input in formula.inputs {
        writer.writeVarint(UInt64(input.lastSeen.count))
        for (name, seen) in input.lastSeen.sorted(by: { $0.key < $1.key }) {
          writer.writeText(name.text)
          writer.writeSignedVarint(seen.ms)
        }
      }
      encodeValues(of: formula, into: &writer)
    }
    encodeRolling(into: &writer)
    judge?.encode(into: &writer)
    kpis?.encode(into: &writer)
    change.upserts.append(
      StateRecord(
        key: StateKey(owner: Self.owner, stage: Self.stage, key: []),
        codecVersion: TaskState.codecVersion, bytes: writer.bytes))
  }

  /// Rows of windows that an input has closed and the formula has not: nobody sends them again.
  private func encodeValues(of formula: FormulaState, into writer: inout ByteWriter) {
    writer.writeVarint(UInt64(formula.openWindows.count))
    for (start, end) in formula.openWindows {
      writer.writeSignedVarint(start)
      writer.writeSignedVarint(end.ms)
      for input in formula.inputs {
        let values = input.values[start] ?? [:]
        writer.writeVarint(UInt64(values.count))
        for (name, result) in values.sorted(by: { $0.key < $1.key }) {
          writer.writeText(name.text)
          writer.writeDouble(result.value)
          writer.writeSignedVarint(result.samples)
          writer.writeBool(result.isApproximate)
        }
      }
    }
  }

  private func restoreValues(
    of formula: Int, from reader: inout ByteReader
  ) throws(CodecError) {
    for _ in 0..<(try reader.readVarint("open windows")) {
      let start = EventTime(ms: try reader.readSignedVarint("start"))
      let end = EventTime(ms: try reader.readSignedVarint("end"))
      for input in formulas[formula].inputs.indices {
        for _ in 0..<(try reader.readVarint("values")) {
          let name = SeriesName(try reader.readText("dimensions"))
          let result = MetricResult(
            value: try reader.readDouble("value"), exact: nil,
            samples: try reader.readSignedVarint("samples"),
            isApproximate: try reader.readBool("approximate"))
          formulas[formula].offer(
            input, start: start, end: end, name: name, result: result)
        }
      }
    }
  }

  private func encodeRolling(into writer: inout ByteWriter) {
    for (_, rows) in userRows.sorted(by: { $0.key < $1.key }) {
      guard let rolling = rows.rolling else { continue }
      writer.writeBool(rolling.lastUnit != nil)
      writer.writeSignedVarint(rolling.lastUnit ?? 0)
      writer.writeVarint(UInt64(rolling.totals.count))
      for (name, totals) in rolling.totals.sorted(by: { $0.key < $1.key }) {
        writer.writeText(name.text)
        for total in totals { writer.writeSignedVarint(total) }
      }
    }
  }

  private func restoreRolling(from reader: inout ByteReader) throws(CodecError) {
    for index in userRows.keys.sorted() {
      guard userRows[index]?.rolling != nil else { continue }
      let hasUnit = try reader.readBool("has a last unit")
      let unit = try reader.readSignedVarint("last unit")
      var totals: [SeriesName: [Int64]] = [:]
      for _ in 0..<(try reader.readCount("rolling counts", elementBytes: 3)) {
        let name = SeriesName(try reader.readText("dimensions"))
        var own: [Int64] = []
        for _ in LifecycleStage.rolling {
          own.append(try reader.readSignedVarint("rolling count"))
        }
        totals[name] = own
      }
      userRows[index]?.rolling?.restore(lastUnit: hasUnit ? unit : nil, totals: totals)
    }
  }

  /// Whether a saved record is the merge's.
  public static func owns(_ record: StateRecord) -> Bool { record.key.owner == owner }

  /// Puts the saved state back.
  public func restore(_ record: StateRecord) throws(CodecError) {
    var reader = ByteReader(record.bytes)
    guard try reader.readVarint("groups") == UInt64(groups.count) else {
      throw reader.invalid("number of stages")
    }
    for index in groups.indices {
      groups[index].restore(
        closedThrough: EventTime(ms: try reader.readSignedVarint("closed through")))
      for metric in groups[index].plan.metrics.indices {
        for _ in 0..<(try reader.readVarint("carried values")) {
          let name = SeriesName(try reader.readText("dimensions"))
          let end = EventTime(ms: try reader.readSignedVarint("end"))
          let exact = try reader.readText("exact value")
          let value = try reader.readDouble("value")
          let result = MetricResult(
            value: value, exact: exact.isEmpty ? nil : exact, samples: 1, isApproximate: false)
          carried[index][metric]?.restore(
            name, CarriedValues.Carried(end: end, result: result))
        }
      }
    }
    guard try reader.readVarint("formulas") == UInt64(formulas.count) else {
      throw reader.invalid("number of formulas")
    }
    for index in formulas.indices {
      formulas[index].restore(
        closedThrough: EventTime(ms: try reader.readSignedVarint("closed through")))
      for input in formulas[index].inputs.indices {
        for _ in 0..<(try reader.readVarint("sightings")) {
          let name = SeriesName(try reader.readText("dimensions"))
          let seen = EventTime(ms: try reader.readSignedVarint("seen"))
          formulas[index].restore(input: input, name, lastSeen: seen)
        }
      }
      try restoreValues(of: index, from: &reader)
    }
    try restoreRolling(from: &reader)
    try judge?.restore(from: &reader)
    try kpis?.restore(from: &reader)
  }
}
