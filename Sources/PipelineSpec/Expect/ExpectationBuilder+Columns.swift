import StreamCore

// Keys and columns that expected rows of several tables have.

extension ExpectationBuilder {
  /// Name of the row's stage, which has to be there.
  func stage(_ settings: Settings, _ option: Option<String>, _ kind: KnownStages.Kind) -> String {
    let name = settings[option] ?? ""
    if settings.gives(option), !known.has(kind, name) {
      faults.add(
        settings.position(of: option), "unknown-\(option.spec.name)",
        "there is no \(kind.called) \(settings.found(option))",
        hint: NearestName.hint(settings.written(option), in: known.names(kind)))
    }
    return name
  }

  /// A row of the table `kpis`.
  func kpi(_ settings: Settings) -> ExpectedKPI {
    var expected = ExpectedKPI(kpi: stage(settings, ExpectedKPIOptions.kpi, .kpi))
    expected.periodStart = time(settings, ExpectedKPIOptions.period, "period's start")
    expected.asOf = time(settings, ExpectedKPIOptions.asOf, "end of a slice")
    expected.value = number(settings, ExpectedKPIOptions.value)
    expected.previous = number(settings, ExpectedKPIOptions.previous)
    expected.movedBy = settings[ExpectedKPIOptions.movedBy]
    expected.moved = number(settings, ExpectedKPIOptions.moved)
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.status = status(settings)
    return expected
  }

  func status(_ settings: Settings) -> ResultStatus? {
    settings[ExpectedRowOptions.status].flatMap(ResultStatus.init)
  }

  func dimensions(
    _ settings: Settings, _ kind: KnownStages.Kind, _ stage: String
  ) -> [String: String] {
    guard let node = settings[ExpectedRowOptions.dimensions] else { return [:] }
    guard let entries = node.entries else {
      if !node.isNull {
        faults.add(node.position, "not-a-mapping", "dimensions is \(node.found), not a mapping")
      }
      return [:]
    }
    var dimensions: [String: String] = [:]
    for entry in entries {
      if let known = known.dimensions(kind, stage), !known.contains(entry.key) {
        faults.add(
          entry.keyPosition, "unknown-dimension",
          "\(stage) has no dimension \(ConfigNode.shortened(entry.key))",
          hint: NearestName.hint(entry.key, in: known)
            ?? (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"))
      }
      dimensions[entry.key] = JSONText.of(entry.value)
    }
    return dimensions
  }

  /// An instant; `what` it is of, for messages.
  func time(_ settings: Settings, _ option: Option<String>, _ what: String) -> EventTime? {
    guard let text = settings[option] else { return nil }
    if let time = Instants.parse(text, zone: zone) { return time }
    faults.add(
      settings.position(of: option), "bad-time", "\(option.spec.name) is no time",
      hint: "write the \(what) as 2026-01-01T00:00:00Z, or as a date of the zone")
    return nil
  }

  /// A date, as the results write it.
  func day(_ settings: Settings, _ option: Option<String>) -> String? {
    guard let text = settings[option] else { return nil }
    if text.utf8.count == 10, Instants.parse(text, zone: .utc) != nil { return text }
    faults.add(
      settings.position(of: option), "bad-date",
      "\(option.spec.name) is \(settings.found(option)), which is no date",
      hint: "write 2026-01-01")
    return nil
  }

  /// A number, a fraction, or `none`.
  func number(_ settings: Settings, _ option: Option<String>) -> ExpectedNumber {
    guard let text = settings[option] else { return .any }
    return number(text, settings.found(option), option.spec.name, settings.position(of: option))
  }

  /// As the option of this name.
  func number(_ node: ConfigNode, _ name: String) -> ExpectedNumber {
    if node.scalar?.isUnresolved ?? false { return .any }
    return number(node.scalar?.text ?? "", node.found, name, node.position)
  }

  private func number(
    _ text: String, _ found: String, _ name: String, _ position: Position
  ) -> ExpectedNumber {
    if text == "none" { return .none }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    if parts.count == 1, let number = parts[0], number.isFinite { return .number(number) }
    if parts.count == 2, let above = parts[0], let below = parts[1], (above / below).isFinite {
      return .number(above / below)
    }
    faults.add(
      position, "bad-value", "\(name) is \(found); it has to be a number, a fraction or none",
      hint: "for example \(name): 0.5, or 1/3")
    return .any
  }

  /// A whole number; or `none`, which expects no such row.
  func count(_ node: ConfigNode, _ name: String) -> (count: Int64?, isAbsent: Bool) {
    if node.scalar?.isUnresolved ?? false { return (nil, false) }
    if node.scalar?.text == "none" { return (nil, true) }
    if let count = node.scalar.flatMap({ Int64($0.text) }), count >= 0 { return (count, false) }
    faults.add(
      node.position, "bad-value", "\(name) is \(node.found); it has to be a whole number or none",
      hint: "for example \(name): 2")
    return (nil, false)
  }

  /// A mapping of names to whole numbers.
  func counts(_ settings: Settings, _ option: Option<ConfigNode>) -> [String: Int64]? {
    guard let node = settings[option] else { return nil }
    guard let entries = node.entries else {
      faults.add(
        node.position, "not-a-mapping", "\(option.spec.name) is \(node.found), not a mapping",
        hint: "for example \(option.spec.name): {home: 2}")
      return nil
    }
    var counts: [String: Int64] = [:]
    for entry in entries { counts[entry.key] = count(entry.value, entry.key).count }
    return counts
  }
}
