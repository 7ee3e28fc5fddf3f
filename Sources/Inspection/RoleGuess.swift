import StreamCore

/// Guesses which field is what from names, kinds and numbers of values.
struct RoleGuess {
  let fields: [FieldProfile]
  /// Readable records that `fields` are of.
  let records: Int64
  /// Whether records have timestamps of their own, as those of a topic.
  let hasTimestamps: Bool
  /// Whether records have keys.
  let hasKeys: Bool

  /// The most likely roles. A preset is taken when its fields are there.
  func guess(overrides: RoleOverrides = RoleOverrides()) -> RoleChoice {
    var roles = RoleChoice()
    if let preset = overrides.preset, preset != "custom" {
      roles = PresetFields.roles(of: preset, in: fields, isForced: true) ?? RoleChoice()
    } else if overrides.preset == nil {
      roles =
        PresetFields.names.lazy.compactMap {
          PresetFields.roles(of: $0, in: fields, isForced: false)
        }.first ?? RoleChoice()
    }
    if roles.preset == nil {
      roles.time = time()
      roles.name = name(not: roles.time)
      roles.user = user(not: [roles.time, roles.name])
      roles.id = id(not: [roles.time, roles.name, roles.user])
    }
    apply(overrides, to: &roles)
    if let path = roles.time?.paths.first, roles.time?.paths.count == 1 {
      roles.timePattern = fields.first { $0.steps == path }?.timePattern
    }
    return roles
  }

  private func apply(_ overrides: RoleOverrides, to roles: inout RoleChoice) {
    for (role, path) in overrides.paths {
      let choice = RoleChoice.Choice(
        paths: [steps(of: path)], reason: "a person's word", confidence: 1)
      switch role {
      case "name": roles.name = choice
      case "user": roles.user = choice
      case "time": roles.time = choice
      case "id": roles.id = choice
      default: break
      }
      roles.preset = nil
    }
  }

  /// A column may have dots in its name.
  private func steps(of path: String) -> [String] {
    fields.contains { $0.steps == [path] } ? [path] : PathText.steps(of: path)
  }

  private typealias Scored = (field: FieldProfile, score: Double, reason: String)

  /// The best of those with a score above 0; the first of equals.
  private func best(_ scored: [Scored]) -> RoleChoice.Choice? {
    var best: Scored?
    for candidate in scored where candidate.score > (best?.score ?? 0) { best = candidate }
    return best.map {
      RoleChoice.Choice(
        paths: [$0.field.steps], reason: $0.reason, confidence: min(1, $0.score.rounded2))
    }
  }

  private func candidates(not taken: [RoleChoice.Choice?]) -> [FieldProfile] {
    let taken = taken.compactMap { $0?.paths.first }
    return fields.filter { $0.isAddressable && $0.isScalar && !taken.contains($0.steps) }
  }

  private func time() -> RoleChoice.Choice? {
    let scored: [Scored] = candidates(not: []).compactMap { field in
      let share = field.timeShare
      guard share > 0.5, field.fill > 0.5 else { return nil }
      let word = RoleWords.score(field.steps.last ?? "", RoleWords.time)
      let isWritten = field.share(.rfc3339, .date, .patternDate) > 0.5
      // Any number may look like a time: one needs a name, or that nothing else is written as one.
      guard isWritten || word > 0 || field.share(.epochMilliseconds) > 0.95 else { return nil }
      let depth = 1 - 0.03 * Double(field.steps.count - 1)
      let score = share * field.fill * depth * (0.5 + 0.5 * word)
      let what = word > 0 ? "its name, and values that are times" : "values that are times"
      return (field, score, what)
    }
    if let best = best(scored) { return best }
    guard hasTimestamps else { return nil }
    return RoleChoice.Choice(
      isOfRecord: true, reason: "no field holds times", confidence: 0.5)
  }

  private func name(not time: RoleChoice.Choice?) -> RoleChoice.Choice? {
    let scored: [Scored] = candidates(not: [time]).compactMap { field in
      let word = RoleWords.score(field.steps.last ?? "", RoleWords.name)
      guard word > 0, field.fill > 0.9, field.distinct <= 2_000,
        field.distinct * 2 <= max(field.filled, 4), field.share(.text, .boolean) > 0.9,
        !PersonalName.matches(field.steps) || field.holdsCodes
      else { return nil }
      let depth = 1 - 0.1 * Double(field.steps.count - 1)
      return (field, word * field.fill * depth, "its name, and few different values")
    }
    return best(scored)
      ?? RoleChoice.Choice(
        constant: "event", reason: "no field holds names of events", confidence: 0.4)
  }

  private func user(not taken: [RoleChoice.Choice?]) -> RoleChoice.Choice? {
    var scored: [Scored] = candidates(not: taken).compactMap { field in
      let word = RoleWords.score(field.steps.last ?? "", RoleWords.user)
      guard word > 0, field.fill > 0.05, field.share(.decimalNumber, .groupedNumber) < 0.1 else {
        return nil
      }
      let depth = 1 - 0.05 * Double(field.steps.count - 1)
      return (field, word * (0.5 + 0.5 * field.fill) * depth, "its name")
    }
    if scored.isEmpty {
      scored = candidates(not: taken).compactMap { field in
        // Values that come again, many of them: what is followed.
        guard field.fill > 0.95, field.distinct > 20, field.distinct * 5 <= field.filled * 4,
          field.share(.wholeNumber, .text, .uuid, .phone, .email) > 0.95, !field.isCategorical,
          RoleWords.score(field.steps.last ?? "", RoleWords.amount) == 0,
          field.isUnnamedColumn
        else { return nil }
        return (field, 0.4, "many values, each of them several times")
      }
    }
    if let first = best(scored) {
      var choice = first
      // A name for those who are not logged in takes the place of one that is missing.
      let fill = fields.first { $0.steps == first.paths.first }?.fill ?? 1
      if fill < 0.98,
        let second = scored.filter({ $0.field.steps != first.paths.first && $0.field.fill > fill })
          .max(by: { $0.score < $1.score })
      {
        choice.paths.append(second.field.steps)
        choice.reason += "; the second where the first is missing"
      }
      return choice
    }
    guard hasKeys else { return nil }
    return RoleChoice.Choice(
      isOfRecord: true, reason: "no field names users; records have keys", confidence: 0.3)
  }

  private func id(not taken: [RoleChoice.Choice?]) -> RoleChoice.Choice? {
    let scored: [Scored] = candidates(not: taken).compactMap { field in
      let word = RoleWords.score(field.steps.last ?? "", RoleWords.id)
      guard word > 0, field.fill > 0.5, field.distinct * 10 >= field.filled * 8,
        field.share(.mangledNumber) < 0.01
      else { return nil }
      return (field, word * field.fill, "its name, and values that hardly ever come again")
    }
    return best(scored)
  }
}

extension FieldProfile {
  /// Share of its values that are times as they would be read.
  var timeShare: Double {
    if datePattern != nil { return 1 }
    return share(.rfc3339, .date, .epochSeconds, .epochMilliseconds, .epochMicroseconds)
  }

  /// The pattern that its values need to be read as times.
  var timePattern: String? {
    share(.rfc3339, .date) > 0.5 ? nil : datePattern
  }

  /// Whether it is a column that the file has no name for.
  var isUnnamedColumn: Bool {
    steps.count == 1 && (steps.first ?? "").hasPrefix(FormatGuess.columnPrefix)
  }
}

extension Double {
  /// Rounded to two decimal places.
  var rounded2: Double { (self * 100).rounded() / 100 }
}
