/// What each setting is, where that comes from, and what it took the place of.
public struct SettingsResolution: Sendable, Equatable {
  /// A place that a value comes from.
  public enum Origin: Sendable, Equatable {
    /// A flag of the command line.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A place in the pipeline file, and its `${…}`.
    case file(String, line: Int, column: Int, uses: [GivenValue.Use])
    /// Nobody said anything.
    case fallback

    /// In words: `shop.yaml:7:14, WEIR_BROKERS of the environment`.
    public var text: String {
      switch self {
      case .flag(let flag): return flag
      case .environment(let name): return "\(name) of the environment"
      case .file(let file, let line, let column, let uses):
        let parts = uses.map { use in
          switch use.source {
          case .environment: "\(use.name) of the environment"
          case .fallback: "default of \(use.name)"
          case .file: "file \(use.name)"
          case .missing: "\(use.name), which is not set"
          }
        }
        return (["\(file):\(line):\(column)"] + parts).joined(separator: ", ")
      case .fallback: return "default"
      }
    }
  }

  /// A value and where it comes from.
  public struct Candidate: Sendable, Equatable {
    /// The value; nil: it has none yet, or is hidden.
    public var value: String?
    /// Where it comes from.
    public var origin: Origin
  }

  /// One setting, or one value of the file with a `${…}` in it.
  public struct Entry: Sendable, Equatable {
    /// A setting's name, or the value's path in the file.
    public var name: String
    /// What holds.
    public var chosen: Candidate
    /// What would hold without it, nearest first.
    public var overrode: [Candidate]
    /// Whether the value may be a secret, so that it is not here.
    public var isHidden = false
  }

  /// Settings in their order, then values of the file in the order of their lines.
  public var entries: [Entry]

  /// Decides by the one precedence.
  ///
  /// - Parameters:
  ///   - flags: What the command line gives, by name of the setting.
  ///   - environment: All variables.
  ///   - file: How the pipeline file is called.
  ///   - given: What it gives.
  ///   - fallbacks: Defaults that are known by now, by name of the setting.
  public init(
    flags: [String: String], environment: [String: String], file: String = "",
    given: [GivenValue] = [], fallbacks: [String: String] = [:]
  ) {
    func origin(_ value: GivenValue) -> Origin {
      .file(file, line: value.line, column: value.column, uses: value.uses)
    }
    let hasTopic = file.isEmpty || Self.hasOneTopic(given)
    let settings = WorkerSettings.all.filter { hasTopic || !$0.isOfTopic }
    entries = settings.map { setting in
      var candidates: [Candidate] = []
      if let flag = setting.flag, let value = flags[setting.name] {
        candidates.append(Candidate(value: value, origin: .flag(flag)))
      }
      if let value = environment[setting.environment], !value.isEmpty {
        candidates.append(Candidate(value: value, origin: .environment(setting.environment)))
      }
      if let value = given.first(where: { $0.path == setting.path }) {
        candidates.append(Candidate(value: value.value, origin: origin(value)))
      }
      let fallback = fallbacks[setting.name] ?? setting.fallback
      candidates.append(Candidate(value: fallback, origin: .fallback))
      return Entry(
        name: setting.name, chosen: candidates[0], overrode: Array(candidates.dropFirst()))
    }
    let paths = Set(WorkerSettings.all.compactMap(\.path))
    let others = given.filter { !paths.contains($0.path) }
    entries += others.sorted { ($0.line, $0.column) < ($1.line, $1.column) }.map { value in
      Entry(
        name: value.path, chosen: Candidate(value: value.value, origin: origin(value)),
        overrode: [], isHidden: value.isHidden)
    }
  }

  /// Whether there is one topic, that of `source`: only its place can be taken.
  public static func hasOneTopic(_ given: [GivenValue]) -> Bool {
    WorkerSettings.all.contains { setting in
      setting.isOfTopic && given.contains { $0.path == setting.path }
    }
  }

  /// What holds for `setting`; nil where only the default does.
  public func value(_ setting: WorkerSetting) -> String? {
    guard let entry = entries.first(where: { $0.name == setting.name }),
      entry.chosen.origin != .fallback
    else { return nil }
    return entry.chosen.value
  }

  /// Values of flags and of the environment that are not legal, in words.
  public var faults: [String] {
    WorkerSettings.all.compactMap { setting in
      guard let entry = entries.first(where: { $0.name == setting.name }) else { return nil }
      for candidate in [entry.chosen] + entry.overrode {
        guard let value = candidate.value, !setting.takes(value) else { continue }
        switch candidate.origin {
        case .flag(let flag): return "\(flag) is \(value); it takes \(setting.legal)."
        case .environment(let name):
          return "\(name) of the environment is \(value); it takes \(setting.legal)."
        case .file, .fallback: continue
        }
      }
      return nil
    }
  }

  /// As a table of `weir check --explain`.
  public var section: PlanExplanation.Section {
    PlanExplanation.Section(
      title: "Settings", columns: ["setting", "value", "from", "instead of"],
      rows: entries.map { entry in
        let value = entry.isHidden ? "(hidden)" : entry.chosen.value ?? "not set"
        let others = entry.overrode.map { other in
          other.origin == .fallback
            ? "default" : "\(other.value ?? "not set") (\(other.origin.text))"
        }
        // That it is not the default goes without saying where a place is named.
        let told = others.filter { $0 != "default" }
        return [entry.name, value, entry.chosen.origin.text, told.joined(separator: "; ")]
      })
  }
}

/// Values that stand in place of what a pipeline file says.
public struct SettingsOverlay: Sendable, Equatable {
  /// Value by path of the file.
  public private(set) var values: [String: String] = [:]

  /// Nothing stands in place of anything.
  public init() {}

  /// What flags and the environment say of settings that the file may have as well.
  public init(_ resolution: SettingsResolution) {
    for setting in WorkerSettings.all {
      guard let path = setting.path,
        let entry = resolution.entries.first(where: { $0.name == setting.name })
      else { continue }
      switch entry.chosen.origin {
      case .flag, .environment: values[path] = entry.chosen.value
      case .file, .fallback: break
      }
    }
  }
}

extension ConfigNode {
  /// The tree with the values of `overlay`. Of a source only what is there is replaced: without a
  /// `kafka` block there is no topic, and several sources name their own.
  func applying(_ overlay: SettingsOverlay) -> ConfigNode {
    overlay.values.sorted { $0.key < $1.key }.reduce(self) { root, value in
      let path = value.key.split(separator: ".").map(String.init)
      guard path.first != "source" || root["source"]?["kafka"]?.entries != nil else { return root }
      let scalar = Scalar(written: value.value, text: value.value, style: .doubleQuoted)
      return root.setting(path[...], to: .scalar(scalar))
    }
  }

  /// The tree with a value at a path of keys, whose mappings are made where they are missing.
  private func setting(_ path: ArraySlice<String>, to content: Content) -> ConfigNode {
    var copy = self
    guard let key = path.first else {
      copy.content = content
      return copy
    }
    var entries = self.entries ?? []
    let rest = path.dropFirst()
    if let at = entries.firstIndex(where: { $0.key == key }) {
      entries[at].value = entries[at].value.setting(rest, to: content)
    } else {
      let empty = ConfigNode(position: position, content: .mapping([]))
      entries.append(
        Entry(key: key, keyPosition: position, value: empty.setting(rest, to: content)))
    }
    copy.content = .mapping(entries)
    return copy
  }
}
