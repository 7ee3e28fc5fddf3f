/// What outlives a snapshot: readings as far back as rules look, and alerts that are not over.
extension AlertJudge {
  func encode(into writer: inout ByteWriter) {
    writer.writeVarint(UInt64(signals.count))
    for signal in signals { signal.encode(into: &writer) }
    writer.writeVarint(UInt64(rules.count))
    for rule in progress {
      writer.writeBool(rule.next != nil)
      writer.writeSignedVarint(rule.next ?? 0)
      writer.writeVarint(UInt64(rule.open.count))
      for (name, open) in rule.open.sorted(by: { $0.key < $1.key }) {
        writer.writeText(name.text)
        open.encode(into: &writer)
      }
    }
  }

  func restore(from reader: inout ByteReader) throws(CodecError) {
    guard try reader.readVarint("watched results") == UInt64(signals.count) else {
      throw reader.invalid("number of watched results")
    }
    for index in signals.indices { try signals[index].restore(from: &reader) }
    guard try reader.readVarint("alert rules") == UInt64(rules.count) else {
      throw reader.invalid("number of alert rules")
    }
    for index in rules.indices {
      let hasNext = try reader.readBool("has judged windows")
      let next = try reader.readBounded("next window")
      progress[index].next = hasNext ? next : nil
      for _ in 0..<(try reader.readCount("open alerts", elementBytes: 8)) {
        let name = SeriesName(try reader.readText("dimensions"))
        progress[index].open[name] = try AlertProgress.Open(
          from: &reader,
          id: { [pipeline, rules] in
            AlertID.of(
              pipeline: pipeline, rule: rules[index].plan.name, name, $0, isProvisional: false)
          })
      }
    }
  }
}

extension AlertProgress.Open {
  private static let states: [AlertState] = [.pending, .firing, .recovering]

  func encode(into writer: inout ByteWriter) {
    writer.writeByte(UInt8(Self.states.firstIndex(of: machine.state) ?? 0))
    writer.writeSignedVarint(machine.firstStart.ms)
    writer.writeSignedVarint(machine.held)
    writer.writeSignedVarint(machine.recoveringSince.ms)
    writer.writeBool(opened != nil)
    writer.writeSignedVarint(opened?.ms ?? 0)
    writer.writeBool(explanation != nil)
    writer.writeText(explanation ?? "")
  }

  init(from reader: inout ByteReader, id: (EventTime) -> String) throws(CodecError) {
    let state = try reader.readByte("state of an alert")
    guard Self.states.indices.contains(Int(state)) else {
      throw reader.invalid("state of an alert")
    }
    let first = EventTime(ms: try reader.readBounded("first window"))
    let held = try reader.readSignedVarint("windows held")
    let since = EventTime(ms: try reader.readBounded("recovering since"))
    let hasOpened = try reader.readBool("has opened")
    let opened = EventTime(ms: try reader.readBounded("opened"))
    let hasExplanation = try reader.readBool("has an explanation")
    let explanation = try reader.readText("explanation")
    self.init(
      id: id(first),
      machine: AlertMachine(
        state: Self.states[Int(state)], firstStart: first, held: held, recoveringSince: since),
      opened: hasOpened ? opened : nil, explanation: hasExplanation ? explanation : nil)
  }
}
