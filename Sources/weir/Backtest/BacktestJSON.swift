import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// A backtest for programs.
struct BacktestJSON: Encodable {
  struct Rule: Encodable {
    var rule: String
    var kind: String
    /// The part of the time that its figures are about.
    var from: String
    var to: String
    var incidents: [Span]
    var candidates: [Candidate]
  }

  struct Span: Encodable {
    var incident: String
    var from: String
    var to: String
  }

  struct Candidate: Encodable {
    var candidate: String
    var settings: [String: String]
    var now: Bool
    var best: Bool
    var all: Part
    var before: Part?
    var after: Part?
    var alerts: [Alert]
  }

  struct Alert: Encodable {
    /// Of an alert.
    var dimensions: DimensionValues?
    /// Of a finding.
    var entity: String?
    var opened: String
    /// When a live worker could first have told of it.
    var told: String
    var ended: String?
    var flap: Bool
  }

  /// The figures of a part of the time.
  struct Part: Encodable {
    var alerts: Int
    var alertsPerWeek: Double?
    var openMs: Int64
    var longestMs: Int64
    var flaps: Int
    var incidents: Incidents?

    struct Incidents: Encodable {
      var found: [String]
      var missed: [String]
      var medianDelayMs: Int64?
      var greatestDelayMs: Int64?
      var hits: Int
      var falseAlerts: Int
      var openBefore: Int
      var precision: Double?
      var recall: Double?
      var f1: Double?
    }

    init(_ figures: BacktestFigures, hasIncidents: Bool) {
      alerts = figures.alerts
      alertsPerWeek = figures.alertsPerWeek
      openMs = figures.openMs
      longestMs = figures.longestMs
      flaps = figures.flaps
      guard hasIncidents else { return }
      incidents = Incidents(
        found: figures.detections.filter { $0.afterMs != nil }.map(\.incident),
        missed: figures.detections.filter { $0.afterMs == nil }.map(\.incident),
        medianDelayMs: figures.medianDelayMs, greatestDelayMs: figures.greatestDelayMs,
        hits: figures.hits, falseAlerts: figures.falseAlerts, openBefore: figures.openBefore,
        precision: figures.precision, recall: figures.recall, f1: figures.f1)
    }
  }

  var pipeline: String
  var from: String
  var to: String
  var days: Double
  var validateFrom: String?
  var eventsRead: Int64
  var rules: [Rule]

  init(_ report: BacktestReport, _ result: BacktestResult, pipeline: String, zone: Zone) {
    self.pipeline = pipeline
    from = Instants.text(report.range.lowerBound, zone: zone)
    to = Instants.text(report.range.upperBound, zone: zone)
    days = Double(report.range.upperBound.ms - report.range.lowerBound.ms) / 86_400_000
    validateFrom = report.validateFrom.map { Instants.text($0, zone: zone) }
    eventsRead = result.fates.read
    rules = report.rules.map { rule in
      Rule(
        rule: rule.rule.name, kind: rule.rule.isRisk ? "risk" : "alert",
        from: Instants.text(rule.range.lowerBound, zone: zone),
        to: Instants.text(rule.range.upperBound, zone: zone),
        incidents: rule.incidents.map {
          Span(
            incident: $0.name, from: Instants.text($0.span.lowerBound, zone: zone),
            to: Instants.text($0.span.upperBound, zone: zone))
        },
        candidates: rule.lines.map { Self.candidate($0, of: rule, zone) })
    }
  }

  private static func candidate(
    _ line: BacktestReport.Line, of rule: BacktestReport.Rule, _ zone: Zone
  ) -> Candidate {
    let isRisk = rule.rule.isRisk
    let part = { Part($0, hasIncidents: !rule.incidents.isEmpty) }
    return Candidate(
      candidate: line.candidate.label,
      settings: Dictionary(
        line.candidate.settings.map { ($0.name, $0.text) }, uniquingKeysWith: { _, last in last }),
      now: line.candidate.isNow, best: line.isBest, all: part(line.whole),
      before: line.parts.map { part($0.before) }, after: line.parts.map { part($0.after) },
      alerts: line.alerts.map {
        Alert(
          dimensions: isRisk ? nil : Dimensions.read($0.series), entity: isRisk ? $0.series : nil,
          opened: Instants.text($0.fired, zone: zone), told: Instants.text($0.told, zone: zone),
          ended: $0.ended.map { Instants.text($0, zone: zone) }, flap: $0.isFlap)
      })
  }
}
