import SnapshotStore

/// What the file's own copy of the pipeline says of a metric.
struct MetricFacts: Sendable {
  /// How values of several rows relate.
  enum Kind: Sendable, Equatable {
    /// Counts and sums: rows add up.
    case additive
    case distinct
    case quantile
    /// Averages, least, greatest and last values.
    case single
    case formula
    /// Users by what they did before.
    case lifecycle
    /// The file does not say.
    case unknown
  }

  var name: String
  var kind = Kind.unknown
  /// As the pipeline file has it: `sum`, `distinct users`, `p95`; a formula's own text.
  var computes = ""
  /// What it is computed of.
  var of: String?
  /// Which events count.
  var condition: String?
  /// Names of its dimensions.
  var dimensions: [String] = []
  /// Length of its windows as a pipeline file writes it.
  var window: String?
  /// Distance of their starts.
  var every: String?
  /// Its own lateness in milliseconds.
  var latenessMs: Int64?

  /// Whether rows of different windows add up: of counts and sums whose windows do not overlap.
  var addsOverTime: Bool { kind == .additive && window != nil && window == every }
  /// Whether rows add up within a window alone, because windows overlap.
  var overlaps: Bool { kind == .additive && !addsOverTime }

  /// Whether it is a figure of a lifecycle.
  var isLifecycle = false

  /// Whether its numbers are numbers of things.
  var isCount: Bool { computes == "count" || kind == .distinct || kind == .lifecycle }
}

/// What the file's own copy of the pipeline says of its stages.
struct StageFacts: Sendable {
  /// By name.
  private(set) var metrics: [String: MetricFacts] = [:]
  /// Options of funnels, retention tables and sessions, by kind and name.
  private var options: [String: [String: String]] = [:]
  /// Names of the metrics that alerts watch or KPIs are likely to read, in order of appearance.
  private(set) var watched: [String] = []
  /// The pipeline's lateness in milliseconds.
  private(set) var latenessMs: Int64?

  /// Reads the canonical text of a pipeline, which `run_manifest` holds. O(length).
  init(definition: String) {
    var last: String?
    var stage: String?
    for line in definition.split(separator: "\n") {
      if line.first == " " {
        if let last { addPart(line.dropFirst(), to: last) }
        if let stage { addOption(line.dropFirst(), to: stage) }
        continue
      }
      (last, stage) = (nil, nil)
      let words = line.split(separator: " ")
      guard let kind = words.first else { continue }
      if kind == "time" { latenessMs = Self.option("lateness", words).flatMap { Int64($0) } }
      guard words.count > 1 else { continue }
      let name = String(words[1])
      switch kind {
      case "metric":
        metrics[name] = Self.metric(name, words)
        last = name
      case "formula":
        let text = line.split(separator: "=", maxSplits: 1).dropFirst().first ?? ""
        metrics[name] = MetricFacts(
          name: name, kind: .formula, computes: text.trimming(" "))
      case "funnel", "retention", "session", "lifecycle":
        var found: [String: String] = [:]
        for word in words.dropFirst(2) {
          let pair = word.split(separator: "=", maxSplits: 1)
          if pair.count == 2 { found[String(pair[0])] = String(pair[1]) }
        }
        options["\(kind) \(name)"] = found
        stage = "\(kind) \(name)"
      case "alert":
        if let watch = Self.option("watch", words), !watched.contains(String(watch)) {
          watched.append(String(watch))
        }
      default: break
      }
    }
  }

  /// The facts of a metric, a formula or a lifecycle's figure.
  func metric(_ name: String) -> MetricFacts {
    if let known = metrics[name] { return known }
    let stem = name.split(separator: ".").first.map(String.init) ?? name
    if let found = options["lifecycle \(stem)"], stem != name {
      let isShare = name.hasSuffix(".stickiness")
      return MetricFacts(
        name: name, kind: isShare ? .formula : .lifecycle,
        computes: name.dropFirst(stem.count + 1).description, window: found["unit"],
        every: found["unit"], isLifecycle: true)
    }
    return MetricFacts(name: name)
  }

  /// An option of a `funnel`, a `retention` or a `session`.
  func option(_ option: String, of name: String, _ kind: String) -> String? {
    options["\(kind) \(name)"]?[option]
  }

  /// Whether a KPI's formula divides by what it reads, or reads what does not grow within a period:
  /// averages, quantiles, ratios.
  func readsLevels(_ formula: String) -> Bool {
    let divides = formula.split(separator: "/").dropFirst().contains { part in
      let divisor = part.trimming(" ")
      return divisor.first.map { !$0.isNumber && $0 != "." } ?? false
    }
    return divides
      || formula.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.contains {
        [.single, .quantile, .formula].contains(metrics[String($0)]?.kind)
      }
  }

  /// A formula that divides one number of things by another.
  func isShareOfCounts(_ facts: MetricFacts) -> Bool {
    guard facts.kind == .formula else { return false }
    if facts.name.hasSuffix(".stickiness") { return true }
    let parts = facts.computes.split(separator: "/").map { $0.trimming(" ") }
    return parts.count == 2 && parts.allSatisfy { metrics[$0]?.isCount == true }
  }

  private static func option(_ name: String, _ words: [Substring]) -> Substring? {
    words.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1)
  }

  private static func metric(_ name: String, _ words: [Substring]) -> MetricFacts {
    let computes = words.dropFirst(2).prefix { !$0.contains("=") }.joined(separator: " ")
    let kind: MetricFacts.Kind =
      switch computes {
      case "count", "sum": .additive
      case "avg", "min", "max", "last": .single
      default: computes.hasPrefix("distinct") ? .distinct : .quantile
      }
    return MetricFacts(
      name: name, kind: kind, computes: computes,
      window: option("window", words).map(String.init),
      every: option("every", words).map(String.init),
      latenessMs: option("lateness", words).flatMap { Int64($0) })
  }

  /// `per` of a funnel.
  private mutating func addOption(_ line: Substring, to stage: String) {
    let words = line.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0] == "per" else { return }
    options[stage]?["per"] = String(words[1])
  }

  private mutating func addPart(_ line: Substring, to name: String) {
    let words = line.split(separator: " ", maxSplits: 1)
    guard words.count == 2 else { return }
    switch words[0] {
    case "of": metrics[name]?.of = String(words[1])
    case "where": metrics[name]?.condition = String(words[1])
    case "by":
      let dimension = words[1].split(separator: "=", maxSplits: 1)[0].trimming(" ")
      metrics[name]?.dimensions.append(dimension)
    default: break
    }
  }
}

extension Asked {
  /// What the file's own copy of the pipeline says of its stages.
  func facts() throws -> StageFacts {
    StageFacts(
      definition: personal.maskedDefinition(try reader.manifest()["definition"] ?? ""))
  }
}
