import StreamCore

extension RoleChoice {
  /// The source that reads the event's own fields as chosen, and then, of CSV, every column.
  func source(format: PayloadFormat, zone: Zone) -> SourcePlan {
    var fields = [FieldBinding](repeating: .absent, count: Slot.reserved)
    for (slot, choice) in [
      (Slot.name, name), (Slot.user, user), (Slot.time, time), (Slot.id, id),
    ] {
      guard let choice else { continue }
      if let constant = choice.constant {
        fields[slot] = .constant(.string(constant))
      } else if choice.isOfRecord {
        fields[slot] = slot == Slot.user ? .recordKey : .recordTimestamp
      } else {
        fields[slot] = .paths(choice.paths)
      }
    }
    if case .csv(let csv) = format {
      fields += (csv.header ?? []).map { .paths([[$0]]) }
    }
    return SourcePlan(
      name: "inspected", topic: nil, format: format, fields: fields,
      timeFormat: timePattern.map { .pattern($0) } ?? .automatic, zone: zone)
  }
}

/// How the core would take an event: the limits of its own fields.
enum EventRules {
  private static let nameBytes: UInt32 = 256
  private static let userBytes: UInt32 = 512
  private static let notBeforeMs: Int64 = 631_152_000_000
  private static let maxAheadMs: Int64 = 86_400_000

  /// Why the core would reject an event of these fields; nil when it would not.
  static func fault(
    _ row: UnsafePointer<Value>, time: EventTime?, recordMs: Int64
  ) -> (reason: RejectReason, detail: String)? {
    let written = row[Slot.time]
    guard let time else {
      return written.isNull
        ? (.noTime, "the time field is not there or null")
        : (.badTime, "the time field holds no time")
    }
    let name = row[Slot.name]
    if name.isNull || (name.kind == .string && name.length == 0) {
      return (.noName, "the event has no name")
    }
    if name.kind != .string { return (.wrongType, "the name is not text") }
    if name.length > nameBytes { return (.tooLong, "the name is over \(nameBytes) bytes") }
    for (value, what) in [(row[Slot.user], "user"), (row[Slot.id], "id")] where !value.isNull {
      guard value.kind == .string || value.kind == .number else {
        return (.wrongType, "the \(what) is neither text nor a number")
      }
      if value.length > userBytes { return (.tooLong, "the \(what) is over \(userBytes) bytes") }
    }
    if time.ms < notBeforeMs { return (.tooEarly, "the time is before 1990") }
    if recordMs != RawMessage.noTimestamp, time.ms &- recordMs > maxAheadMs, time.ms > recordMs {
      return (.tooFarAhead, "the time is more than a day past the record's timestamp")
    }
    return nil
  }

  /// The hash of a user, a name or an id; 0 for none.
  static func hash(_ value: Value) -> UInt64 {
    guard value.kind == .string || value.kind == .number, value.length > 0 else { return 0 }
    return max(Hash64.of(value.bytes), 1)
  }
}
