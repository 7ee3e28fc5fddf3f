import StreamCore

/// What a person should see of a profile.
enum ProfileWarnings {
  /// The warnings of a profile, serious ones first.
  static func of(_ profile: Profile, latest: RoleChoice) -> [ProfileWarning] {
    var warnings: [ProfileWarning] = []
    func warn(_ code: String, _ text: String, isSerious: Bool = false) {
      warnings.append(ProfileWarning(code: code, text: text, isSerious: isSerious))
    }
    if profile.records == 0 {
      warn("no-records", "there are no records", isSerious: true)
      return warnings
    }
    let bad = profile.records - profile.usable
    if bad * 2 > profile.records {
      let reason = profile.unusable.first.map { ", most of them \($0.reason)" } ?? ""
      warn(
        "mostly-unusable",
        "\(bad) of \(profile.records) records cannot be used\(reason); look at the samples, or say "
          + "with --field where time and name are",
        isSerious: true)
    } else if bad * 100 > profile.records {
      warn("unusable", "\(bad) of \(profile.records) records cannot be used; look at the samples")
    }
    if profile.roles.time == nil {
      warn(
        "no-time", "no field holds the time of events; give one with --field time=PATH",
        isSerious: true)
    }
    warnings += ofFields(profile)
    warnings += ofTime(profile)
    warnings += ofCopies(profile)
    if let better = profile.betterRoles {
      warn(
        "dates-misread",
        "times were read \(pattern(profile.roles)), as the first records suggested, but all "
          + "records together want them read \(pattern(better)): days and months may have been "
          + "mixed up, so do not use what depends on time",
        isSerious: true)
    }
    if latest.name?.paths != profile.roles.name?.paths
      || latest.time?.paths != profile.roles.time?.paths
      || latest.user?.paths != profile.roles.user?.paths
    {
      warn(
        "roles-differ",
        "all records together suggest other fields than the first ones did: name "
          + "\(latest.name?.text ?? "unknown"), user \(latest.user?.text ?? "unknown"), time "
          + "\(latest.time?.text ?? "unknown"); give the right ones with --field")
    }
    return warnings.filter(\.isSerious) + warnings.filter { !$0.isSerious }
  }

  private static func pattern(_ roles: RoleChoice) -> String {
    roles.timePattern.map { "as \($0)" } ?? "without a pattern"
  }

  private static func ofFields(_ profile: Profile) -> [ProfileWarning] {
    var warnings: [ProfileWarning] = []
    for field in profile.fields where field.share(.mangledNumber) > 0.01 {
      warnings.append(
        ProfileWarning(
          code: "mangled-ids",
          text:
            "\(field.path) holds ids that a spreadsheet has rounded, as 1.38E+10: they cannot be "
            + "repaired; export the file again with this column formatted as text",
          isSerious: true))
    }
    warnings += ofCommas(profile)
    if let path = profile.roles.time?.paths.first,
      let field = profile.fields.first(where: { $0.steps == path }), field.isDateAmbiguous
    {
      warnings.append(
        ProfileWarning(
          code: "ambiguous-dates",
          text: "days and months of \(field.path) could be either way round; they are read as "
            + "\(field.datePattern ?? "")",
          isSerious: false))
    }
    if profile.valuesOfFurtherPaths > 0 {
      warnings.append(
        ProfileWarning(
          code: "many-paths",
          text: "there are more than \(InspectionLimits.pathsMax) field paths; "
            + "\(profile.valuesOfFurtherPaths) values of further ones were not looked at",
          isSerious: false))
    }
    return warnings
  }

  private static func ofCommas(_ profile: Profile) -> [ProfileWarning] {
    let fields = profile.fields.filter {
      let counts = $0.commas
      return (counts.decimals + counts.groups + counts.unclear) * 100 > $0.filled
    }
    return fields.map { field in
      switch profile.commas {
      case .groups:
        ProfileWarning(
          code: "grouped-numbers",
          text:
            "\(field.path) holds numbers with separators in them, as 1,299.00: in CSV the option "
            + "thousands reads them, in JSON they are texts",
          isSerious: false)
      case .decimals:
        ProfileWarning(
          code: "decimal-commas",
          text: "\(field.path) holds numbers with a comma before their decimals, as 12,50: in CSV "
            + "the option thousands: \".\" reads them, in JSON they are texts",
          isSerious: false)
      case .none:
        ProfileWarning(
          code: "unclear-commas",
          text: "\(field.path) holds numbers as 1,299, whose comma may be between thousands or "
            + "before decimals: they are not read as numbers; in CSV give the option thousands, "
            + "\",\" or \".\"",
          isSerious: false)
      }
    }
  }

