import PipelineSpec
import StreamCore

/// All candidates of a backtest, and the pipeline that judges them in one pass over the events.
///
/// A candidate is a copy of its rule under a name of its own. Alerts that watch one result share
/// its series, so that a copy of one costs only the judging of its windows; a copy of a risk keeps
/// state of its own.
public struct BacktestPlan: Sendable {
  /// Most candidates of one run, of all rules together.
  public static let candidatesMax = 1_000
  /// Name of the metric that tells when events begin.
  static let eventsMetric = "backtest/events"

  /// What is run. Nobody is told of anything, and nothing goes to a topic.
  public let pipeline: Pipeline
  /// What is tried, in the order of the pipeline: alerts, then risks, each by name.
  public let rules: [BacktestRule]
  /// How long after their end windows can be judged, by the key of each candidate of an alert.
  let delaysMs: [String: Int64]

  /// Reads a pipeline's file again with some options of its alerts changed.
  public typealias Loading = ([RuleEdit]) throws -> Pipeline

  /// Plans the candidates that `wishes` come to; without any, every rule as it stands.
  ///
  /// Sweeps of one rule are combined, each value with each; what is set of it holds in all of them.
  /// Candidates that are what the file says are left out: it is there already.
  ///
  /// - Throws: `WorkerError` of wrong usage for unknown names, values out of bounds and too many
  ///   candidates; what `load` throws.
  public init(_ pipeline: Pipeline, _ wishes: [BacktestWish], load: @escaping Loading) throws {
    try Self.check(wishes, pipeline.plan)
    var builder = Builder(pipeline: pipeline, load: load)
    for rule in BacktestRule.all(of: pipeline.plan) {
      let own = wishes.filter { $0.rule == rule.name }
      if wishes.isEmpty || !own.isEmpty { try builder.add(rule.plan, own) }
    }
    self.init(pipeline, builder)
  }

  /// Tries these values of one threshold, each alone, beside the rule as it stands.
  public init(
    _ pipeline: Pipeline, rule: String, values: [(name: String, values: [Double])]
  ) throws {
    var builder = Builder(pipeline: pipeline) { _ in pipeline }
    for subject in BacktestRule.all(of: pipeline.plan) where subject.name == rule {
      let plan = subject.plan
      let names = values.map(\.name)
      try builder.begin(plan, varied: names)
      for (name, numbers) in values {
        for number in numbers {
          let setting = BacktestCandidate.Setting(
            name: name, text: DecimalText.of(number), number: number)
          try builder.add(plan, [setting])
        }
      }
    }
    self.init(pipeline, builder)
  }

  private init(_ pipeline: Pipeline, _ builder: Builder) {
    rules = builder.rules
    // All stages of the file count: what some wait for, those with records wait for together.
    let stages = StagePlan(pipeline.plan, keyed: Worker.isKeyed(pipeline.plan))
    delaysMs = Dictionary(
      builder.alerts.map { ($0.name, stages.judgingDelayMs(of: $0)) },
      uniquingKeysWith: { first, _ in first })
    let reduction = BacktestReduction(pipeline.plan)
    var reduced = reduction.plan(alerts: builder.alerts, risks: builder.risks)
    reduced.metrics.append(
      MetricPlan(
        name: Self.eventsMetric, aggregate: .count,
        window: WindowPlan(unit: .millisecond, every: 3_600_000),
        latenessMs: reduction.leastLatenessMs))
    self.pipeline = Self.quiet(pipeline, reduced)
  }

  /// Nobody is told, nothing is produced, everything is read from its beginning and kept.
  private static func quiet(_ pipeline: Pipeline, _ plan: PipelinePlan) -> Pipeline {
    var quiet = Pipeline(plan: plan)
    quiet.storage.snapshotEveryMs = pipeline.storage.snapshotEveryMs
    // Never on the way: nothing is gone on from, and only what is final is asked for.
    quiet.storage.stateEveryMs = 1 << 50
    quiet.storage.provisionalEveryMs = 1 << 50
    for (name, source) in pipeline.kafka {
      quiet.kafka[name] = source
      quiet.kafka[name]?.deadLetters = nil
      quiet.kafka[name]?.start = .earliest
      quiet.kafka[name]?.waitsForTopic = false
    }
    return quiet
  }

  /// Refuses names that the pipeline does not have, and what is given twice.
  private static func check(_ wishes: [BacktestWish], _ plan: PipelinePlan) throws(WorkerError) {
    let rules = (plan.alerts.map(\.name) + plan.risks.map(\.name)).sorted()
    guard !rules.isEmpty else {
      throw WorkerError(
        .usage, "the pipeline \(plan.name) has neither alerts nor risks",
        whatToDo: "there is nothing to try; add rules to the file")
    }
    var seen: Set<String> = []
    for wish in wishes {
      guard rules.contains(wish.rule) else {
        throw WorkerError(
          .usage,
          "there is no alert or risk '\(wish.rule)'\(Refusal.hint(wish.rule, rules))",
          whatToDo: "the pipeline \(plan.name) has \(rules.joined(separator: ", "))")
      }
      guard seen.insert("\(wish.rule).\(wish.name)").inserted else {
        throw WorkerError(
          .usage, "\(wish.rule).\(wish.name) is given twice",
          whatToDo: "try several values with --sweep \(wish.rule).\(wish.name)=A,B,C")
      }
    }
  }
}

