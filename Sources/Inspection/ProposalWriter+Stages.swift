import StreamCore

extension ProposalWriter {
  /// Fields worth adding up, the best first: with a telling name, filled most.
  private var amounts: [FieldProfile] {
    let fields = profile.fields.filter { field in
      field.use == FieldUse.amount.rawValue && field.isAddressable
        && (options.csv?.thousands != nil
          || (field.share(.groupedNumber) < 0.01 && field.commas.decimals == 0))
    }
    func score(_ field: FieldProfile) -> Double {
      RoleWords.score(field.steps.last ?? "", RoleWords.amount) + 0.3 * field.fill
    }
    return fields.sorted { (score($1), $0.path) < (score($0), $1.path) }
  }

  /// Fields worth comparing, the best first.
  private var dimensions: [FieldProfile] {
    let fields = profile.fields.filter { field in
      field.use == FieldUse.dimension.rawValue && field.isAddressable && field.fill > 0.5
    }
    func score(_ field: FieldProfile) -> Double {
      let few = field.distinct <= 12 ? 0.3 : 0
      return RoleWords.score(field.steps.last ?? "", RoleWords.dimension) + few
        + (1 - field.largestShare) * 0.3 + field.fill * 0.2
    }
    return fields.sorted { (score($1), $0.path) < (score($0), $1.path) }
  }

