import Testing

@testable import PipelineSpec

/// What holds of every option, whatever it is.
@Suite struct OptionSpecTests {
  /// Every option with the mapping it belongs to.
  static let all: [(owner: String, option: OptionSpec)] = {
    func walk(_ options: [OptionSpec], _ owner: String) -> [(String, OptionSpec)] {
      options.flatMap { option -> [(String, OptionSpec)] in
        let inner: [OptionSpec] =
          switch option.kind {
          case .group(let children), .named(_, let children), .list(let children): children
          default: []
          }
        return [(owner, option)] + walk(inner, "\(owner).\(option.name)")
      }
    }
    return walk(PipelineOptions.all, "pipeline")
  }()

  @Test func `Every example and default is a legal value`() throws {
    for (owner, option) in Self.all {
      for text in [option.example, option.defaultText.map { $0 == "," ? "','" : $0 }] {
        guard let text else { continue }
        let faults = FaultCollector(file: owner)
        let variables = Variables(
          environment: [:], required: false)
        let node = try #require(
          ConfigReader.read("\(option.name): \(text)", variables: variables, faults: faults),
          "\(owner).\(option.name): \(text)")
        let settings = OptionReader(faults: faults).read(node, [option], owner: owner)
        #expect(faults.faults.isEmpty, "\(owner).\(option.name): \(faults.faults)")
        #expect(settings.gives(option))
      }
    }
  }

  @Test func `Every option says what it is for, in sentences`() {
    for (owner, option) in Self.all {
      if case .unavailable = option.kind { continue }
      #expect(option.text.hasSuffix("."), "\(owner).\(option.name)")
      #expect(option.text.first?.isUppercase ?? false || option.text.hasPrefix("`"))
    }
  }

  @Test func `No two options of a mapping share a name`() {
    var names: Set<String> = []
    for (owner, option) in Self.all {
      for name in option.names { #expect(names.insert("\(owner).\(name)").inserted) }
    }
  }

  @Test func `An option written as its default is the same as one left out`() throws {
    let silent = try pipeline("")
    let spoken = try pipeline(
      """
      zone: UTC
      time: {lateness: 1m, idle_after: 30s, max_ahead: 1d, not_before: 1990-01-01, max_drift: 1h, when_idle: hold}
      limits: {max_series: 10000, series_ttl: 7d}
      snapshot_every: 5s
      state_every: 30s
      provisional_every: 5s
      keep: {}
      max_wal: 1GiB
      """)
    #expect(silent.plan.definition == spoken.plan.definition)
    #expect(silent.plan.time == spoken.plan.time)
    #expect(silent.storage == spoken.storage)
    #expect(silent.plan.time == .init())
    #expect(silent.storage == StorageOptions())
  }
}