extension BacktestPlan {
  /// Makes candidates and the copies of their rules.
  struct Builder {
    let pipeline: Pipeline
    let load: Loading
    private(set) var rules: [BacktestRule] = []
    private(set) var alerts: [AlertPlan] = []
    private(set) var risks: [RiskPlan] = []
    private var count = 0
    /// Alerts compiled with other options, by these.
    private var compiled: [[RuleEdit]: AlertPlan] = [:]

    init(pipeline: Pipeline, load: @escaping Loading) {
      self.pipeline = pipeline
      self.load = load
    }

    /// Adds a rule and all candidates that the wishes about it come to.
    mutating func add(_ plan: BacktestRule.Plan, _ wishes: [BacktestWish]) throws {
      let thresholds = BacktestRule(plan: plan, candidates: []).thresholds
      var combinations: [[BacktestCandidate.Setting]] = [[]]
      for wish in wishes {
        let settings = try BacktestValues(plan: plan, wish: wish).settings()
        guard combinations.count * settings.count <= candidatesMax else { throw Self.tooMany }
        combinations = combinations.flatMap { known in settings.map { known + [$0] } }
      }
      let varied = wishes.isEmpty ? thresholds.map(\.name) : wishes.map(\.name)
      try begin(plan, varied: varied)
      guard !wishes.isEmpty else { return }
      for settings in combinations { try add(plan, settings) }
    }

    /// Adds a rule as it stands. `varied` are the values to show of it.
    mutating func begin(_ plan: BacktestRule.Plan, varied: [String]) throws {
      let values = BacktestValues.standing(plan, varied)
      rules.append(BacktestRule(plan: plan, candidates: []))
      try append(plan, key: rules[rules.count - 1].name, values, isNow: true)
    }

    /// Adds a candidate of the rule that was begun last, unless it is what the file says.
    mutating func add(
      _ plan: BacktestRule.Plan, _ settings: [BacktestCandidate.Setting]
    ) throws {
      guard settings.contains(where: { !BacktestValues.isStanding($0, plan) }) else { return }
      let rule = rules[rules.count - 1]
      try append(
        BacktestValues.changed(try compile(plan, settings), settings),
        key: "\(rule.name)/\(rule.candidates.count)", settings, isNow: false)
    }

    private mutating func append(
      _ plan: BacktestRule.Plan, key: String, _ settings: [BacktestCandidate.Setting], isNow: Bool
    ) throws {
      count += 1
      guard count <= candidatesMax else { throw Self.tooMany }
      let at = rules.count - 1
      rules[at].candidates.append(
        BacktestCandidate(rule: rules[at].name, key: key, settings: settings, isNow: isNow))
      switch plan {
      case .alert(var alert):
        alert.name = key
        alert.breakdowns = []
        alert.isProvisional = false
        alerts.append(alert)
      case .risk(var risk):
        risk.name = key
        risks.append(risk)
      }
    }

    private static let tooMany = WorkerError(
      .usage, "these are more than \(candidatesMax) candidates",
      whatToDo: "sweep fewer values: a longer step, or one threshold at a time")

    /// The rule with `for` and `clear` read as the file's own are.
    private mutating func compile(
      _ plan: BacktestRule.Plan, _ settings: [BacktestCandidate.Setting]
    ) throws -> BacktestRule.Plan {
      guard case .alert(let alert) = plan else { return plan }
      let edits = settings.compactMap { setting in
        RuleEdit.Option(rawValue: setting.name).map {
          RuleEdit(rule: alert.name, option: $0, text: setting.text)
        }
      }
      guard !edits.isEmpty else { return plan }
      if let known = compiled[edits] { return .alert(known) }
      do {
        let changed = try load(edits).plan.alerts.first { $0.name == alert.name }
        compiled[edits] = changed
        return changed.map { .alert($0) } ?? plan
      } catch let faults as PipelineFaults {
        // The file itself is right: what is wrong is what was given.
        let given = edits.map { "\(alert.name).\($0.option.rawValue)=\($0.text)" }
        let fault = faults.faults.first
        throw WorkerError(
          .usage,
          "\(given.joined(separator: " ")): \(fault?.message ?? "the pipeline refuses it")",
          whatToDo: fault?.hint ?? "write it as the pipeline file would have it")
      }
    }
  }
}
