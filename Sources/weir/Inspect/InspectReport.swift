import Inspection
import PipelineSpec
import StreamCore

/// A profile for the terminal, section by section.
struct InspectReport {
  private let profile: Profile
  private let zone: Zone
  /// Rows of a table that are shown.
  private static let rowsMax = 25

  init(_ profile: Profile, zone: Zone) {
    self.profile = profile
    self.zone = zone
  }

  var text: String {
    var text = records
    for (title, body) in [
      ("WARNINGS", warnings), ("WHAT IS WHAT", roles), ("EVENTS", events), ("FIELDS", fields),
      ("TIME", time), ("COPIES", copies), ("USERS", users),
      (profile.isTopic ? "PARTITIONS" : "FILES", partitions), ("UNUSABLE", unusable),
    ] where !body.isEmpty {
      text += "\n\(title)\n\(body)"
    }
    return text
  }

  private var records: String {
    "\(Terminal.count(profile.records, "record")) of \(profile.format.uppercased())"
      + (profile.encoding.map { " in \($0.uppercased())" } ?? "") + ", "
      + "\(Terminal.grouped(profile.usable)) usable, "
      + "\(Terminal.grouped(profile.records - profile.usable)) not\n"
  }

  private var warnings: String {
    profile.warnings.map { "  \($0.isSerious ? "!" : "-") \($0.text)\n" }.joined()
  }

  private var roles: String {
    var table = TextTable([
      ("", .left), ("is", .left), ("sure", .right), ("because of", .left),
    ])
    for (role, choice) in [
      ("name", profile.roles.name), ("user", profile.roles.user), ("time", profile.roles.time),
      ("id", profile.roles.id),
    ] {
      guard let choice else {
        table.add([role, "unknown"])
        continue
      }
      table.add([role, choice.text, percent(choice.confidence), choice.reason])
    }
    var text = table.text(indent: 2)
    if let preset = profile.roles.preset { text += "  preset \(preset)\n" }
    if let pattern = profile.roles.timePattern { text += "  times are written as \(pattern)\n" }
    return text
  }

  private var events: String {
    var table = TextTable([
      ("name", .left), ("events", .right), ("users", .right), ("first", .left), ("last", .left),
    ])
    for event in profile.events.prefix(Self.rowsMax) {
      table.add([
        event.name, Terminal.grouped(event.count), Terminal.grouped(event.users),
        instant(event.firstMs), instant(event.lastMs),
      ])
    }
    if table.isEmpty { return "" }
    let more = Int64(max(0, profile.events.count - Self.rowsMax))
    var text = table.text(indent: 2)
    if more > 0 { text += "  and \(Terminal.count(more, "further name"))\n" }
    if profile.otherEvents > 0 {
      text += "  and \(Terminal.grouped(profile.otherEvents)) events of names beyond the limit\n"
    }
    if profile.journey.count > 1 {
      text +=
        "  most users come through "
        + profile.journey.map { TextTable.printable($0.event) }.joined(separator: " → ") + "\n"
    }
    return text
  }

  private var fields: String {
    var table = TextTable([
      ("path", .left), ("types", .left), ("filled", .right), ("distinct", .right),
      ("least", .right), ("greatest", .right), ("values or forms", .left), ("use", .left),
    ])
    for field in profile.fields.prefix(4 * Self.rowsMax) {
      let shown =
        field.values.isEmpty
        ? field.examples.prefix(2).joined(separator: "  ")
        : field.values.prefix(4).map(\.name).joined(separator: ", ")
      table.add([
        field.path, kinds(of: field), percent(field.fill),
        field.distinct == 0
          ? "" : (field.isDistinctEstimate ? "~" : "") + Terminal.grouped(field.distinct),
        number(field.least), number(field.greatest), shown, field.use ?? "",
      ])
    }
    if table.isEmpty { return "" }
    var text = table.text(indent: 2)
    let more = Int64(max(0, profile.fields.count - 4 * Self.rowsMax))
    if more > 0 { text += "  and \(Terminal.count(more, "further field"))\n" }
    if profile.deeperObjects > 0 {
      text += "  \(Terminal.count(profile.deeperObjects, "object")) too deep to be looked into\n"
    }
    return text
  }

  /// The kinds that matter, else the types.
  private func kinds(of field: FieldProfile) -> String {
    let kinds = field.kinds.filter { $0.count * 100 >= field.filled }.prefix(2)
    let isPlain = kinds.isEmpty || (kinds.count == 1 && kinds[kinds.startIndex].name == "text")
    let types = field.types.filter { $0.name != FieldType.null.name || field.types.count == 1 }
    if isPlain || types.count > 1 {
      return types.prefix(3).map(\.name).joined(separator: ", ")
    }
    return kinds.map { Self.words[$0.name] ?? $0.name }.joined(separator: ", ")
  }

  private static let words = [
    "rfc3339": "time", "patternDate": "date", "epochSeconds": "seconds",
    "epochMilliseconds": "milliseconds", "epochMicroseconds": "microseconds",
    "wholeNumber": "number", "decimalNumber": "decimal", "groupedNumber": "1,299.00",
    "mangledNumber": "1.38E+10!", "ip": "IP", "uuid": "UUID", "url": "URL",
  ]

