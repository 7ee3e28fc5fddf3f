import StreamCore

/// Makes the profile of what a profiler has seen.
struct ProfileMaker {
  private let profiler: Profiler
  private var tracker: EventTracker { profiler.tracker }

  init(_ profiler: Profiler) { self.profiler = profiler }

  /// - Parameters:
  ///   - latest: Roles as all records suggest them, to be held against those that were used.
  func make(latest: RoleChoice, hasTimestamps: Bool, hasKeys: Bool) -> Profile {
    var profile = Profile()
    profile.records = profiler.records
    profile.usable = profiler.usable
    profile.unusable = profiler.rejected.map { Unusable(reason: $0.key.code, count: $0.value) }
      .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    profile.samples = profiler.samples
    profile.format = profiler.isCSV ? "csv" : "json"
    profile.columns = profiler.columns
    profile.isTopic = profiler.options.isTopic
    profile.roles = profiler.roles
    profile.events = events
    profile.otherEvents = tracker.otherEvents
    profile.fields = fields()
    profile.commas = CommaUse.of(profile.fields, delimiter: profiler.delimiter)
    findUses(&profile)
    profile.valuesOfFurtherPaths = profiler.table.valuesBeyond
    profile.deeperObjects = profiler.table.deeperObjects
    profile.time = time
    profile.disorder = disorder
    profile.skew = skew
    profile.duplicates = duplicates
    profile.users = users
    profile.partitions = partitions
    profile.journey =
      Journey(
        names: tracker.named.prefix(InspectionLimits.eventSlots).map(\.name),
        users: tracker.journeys
      ).steps
    let slots = tracker.named.prefix(InspectionLimits.eventSlots).map(\.name)
    profile.eventSlots = Array(slots)
    let isSameField = latest.time != nil && latest.time?.paths == profile.roles.time?.paths
    if isSameField, latest.timePattern != profile.roles.timePattern { profile.betterRoles = latest }
    profile.warnings = ProfileWarnings.of(profile, latest: latest)
    return profile
  }

