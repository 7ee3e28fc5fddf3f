import StreamCore

/// Reads destinations, health rules, and whose the rules are.
struct NotifyBuilder {
  let settings: Settings
  let faults: FaultCollector
  /// Whether some source names brokers.
  let hasBrokers: Bool

  func build() -> NotifyOptions {
    var options = NotifyOptions()
    let entries = (settings[PipelineOptions.notify] ?? []).sorted { $0.name < $1.name }
    options.destinations = entries.compactMap(destination)
    options.withinMs = settings[PipelineOptions.notifyWithin] ?? options.withinMs
    let policies = PolicyBuilder(faults: faults, destinations: entries.map(\.name))
    for option in [PipelineOptions.alerts, PipelineOptions.risks] {
      for entry in settings[option] ?? [] {
        options.policies[entry.name] = policies.build(entry.settings, of: entry.name)
      }
    }
    if let health = settings[PipelineOptions.health] {
      options.health = self.health(health)
      options.health.policy = policies.build(health, of: "health")
    }
    return options
  }

  // MARK: - Destinations

  /// The destination of one entry; its target is empty where a variable has no value.
  private func destination(_ entry: NamedSettings) -> NotifyDestination? {
    let settings = entry.settings
    let given = DestinationOptions.kinds.filter { kind, option in
      option.map { settings.gives($0) } ?? settings.gives(DestinationOptions.log)
    }
    guard given.count == 1, let (kind, option) = given.first else {
      let names = given.map(\.kind.rawValue).joined(separator: ", ")
      let all = DestinationOptions.kinds.map(\.kind.rawValue).joined(separator: ", ")
      faults.add(
        entry.position, given.isEmpty ? "no-destination" : "two-destinations",
        given.isEmpty
          ? "the destination \(entry.name) is nowhere"
          : "the destination \(entry.name) has \(names)",
        hint: given.isEmpty ? "give it one of \(all)" : "make each a destination of its own")
      return nil
    }
    var plan = NotifyDestination(
      name: entry.name, kind: kind, target: option.flatMap { settings[$0] } ?? "")
    if let option { check(plan, settings, option, entry) }
    plan.secret = settings[DestinationOptions.secret]
    if settings.gives(DestinationOptions.secret), !Self.signed.contains(kind) {
      faults.add(
        settings.position(of: DestinationOptions.secret), "unused-secret",
        "\(kind.rawValue) signs nothing", hint: "remove secret")
    }
    plan.language =
      settings[DestinationOptions.language].flatMap(NotifyDestination.Language.init) ?? .en
    plan.timeoutMs = settings[DestinationOptions.timeout] ?? plan.timeoutMs
    plan.attemptsMax = settings[DestinationOptions.attempts].map { Int($0) } ?? plan.attemptsMax
    plan.perMinute = settings[DestinationOptions.perMinute].map { Int($0) }
    return plan
  }

  /// Kinds whose messages may be signed.
  private static let signed: [NotifyDestination.Kind] = [.webhook, .dingtalk, .feishu]

  /// Checks a URL or a topic. The message shows nothing of it: a URL may hold a secret.
  private func check(
    _ plan: NotifyDestination, _ settings: Settings, _ option: Option<String>,
    _ entry: NamedSettings
  ) {
    let isKnown = settings.node(of: option)?.scalar?.isUnresolved != true
    guard isKnown, !plan.target.isEmpty else { return }
    if plan.kind == .kafka {
      if !Self.isTopic(plan.target) {
        faults.add(
          settings.position(of: option), "bad-topic",
          "kafka of \(entry.name) is no name of a topic",
          hint: "use at most 249 letters, digits, ., _ and -")
      }
      if !hasBrokers {
        faults.add(
          settings.position(of: option), "no-brokers",
          "\(entry.name) is a topic, and no source is in Kafka", hint: "write webhook or log")
      }
      return
    }
    guard !Self.isURL(plan.target) else { return }
    faults.add(
      settings.position(of: option), "bad-url",
      "\(plan.kind.rawValue) of \(entry.name) is no URL of http or https",
      hint: "for example https://example.com/hooks")
  }

  /// Whether Kafka takes `text` as the name of a topic.
  private static func isTopic(_ text: String) -> Bool {
    (1...249).contains(text.utf8.count) && text != "." && text != ".."
      && text.wholeMatch(of: /[A-Za-z0-9._-]+/) != nil
  }

  /// Whether `text` has a scheme, a host, and no blanks.
  private static func isURL(_ text: String) -> Bool {
    let scheme = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }
    guard let scheme, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
    let authority = text.dropFirst(scheme.count).prefix { !["/", "?", "#"].contains($0) }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    return !host.isEmpty && !host.hasPrefix(":")
  }

  // MARK: - Health

  private func health(_ settings: Settings) -> HealthOptions {
    var options = HealthOptions()
    options.freshnessMs = duration(settings, HealthOptions.freshness, options.freshnessMs)
    options.lagMs = duration(settings, HealthOptions.lag, options.lagMs)
    options.undeliveredMs = duration(settings, HealthOptions.undelivered, options.undeliveredMs)
    options.rejectedShare = share(settings, HealthOptions.rejected, options.rejectedShare)
    options.lateShare = share(settings, HealthOptions.late, options.lateShare)
    options.backupOverdue = settings[HealthOptions.backup] ?? "true" == "true"
    options.usersInTwoPartitions = settings[HealthOptions.twoPartitions] ?? "true" == "true"
    return options
  }

  private func duration(
    _ settings: Settings, _ option: Option<String>, _ standard: Int64?
  ) -> Int64? {
    guard let text = settings[option] else { return standard }
    if text == "off" { return nil }
    if let ms = try? Units.duration(text), HealthOptions.durations.contains(ms) { return ms }
    faults.add(
      settings.position(of: option), "bad-value",
      "\(option.spec.name) is \(settings.found(option)); it has to be a duration, 1s to 400d, "
        + "or off",
      hint: "for example \(option.spec.name): \(option.spec.defaultText ?? "")")
    return standard
  }

  private func share(
    _ settings: Settings, _ option: Option<String>, _ standard: Double?
  ) -> Double? {
    guard let text = settings[option] else { return standard }
    if text == "off" { return nil }
    if let share = Double(text), (0...1).contains(share) { return share }
    faults.add(
      settings.position(of: option), "bad-value",
      "\(option.spec.name) is \(settings.found(option)); it has to be a share, 0 to 1, or off",
      hint: "for example \(option.spec.name): \(option.spec.defaultText ?? "")")
    return standard
  }
}