  private var time: String {
    guard let time = profile.time else { return "" }
    var text = "  from \(instant(time.firstMs)) to \(instant(time.lastMs)), \(zone.name), "
    text += "\(DurationText.rounded(time.spanMs)), about "
    text += "\(Terminal.grouped(Int64(min(time.eventsPerHour.rounded(), 1e15)))) an hour\n"
    for gap in time.gaps {
      text += "  nothing for \(DurationText.rounded(gap.toMs - gap.fromMs)) from "
      text += "\(instant(gap.fromMs)), where \(number(gap.expectedEvents)) were to be expected\n"
    }
    if let disorder = profile.disorder {
      let of = profile.isTopic ? "partition" : "file"
      text += "  \(Terminal.grouped(disorder.behind)) come behind a later one of their \(of); "
      text += "lateness for 99%: \(DurationText.rounded(disorder.p99Ms)), for 99.9%: "
      text += "\(DurationText.rounded(disorder.p999Ms)), for all: "
      text += "\(DurationText.rounded(disorder.allMs))\n"
    }
    if let skew = profile.skew {
      text += "  against record timestamps: \(percent(skew.shareAhead)) ahead, by "
      text += "\(DurationText.rounded(skew.aheadP50Ms)) (median) to "
      text += "\(DurationText.rounded(skew.aheadMostMs)); the others behind by "
      text += "\(DurationText.rounded(skew.behindP50Ms)) (median), "
      text += "\(DurationText.rounded(skew.behindP99Ms)) (99%), "
      text += "\(DurationText.rounded(skew.behindMostMs)) (most)\n"
    }
    return text
  }

  private var copies: String {
    let copies = profile.duplicates
    let about = copies.isEstimate ? "about " : ""
    var text = ""
    if copies.withID > 0 {
      text += "  \(about)\(Terminal.grouped(copies.sameIDAndTime)) with id and time of an earlier "
      text += "event, \(about)\(Terminal.grouped(copies.sameIDOtherTime)) with its id and another "
      text += "time\n"
    } else {
      text += "  no field is an id, so copies cannot be told from events\n"
    }
    text +=
      "  \(about)\(Terminal.grouped(copies.identicalRecords)) records are equal to an earlier "
    return text + "one\n"
  }

  private var users: String {
    guard let users = profile.users else { return "" }
    var text = "  \(users.isEstimate ? "about " : "")\(Terminal.count(users.users, "user")), "
    let share = Double(users.largestEventsAtMost) / Double(max(users.events, 1))
    text +=
      users.largestEvents == users.largestEventsAtMost
      ? "the largest with \(Terminal.count(users.largestEvents, "event")) (\(percent(share)))\n"
      : "none with more than \(percent(share)) of the events\n"
    if profile.partitions.count > 1 {
      text += "  \(Terminal.grouped(users.inSeveralPartitions)) of "
      text += "\(Terminal.grouped(users.sampled)) looked at are in several "
      text += profile.isTopic ? "partitions\n" : "files\n"
    }
    if let share = users.keyIsUser {
      text += "  the record's key is the user in \(percent(share))\n"
    }
    return text
  }

  private var partitions: String {
    var table = TextTable([
      ("", .left), ("records", .right), ("unusable", .right), ("first", .left), ("last", .left),
      ("lateness 99.9%", .right),
    ])
    for part in profile.partitions.prefix(Self.rowsMax) {
      table.add([
        part.name, Terminal.grouped(part.records), Terminal.grouped(part.unusable),
        part.firstMs.map { instant($0) } ?? "", part.lastMs.map { instant($0) } ?? "",
        DurationText.rounded(part.p999Ms),
      ])
    }
    return table.isEmpty ? "" : table.text(indent: 2)
  }

  private var unusable: String {
    var text = ""
    for reason in profile.unusable {
      text += "  \(reason.reason) \(Terminal.grouped(reason.count))\n"
    }
    for sample in profile.samples.prefix(8) {
      text += "    \(TextTable.printable(sample.partition)) at \(sample.offset): \(sample.detail): "
      text += "\(sample.masked)\n"
    }
    return text
  }

  // MARK: - Numbers

  private func instant(_ ms: Int64) -> String { Instants.text(EventTime(ms: ms), zone: zone) }

  private func percent(_ share: Double) -> String {
    let tenths = Int64((share * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }

  private func number(_ number: Double?) -> String {
    guard let number else { return "" }
    return Inspected.short(number)
  }
}

extension Inspected {
  /// A number without needless digits: `12,345`, `0.5`, `1.4e+10`.
  static func short(_ number: Double) -> String {
    if number.magnitude < 1e15, number == number.rounded() {
      return Terminal.grouped(Int64(number))
    }
    guard number.magnitude >= 0.01, number.magnitude < 1e15 else {
      // Two digits of what is very small or very large.
      var unit = 1.0
      while number.magnitude / unit < 10, unit > 1e-300 { unit /= 10 }
      return number.magnitude < 1 ? "\((number / unit).rounded() * unit)" : "\(number)"
    }
    let text = "\((number * 100).rounded() / 100)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