  private var events: [EventProfile] {
    tracker.named.filter { $0.count > 0 }.map {
      EventProfile(
        name: $0.name, count: $0.count, users: $0.users.estimate, firstMs: $0.firstMs,
        lastMs: $0.lastMs)
    }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  private func fields() -> [FieldProfile] {
    let hasUsers = profiler.roles.user != nil
    var fields = profiler.table.nodes.dropFirst().map {
      FieldProfile($0, records: profiler.readable, hasUsers: hasUsers)
    }
    let roles = profiler.roles
    let taken = [roles.name, roles.user, roles.time, roles.id].compactMap { $0 }.flatMap(\.paths)
    for index in fields.indices {
      let isTaken = taken.contains(fields[index].steps)
      if isTaken, roles.name?.paths.contains(fields[index].steps) != true {
        fields[index].values = []
      }
    }
    return fields
  }

  /// Says what the fields without a role can be used as.
  private func findUses(_ profile: inout Profile) {
    let roles = profile.roles
    let taken = [roles.name, roles.user, roles.time, roles.id].compactMap { $0 }.flatMap(\.paths)
    // Only in CSV can numbers with a decimal comma be read.
    let hasCommas = profiler.isCSV && profile.commas == .decimals(isColumn: true)
    for index in profile.fields.indices where !taken.contains(profile.fields[index].steps) {
      let field = profile.fields[index]
      profile.fields[index].use = FieldUse.of(field, hasDecimalCommas: hasCommas)?.rawValue
    }
  }

  private var time: TimeProfile? {
    let ranges = tracker.ranges.inOrder
    guard let first = ranges.first?.firstMs, let last = ranges.last?.lastMs else { return nil }
    let count = Double(ranges.reduce(0) { $0 + $1.count })
    let (span, over) = last.subtractingReportingOverflow(first)
    let spanMs = over ? Double(Int64.max) : Double(span)
    let perHour = count / max(spanMs / 3_600_000, 1)
    var gaps: [TimeProfile.Gap] = []
    for (before, after) in zip(ranges, ranges.dropFirst()) {
      let expected = Double(after.firstMs &- before.lastMs) / 3_600_000 * perHour
      if expected >= 20 {
        gaps.append(
          .init(
            fromMs: before.lastMs, toMs: after.firstMs, expectedEvents: expected.rounded()))
      }
    }
    gaps.sort { ($1.toMs &- $1.fromMs, $0.fromMs) < ($0.toMs &- $0.fromMs, $1.fromMs) }
    return TimeProfile(
      firstMs: first, lastMs: over ? first : last, eventsPerHour: perHour.rounded2,
      gaps: Array(gaps.prefix(5)))
  }

  private var disorder: DisorderProfile? {
    var all = DelayHistogram()
    for partition in tracker.partitions { all.merge(partition.delays) }
    guard all.total > 0 else { return nil }
    return DisorderProfile(
      behind: tracker.behind, p99Ms: all.quantile(perMille: 990),
      p999Ms: all.quantile(perMille: 999), allMs: all.greatest)
  }

  private var skew: SkewProfile? {
    let ahead = tracker.ahead
    let behind = tracker.behindRecord
    let events = ahead.total + behind.total
    guard events > 0 else { return nil }
    return SkewProfile(
      events: events, shareAhead: Double(ahead.total) / Double(events),
      aheadP50Ms: ahead.quantile(perMille: 500), aheadMostMs: ahead.greatest,
      behindP50Ms: behind.quantile(perMille: 500), behindP99Ms: behind.quantile(perMille: 990),
      behindMostMs: behind.greatest)
  }

  private var duplicates: DuplicateProfile {
    var profile = DuplicateProfile()
    profile.withID = tracker.withID
    for entry in tracker.ids.entries.values {
      profile.sameIDAndTime += entry.copies
      profile.sameIDOtherTime += entry.restamped
    }
    profile.sameIDAndTime *= tracker.ids.scale
    profile.sameIDOtherTime *= tracker.ids.scale
    let copies = tracker.records.entries.values.reduce(0, +)
    profile.identicalRecords = copies * tracker.records.scale
    profile.isEstimate = tracker.ids.scale > 1 || tracker.records.scale > 1
    return profile
  }

  private var users: UserProfile? {
    guard tracker.withUser > 0 else { return nil }
    let sample = tracker.users
    return UserProfile(
      users: Int64(sample.entries.count) * sample.scale, isEstimate: sample.scale > 1,
      events: tracker.withUser, largestEvents: tracker.frequentUsers.greatest,
      largestEventsAtMost: tracker.frequentUsers.greatest + tracker.frequentUsers.error,
      inSeveralPartitions: Int64(sample.entries.values.count(where: \.isInSeveral)),
      sampled: Int64(sample.entries.count),
      keyIsUser: tracker.withKey == 0
        ? nil : Double(tracker.keyIsUser) / Double(tracker.withKey))
  }

  private var partitions: [PartitionProfile] {
    tracker.partitions.map {
      PartitionProfile(
        name: $0.name, records: $0.records, unusable: $0.unusable,
        firstMs: $0.firstMs == .max ? nil : $0.firstMs,
        lastMs: $0.lastMs == .min ? nil : $0.lastMs, p999Ms: $0.delays.quantile(perMille: 999))
    }
  }
}

/// What a field that has no role can be used as.
enum FieldUse: String {
  /// A number worth adding up.
  case amount
  /// Few values, worth comparing.
  case dimension
  /// Something that has events of its own, besides users: a device, an order, an address.
  case entity

  /// The use of a field; nil where none is likely. `hasDecimalCommas` says that `12,50` is read as
  /// a number.
  static func of(_ field: FieldProfile, hasDecimalCommas: Bool = false) -> FieldUse? {
    let name = field.steps.last ?? ""
    guard field.isScalar || field.count(.boolean) * 100 >= field.filled * 99 else { return nil }
    guard field.filled > 0 else { return nil }
    let commaShare =
      hasDecimalCommas ? Double(field.commas.decimals) / Double(field.filled) : 0
    // `0,125` looks grouped and is among both.
    let numberShare = min(1, field.share(where: \.isNumber) + commaShare)
    let isNumber = numberShare > 0.98 || field.count(.number) == field.filled
    if isNumber, field.timeShare < 0.5, !isCode(field) {
      let word = RoleWords.contains(name, RoleWords.amount)
      let hasFraction = field.share(.decimalNumber, .groupedNumber) + commaShare > 0.05
      if word || (hasFraction && field.distinct > 10) { return .amount }
    }
    if RoleWords.score(name, RoleWords.entity) > 0 || field.share(.ip) > 0.9 {
      return field.distinct > 1 ? .entity : nil
    }
    // Its values become names of series on a page: none may be one that is not to be shown.
    if field.isSafe, (2...50).contains(field.distinct), field.share(where: \.isTime) < 0.5,
      field.share(where: \.isPersonal) < 0.02, !PersonalName.matches(field.steps),
      field.largestShare < 0.995, field.distinct * 5 <= field.filled,
      !isNumber || RoleWords.score(name, RoleWords.dimension) > 0
    {
      return .dimension
    }
    return nil
  }

  /// Whether numbers are names of things: whole, of one length, hardly ever the same.
  private static func isCode(_ field: FieldProfile) -> Bool {
    let last = RoleWords.normal(field.steps.last ?? "")
    return last.hasSuffix("id") || last.hasSuffix("code") || last.hasSuffix("no")
  }
}
