import StreamCore

/// Writes a proposed pipeline file, part by part.
struct ProposalWriter {
  /// How much is proposed; less is tried when more does not pass.
  enum Detail: CaseIterable {
    /// All that the profile suggests.
    case full
    /// Counts and users only.
    case counts
  }

  let profile: Profile
  let options: ProposalOptions
  let detail: Detail
  var stages = Proposal.Stages()
  var names: NameMaker
  /// Own fields of the file: names and paths.
  var ownFields: [(name: String, path: String)] = []
  /// The amount of all events, as expressions have it.
  var valuePath: String?
  /// Names by which expressions have fields.
  private var expressionNames: [[String]: String] = [:]

  init(_ profile: Profile, _ options: ProposalOptions, _ detail: Detail) {
    self.profile = profile
    self.options = options
    self.detail = detail
    names = NameMaker()
  }

  mutating func write() -> Proposal {
    let name = NameMaker.label(options.name)
    // Stages first: they say which fields need a name of their own.
    let metrics = metrics()
    let funnel = funnel()
    let retention = retention()
    let alert = alert()
    let test = test()
    var text = head(name) + source() + time() + metrics + funnel + retention + alert + test
    while text.hasSuffix("\n\n") { text.removeLast() }
    return Proposal(text: text, name: name, stages: stages)
  }

  /// The name by which expressions have a field: its path where that is plain, else one of its own.
  mutating func expression(_ steps: [String]) -> String {
    if let known = expressionNames[steps] { return known }
    let isPlain =
      steps.allSatisfy(FieldPath.isPlain) && !NameMaker.own.contains(steps[0].lowercased())
      && steps.allSatisfy { !NameMaker.words.contains($0.lowercased()) }
    var name = FieldPath.text(steps)
    if !isPlain {
      name = names.field(steps.last ?? "")
      ownFields.append((name, FieldPath.text(steps)))
    }
    expressionNames[steps] = name
    return name
  }

  /// Whether all events have the same name.
  var hasOneName: Bool { profile.roles.name?.constant != nil }

  /// Whether there are users.
  var hasUsers: Bool { profile.roles.user != nil && profile.users != nil }

  /// Whether times are days without hours.
  var isByDay: Bool {
    guard let path = profile.roles.time?.paths.first,
      let field = profile.fields.first(where: { $0.steps == path })
    else { return false }
    return field.share(.date) > 0.9
      || (profile.roles.timePattern.map { !$0.contains("mm") } ?? false)
  }

  /// Distance of windows in which events are counted.
  var countEvery: String {
    isByDay || (profile.time?.eventsPerHour ?? 0) < 1 ? "1d" : "1h"
  }

  // MARK: - Head, source, time

  private func head(_ name: String) -> String {
    var text = "# Proposed from \(profile.records) records"
    if !options.origin.isEmpty { text += " of \(Mask.shown(options.origin, max: 200))" }
    if let time = profile.time {
      text +=
        ",\n# with events of \(DayText.day(time.firstMs)) to \(DayText.day(time.lastMs)) (UTC)"
    }
    text +=
      ".\n# Every part says why it is there; change what you know better. docs/pipeline.md has\n"
    text += "# all options.\n#   weir check \(name).yaml\n"
    text +=
      options.kafka == nil
      ? "#   weir run \(name).yaml --input FILE\n" : "#   weir run \(name).yaml\n"
    return text + "name: \(name)\n# Days begin and end in this zone"
      + ", and times without an offset are in it.\nzone: \(YAMLText.scalar(options.zone))\n\n"
  }

  private func source() -> String {
    var text = "source:\n"
    if let kafka = options.kafka {
      text += "  kafka:\n    brokers: ${WEIR_BROKERS:-\(kafka.brokers)}\n"
      text += "    topic: \(YAMLText.scalar(kafka.topic))\n"
    }
    let preset = profile.roles.preset
    if let preset { text += "  # The fields of this preset are there.\n  format: \(preset)\n" }
    if preset == nil { text += "  format: custom\n" }
    if let csv = options.csv { text += "  csv: \(csvText(csv))\n" }
    text += fields(isPreset: preset != nil)
    if let users = profile.users, profile.isTopic, users.inSeveralPartitions > 0 {
      text +=
        "  # \(users.inSeveralPartitions) of \(users.sampled) users are in several partitions.\n"
      text += "  keyed: false\n"
    }
    return text + "\n"
  }