  private static func ofTime(_ profile: Profile) -> [ProfileWarning] {
    var warnings: [ProfileWarning] = []
    if let skew = profile.skew, skew.shareAhead > 0.01, skew.aheadMostMs > 60_000 {
      warnings.append(
        ProfileWarning(
          code: "clocks-ahead",
          text:
            "\(percent(skew.shareAhead)) of the events are ahead of their record's timestamp, by "
            + "up to \(DurationText.rounded(skew.aheadMostMs)); clocks are wrong, or the times are "
            + "in another zone",
          isSerious: false))
    }
    if profile.isTopic, let disorder = profile.disorder, disorder.p999Ms > 7 * 86_400_000 {
      warnings.append(
        ProfileWarning(
          code: "far-out-of-order",
          text: "0.1% of the events come more than \(DurationText.rounded(disorder.p999Ms)) late; "
            + "results that wait for them are that late, too",
          isSerious: false))
    }
    return warnings
  }

  private static func ofCopies(_ profile: Profile) -> [ProfileWarning] {
    var warnings: [ProfileWarning] = []
    let copies = profile.duplicates
    if copies.sameIDOtherTime * 1000 > copies.withID, copies.withID > 0 {
      warnings.append(
        ProfileWarning(
          code: "restamped-copies",
          text:
            "\(copies.sameIDOtherTime) events have the id of an earlier one and another time; they "
            + "count twice unless the pipeline has dedup",
          isSerious: false))
    }
    if copies.withID == 0, copies.identicalRecords * 100 > profile.records {
      warnings.append(
        ProfileWarning(
          code: "identical-records",
          text:
            "\(copies.identicalRecords) records are equal to an earlier one, and none has an id: "
            + "they count twice",
          isSerious: false))
    }
    if let users = profile.users, users.inSeveralPartitions * 100 > users.sampled,
      profile.partitions.count > 1, profile.isTopic
    {
      warnings.append(
        ProfileWarning(
          code: "not-keyed-by-user",
          text: "\(users.inSeveralPartitions) of \(users.sampled) users are in more than one "
            + "partition: the topic is not keyed by user",
          isSerious: false))
    }
    return warnings
  }

  private static func percent(_ share: Double) -> String {
    "\((share * 1000).rounded() / 10)%"
  }
}

/// Durations for people and pipeline files.
public enum DurationText {
  private static let units: [(name: String, ms: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]

  /// A duration with two units at most: `1d 3h`, `12m 5s`, `340ms`.
  public static func rounded(_ ms: Int64) -> String {
    let ms = max(ms, 0)
    guard let index = units.firstIndex(where: { ms >= $0.ms }) else { return "0s" }
    let unit = units[index]
    let whole = ms / unit.ms
    guard index + 1 < units.count - 1, whole < 10 else { return "\(whole)\(unit.name)" }
    let rest = ms % unit.ms / units[index + 1].ms
    return rest == 0
      ? "\(whole)\(unit.name)" : "\(whole)\(unit.name) \(rest)\(units[index + 1].name)"
  }

  /// The least round duration of a pipeline file that is not below `ms`.
  static func roundedUp(_ ms: Int64) -> String {
    let steps = [
      "10s", "30s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d",
      "2d",
      "3d", "7d", "14d", "30d", "60d", "90d", "180d", "400d",
    ]
    return steps.first { length(of: $0) >= ms } ?? "400d"
  }

  private static func length(of text: String) -> Int64 {
    let number = Int64(text.prefix { $0.isNumber }) ?? 0
    let unit = text.drop { $0.isNumber }
    return number * (units.first { $0.name == unit }?.ms ?? 1)
  }
}
