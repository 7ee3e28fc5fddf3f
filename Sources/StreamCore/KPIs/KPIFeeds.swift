/// What KPIs are fed by beside the stages of the file: their metrics over slices, without
/// dimensions.
///
/// Everything but distinct users merges over slices. Of users, each slice counts those whose first
/// event in the period lies in it.
struct KPIFeeds {
  private(set) var metrics: [MetricPlan] = []
  private(set) var firsts: [KPIFirstsPlan] = []

  init(_ pipeline: PipelinePlan) {
    for kpi in pipeline.kpis {
      for name in kpi.inputs.flatMap({ Self.metrics($0, pipeline) }) {
        guard let metric = pipeline.metrics.first(where: { $0.name == name }) else { continue }
        if metric.aggregate == .distinctUsers {
          add(KPIFirstsPlan(metric, kpi))
        } else {
          add(metric, kpi)
        }
      }
    }
    metrics.sort { $0.name < $1.name }
    firsts.sort { $0.name < $1.name }
  }

  private mutating func add(_ metric: MetricPlan, _ kpi: KPIPlan) {
    var own = metric
    own.name = Self.name(metric, kpi)
    if metrics.contains(where: { $0.name == own.name }) { return }
    own.dimensions = []
    own.window = kpi.slice
    own.carryMs = nil
    own.isInternal = true
    own.isSlice = true
    metrics.append(own)
  }

  private mutating func add(_ plan: KPIFirstsPlan) {
    if !firsts.contains(where: { $0.isSame(as: plan) }) { firsts.append(plan) }
  }

  /// The name of a metric's slices, which no file can give.
  static func name(_ metric: MetricPlan, _ kpi: KPIPlan) -> String {
    "kpi \(metric.name) \(text(kpi.slice))"
  }

  /// The metrics that an input comes to.
  static func metrics(_ input: KPIInput, _ pipeline: PipelinePlan) -> [String] {
    guard case .metric(let name) = input.source else { return [] }
    guard let formula = pipeline.formulas.first(where: { $0.name == name }) else { return [name] }
    return formula.inputs.flatMap { metrics(KPIInput(.metric($0)), pipeline) }
  }

  static func text(_ window: WindowPlan) -> String {
    switch window.unit {
    case .millisecond: "\(window.size)ms"
    case .day: "\(window.size)d"
    case .week: "\(window.size)w"
    case .month: "\(window.size)mo"
    }
  }
}

/// Users by the slice in which their first event of a period is that meets a condition.
struct KPIFirstsPlan: Sendable {
  var name: String
  var condition: Expression?
  var latenessMs: Int64?
  var period: WindowPlan
  var slice: WindowPlan

  init(_ metric: MetricPlan, _ kpi: KPIPlan) {
    name = "kpi \(metric.name) \(KPIFeeds.text(kpi.period))"
    condition = metric.condition
    latenessMs = metric.latenessMs
    period = kpi.period
    slice = kpi.slice
  }

  /// Whether another one counts the same.
  func isSame(as other: KPIFirstsPlan) -> Bool {
    condition?.text == other.condition?.text && latenessMs == other.latenessMs
      && period == other.period && slice == other.slice
  }
}

extension PipelinePlan {
  /// Sets of distinct users that KPIs count, a section of each user's record for each: for people,
  /// in order.
  public var kpiUserSets: [String] { KPIFeeds(self).firsts.map(\.name) }
}

/// Counts users in the slice of their first event of a period.
///
/// Section: the number of the last period with an event.
final class KPIFirstsStage: UserStage {
  private var periods: WindowCalendar

  init(
    _ firsts: KPIFirstsPlan, group: GroupPlan, conditions: [OrderedCondition], zone: Zone,
    isSaved: Bool
  ) {
    periods = WindowCalendar(window: firsts.period, zone: zone)
    super.init(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
  }

  private func last(_ section: UnsafeRawBufferPointer) -> Int64? {
    if section.isEmpty { return nil }
    var reader = RecordReader(section)
    return reader.readSignedVarint()
  }

  override func apply(
    _ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter
  ) {
    guard conditions[0].holds(event.bits, event.row, event.scratch) else {
      writer.keep()
      return
    }
    counts.matched += 1
    let time = EventTime(ms: event.timeMs)
    let period = periods.ordinal(of: time)
    // Events come in order.
    if last(section) != period {
      let cell = cell(series(event), calendar.ordinal(of: time))
      store.counts[cell] += 1
    }
    writer.writeSignedVarint(period)
  }

  override func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool {
    last(section).map { periods.end($0) <= watermark } ?? true
  }

  override func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) {}
}