  /// Names of events that carry a field in at least half of them.
  private func carriers(of field: FieldProfile) -> [String] {
    let counts = Dictionary(
      profile.events.map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    return profile.eventSlots.indices.filter { slot in
      field.byEvent[slot] * 2 >= max(counts[profile.eventSlots[slot]] ?? 0, 1)
    }.map { profile.eventSlots[$0] }
  }

  /// Which events an amount is added up over; nil for all.
  private func condition(for field: FieldProfile) -> (expression: String, events: [String])? {
    if hasOneName { return nil }
    let carriers = carriers(of: field)
    let purchases = carriers.filter { RoleWords.purchasePlace($0) != nil }
    let isOfAll = carriers.count >= min(profile.events.count, InspectionLimits.eventSlots)
    let chosen = purchases.isEmpty ? (isOfAll ? [] : carriers) : purchases
    guard !chosen.isEmpty, chosen.count <= 5 else { return nil }
    if chosen.count == 1 { return ("event == \(YAMLText.literal(chosen[0]))", chosen) }
    let list = chosen.map(YAMLText.literal).joined(separator: ", ")
    return ("event in [\(list)]", chosen)
  }

  mutating func metrics() -> String {
    var text = "metrics:\n"
    stages.events = names.stage("events")
    let by = hasOneName ? "" : ", by: [event]"
    text +=
      hasOneName
      ? "  # All records are events of one name.\n"
      : "  # \(profile.events.count) names of events were seen.\n"
    text += "  \(stages.events): {count: true, every: \(countEvery)\(by)}\n"
    stages.allEvents = names.stage("all_events")
    text += "  \(stages.allEvents): {count: true, every: \(alertEvery)}\n"
    if hasUsers {
      let name = names.stage("active_users")
      stages.activeUsers = name
      text += "  # \(profile.users?.users ?? 0) users were seen.\n"
      text += "  \(name): {distinct: user, every: 1d}\n"
    }
    guard detail == .full else { return text + "\n" }
    let dimension = dimensions.first
    stages.safeValues = dimension?.safeValues ?? []
    if let dimension, hasUsers {
      let path = expression(dimension.steps)
      let name = names.stage(
        "active_users_by_\(NameMaker.part(dimension.steps, else: "dimension"))")
      stages.usersBy = (name, path, Mask.shown(dimension.steps.last ?? ""))
      text += "  # \(Mask.shown(dimension.path)) has \(dimension.distinct) different values.\n"
      text += "  \(name): {distinct: user, every: 1d, by: [\(path)]}\n"
    }
    for field in amounts.prefix(2) { text += amount(field, by: dimension) }
    return text + "\n"
  }

  private mutating func amount(_ field: FieldProfile, by dimension: FieldProfile?) -> String {
    let path = expression(field.steps)
    let label = Mask.shown(field.steps.last ?? "")
    let part = NameMaker.part(field.steps, else: "amount")
    let condition = condition(for: field)
    let filter = condition.map { ", where: \(YAMLText.expression($0.expression))" } ?? ""
    var text = "  # \(Mask.shown(field.path)) is a number in \(field.filled) records"
    if let events = condition?.events {
      text += ", of " + events.map { Mask.shown($0) }.joined(separator: ", ")
    }
    text += ".\n"
    if hasOneName, !hasUsers {
      // Readings of something: their level says more than their sum.
      let mean = names.stage("\(part)_mean")
      let most = names.stage("\(part)_p99")
      stages.levels += [mean, most]
      text += "  \(mean): {avg: \(path), every: \(countEvery)}\n"
      return text + "  \(most): {p99: \(path), every: \(countEvery)}\n"
    }
    let name = names.stage("\(part)_sum")
    text += "  \(name): {sum: \(path)\(filter), every: 1d}\n"
    stages.amounts.append((name, label))
    if filter.isEmpty { valuePath = valuePath ?? path }
    if stages.amounts.count == 1, let dimension {
      let by = expression(dimension.steps)
      let split = names.stage(
        "\(part)_by_\(NameMaker.part(dimension.steps, else: "dimension"))")
      stages.amountBy = (split, by, Mask.shown(dimension.steps.last ?? ""))
      text += "  \(split): {sum: \(path)\(filter), every: 1d, by: [\(by)]}\n"
    }
    return text
  }

  mutating func funnel() -> String {
    guard detail == .full, hasUsers, !hasOneName, profile.journey.count > 1 else { return "" }
    let name = names.stage("journey")
    stages.funnel = name
    let steps = profile.journey.enumerated().map { index, step in
      if FieldPath.isPlain(step.event), step.event.utf8.count <= 60 {
        return YAMLText.scalar(step.event)
      }
      let condition = "event == \(YAMLText.literal(step.event))"
      return "{name: step_\(index + 1), where: \(YAMLText.expression(condition))}"
    }
    let medians = profile.journey.reduce(0) { $0 + $1.medianMs }
    let week: Int64 = 7 * 86_400_000
    let within = DurationText.roundedUp(min(max(3 * medians, 3_600_000), week))
    var text =
      "funnels:\n  # Most users who had one of these events had the one before it earlier.\n"
    text += "  \(name):\n    steps:\n"
    for step in steps { text += "      - \(step)\n" }
    text += "    within: \(within)\n"
    return text + "\n"
  }

  mutating func retention() -> String {
    let days = (profile.time?.spanMs ?? 0) / 86_400_000
    guard detail == .full, hasUsers, days >= 3 else { return "" }
    let (unit, periods): (String, Int64) =
      days < 28
      ? ("day", min(days, 14)) : days < 400 ? ("week", min(days / 7, 12)) : ("month", 12)
    let name = names.stage(unit == "day" ? "daily" : unit + "ly")
    stages.retention = name
    var text = "retention:\n  # The data is \(days) days long: which users come back, by \(unit).\n"
    let forget = days >= 400 ? ", forget_after: 800d" : ""
    let value = valuePath.map { ", value: \($0)" } ?? ""
    text += "  \(name): {unit: \(unit), periods: \(periods)\(value)\(forget)}\n"
    return text + "\n"
  }

  /// Distance of windows that the alert looks at: hours only where each has many events.
  var alertEvery: String {
    !isByDay && (profile.time?.eventsPerHour ?? 0) >= 200 ? "1h" : "1d"
  }

  mutating func alert() -> String {
    guard let time = profile.time else { return "" }
    let name = names.stage("traffic_dropped")
    stages.alert = name
    let hours = alertEvery == "1h" ? 1.0 : 24.0
    let usual = max(time.eventsPerHour * hours, 1)
    // Counts by chance alone vary by their square root: five times that is no chance.
    let share = min(0.5, max(0.2, 1 - 5 / usual.squareRoot()))
    let rounded = (share * 10).rounded() / 10
    let isLong = time.spanMs >= 14 * 86_400_000
    let usually = isLong ? "mean(4, 1w)" : alertEvery == "1h" ? "mean(24)" : "mean(7)"
    let than = isLong ? "at the same time in the four weeks before" : "in the windows before"
    return """
      alerts:
        # There are about \(Int64(min(usual, 1e15))) events in each \(hours == 1 ? "hour" : "day").
        # Chance alone does not bring them down to this share of what they were
        # \(than).
        \(name):
          watch: \(stages.allEvents)
          when: value < share * \(usually)
          thresholds: {share: {default: \(rounded), min: 0, max: 1}}
          severity: warning


      """
  }
}