  private func csvText(_ csv: CSVFormat) -> String {
    var parts: [String] = []
    switch csv.delimiter {
    case 0x09: parts.append("delimiter: tab")
    case 0x2C: parts.append("delimiter: \",\"")
    case let byte: parts.append("delimiter: \(YAMLText.quoted(String(UnicodeScalar(byte))))")
    }
    if let header = csv.header {
      parts.append("header: [\(header.map(YAMLText.scalar).joined(separator: ", "))]")
    }
    if csv.trim { parts.append("trim: true") }
    if csv.encoding != .utf8 { parts.append("encoding: \(csv.encoding.rawValue)") }
    if let groups = csv.thousands {
      parts.append("thousands: \(YAMLText.quoted(String(UnicodeScalar(groups.separator))))")
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }

  private func fields(isPreset: Bool) -> String {
    var lines: [String] = []
    func add(_ name: String, _ value: String, _ why: String) {
      lines.append("    # \(Mask.shown(why, max: 200)).\n    \(name): \(value)\n")
    }
    if !isPreset {
      for (name, choice) in [
        ("name", profile.roles.name), ("user", profile.roles.user), ("time", profile.roles.time),
        ("id", profile.roles.id),
      ] {
        guard let choice else { continue }
        let isFound = choice.constant == nil && !choice.isOfRecord
        let why = isFound ? "Found by \(choice.reason)" : choice.reason.capitalisedFirst
        add(name, binding(choice, name), why)
      }
    }
    for field in ownFields {
      lines.append("    \(field.name): \(YAMLText.scalar(field.path))\n")
    }
    return lines.isEmpty ? "" : "  fields:\n" + lines.joined()
  }

  private func binding(_ choice: RoleChoice.Choice, _ name: String) -> String {
    if let constant = choice.constant { return "{const: \(YAMLText.scalar(constant))}" }
    if choice.isOfRecord { return name == "user" ? "$key" : "$timestamp" }
    let paths = choice.paths.map { YAMLText.scalar(FieldPath.text($0)) }
    if name == "time", let pattern = profile.roles.timePattern, paths.count == 1 {
      return "{path: \(paths[0]), format: \(YAMLText.quoted(pattern))}"
    }
    return paths.count == 1 ? paths[0] : "[" + paths.joined(separator: ", ") + "]"
  }

  private func time() -> String {
    var text = ""
    let needed = profile.disorder?.p999Ms ?? 0
    let sixHours: Int64 = 6 * 3_600_000
    if profile.isTopic || needed <= sixHours {
      let lateness = DurationText.roundedUp(max(needed, 60_000))
      text +=
        "# 99.9% of the events come at most \(DurationText.rounded(needed)) behind the latest of "
      text += "their partition.\ntime: {lateness: \(lateness)}\n"
    } else {
      text +=
        "# The files are not in the order of time; weir run --input sorts them. This is for when "
      text += "the\n# events come from a topic.\ntime: {lateness: 1m}\n"
    }
    let copies = profile.duplicates
    if copies.sameIDOtherTime * 1000 > copies.withID, copies.withID > 0 {
      text += "# \(copies.sameIDOtherTime) events have the id of an earlier one and another time.\n"
      text += "dedup: 1h\n"
    }
    return text + "\n"
  }
}

/// Names for stages and fields that are legal and not taken.
struct NameMaker {
  /// Names that mean something else in expressions or in the file.
  static let taken: Set<String> = [
    "event", "user", "time", "id", "record_time", "name", "users", "samples", "value",
  ]
  /// Names that expressions have for the event's own fields, and for traits.
  static let own: Set<String> = ["event", "user", "time", "id", "record_time", "users"]
  /// Words of the expression language.
  static let words: Set<String> = ["true", "false", "null", "in", "has", "size"]

  private var used: Set<String> = NameMaker.taken.union(NameMaker.words)

  /// A name made of `text`.
  mutating func field(_ text: String) -> String { unused(Self.plain(text), else: "field") }

  /// A name of a stage.
  mutating func stage(_ text: String) -> String { unused(Self.plain(text), else: "stage") }

  /// What a name has of the field that it is about.
  static func part(_ steps: [String], else word: String) -> String {
    let name = plain(steps.last ?? "")
    return name.isEmpty ? word : name
  }

  private mutating func unused(_ name: String, else word: String) -> String {
    let base = name.isEmpty ? word : name
    var candidate = base
    var number = 1
    while used.contains(candidate.lowercased()) {
      number += 1
      candidate = "\(base)_\(number)"
    }
    used.insert(candidate.lowercased())
    return candidate
  }

  /// Letters, digits and `_` of a text, in lower case, beginning with a letter.
  private static func plain(_ text: String) -> String {
    var name = ""
    for byte in text.utf8 {
      let isLegal = KindScan.isLetter(byte) || (KindScan.isDigit(byte) && !name.isEmpty)
      if isLegal {
        name.unicodeScalars.append(UnicodeScalar(byte))
      } else if !name.isEmpty, !name.hasSuffix("_") {
        name += "_"
      }
      if name.utf8.count >= 40 { break }
    }
    while name.hasSuffix("_") { name.removeLast() }
    return name.lowercased()
  }

  /// A name of a pipeline: also with `-`.
  static func label(_ text: String) -> String {
    let name = plain(text)
    return name.isEmpty ? "events" : name
  }
}

extension String {
  /// With a capital letter.
  var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Days as text.
enum DayText {
  /// The day of an instant in UTC, `2024-03-13`.
  static func day(_ ms: Int64) -> String {
    let days = ms.floored(by: 86_400_000)
    guard (-1_000_000...3_000_000).contains(days) else { return "an unknown day" }
    // Days of the proleptic calendar from those since 1970, by eras of 400 years.
    let shifted = days + 719_468
    let era = shifted.floored(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  static func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
