import PipelineSpec
import SnapshotStore
import StreamCore

/// An alert or a finding, as it is shown.
struct SubjectLine: Encodable {
  /// What is to be seen first.
  enum Phase: Int { case firing, pending, over }

  let phase: Phase
  /// When it began, to order by.
  let beganMs: Int64
  var id: String
  /// `alert`, `health` or `risk`.
  var kind: String
  var rule: String
  var state: String
  var severity: String
  var owner: String?
  /// Of a finding its entity.
  var dimensions: DimensionValues
  var began: String
  var opened: String?
  var ended: String?
  var value: Double?
  /// What it was judged with; of a finding also what the rule counted.
  var judged: DimensionValues
  var provisional: Bool
  var acknowledgedBy: [String]
  /// What people say that it was.
  var verdict: VerdictText?
  /// Whether a silence covers it now.
  var silenced: Bool

  private enum CodingKeys: String, CodingKey {
    case id, kind, rule, state, severity, owner, dimensions, began, opened, ended, value, judged,
      provisional, acknowledgedBy, verdict, silenced
  }

  /// Shows an alert.
  init(
    _ row: AlertRow, seen: [Acknowledgement], verdict: VerdictRow?, silences: [Silence],
    _ source: ReportSource
  ) {
    switch row.state {
    case .firing, .recovering: phase = .firing
    case .pending: phase = .pending
    case .resolved, .inactive: phase = .over
    }
    beganMs = row.windowStart.ms
    id = row.alertID
    kind = row.kind.rawValue
    rule = row.rule
    state = row.state.rawValue
    severity = row.severity
    owner = row.owner
    dimensions = Dimensions.read(row.dimensions)
    began = source.text(row.windowStart)
    opened = row.opened.map(source.text)
    ended = row.resolved.map(source.text)
    value = row.value
    judged = Dimensions.read(row.thresholds)
    provisional = row.status == .provisional
    acknowledgedBy = Self.names(seen)
    self.verdict = verdict.map { VerdictText($0, source) }
    silenced = silences.contains { $0.covers(rule: row.rule, dimensions: row.dimensions) }
  }

  /// Shows a finding.
  init(
    _ row: FindingRow, seen: [Acknowledgement], verdict: VerdictRow?, silences: [Silence],
    _ source: ReportSource
  ) {
    let isOver = row.closed != nil || row.status == .withdrawn
    phase = isOver ? .over : .firing
    beganMs = row.opened.ms
    id = row.findingID
    kind = "risk"
    rule = row.rule
    state = row.status == .withdrawn ? "withdrawn" : isOver ? "resolved" : "firing"
    severity = row.severity
    owner = row.owner
    dimensions = [row.entityKind: .string(row.entity)]
    began = source.text(row.opened)
    opened = began
    ended = row.closed.map(source.text)
    judged = Dimensions.read(row.figures)
    provisional = row.status == .provisional
    acknowledgedBy = Self.names(seen)
    self.verdict = verdict.map { VerdictText($0, source) }
    silenced = silences.contains { $0.rule == row.rule }
  }

  private static func names(_ acknowledgements: [Acknowledgement]) -> [String] {
    acknowledgements.reduce(into: []) { if !$0.contains($1.by) { $0.append($1.by) } }
  }

  /// So much of an id as tells alerts apart at a glance.
  static let idLength = 10

  var shortID: String { String(id.prefix(Self.idLength)) }

  /// What is remarkable about it.
  var marks: String {
    var marks: [String] = []
    if provisional { marks.append("provisional") }
    if !acknowledgedBy.isEmpty {
      marks.append("acknowledged by \(acknowledgedBy.joined(separator: ", "))")
    }
    if let verdict { marks.append("\(verdict.words), says \(verdict.by)") }
    if silenced { marks.append("silenced") }
    return marks.joined(separator: "; ")
  }

  /// What it was judged with.
  var judgedText: String {
    judged.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  /// An aligned table.
  static func table(_ lines: [SubjectLine]) -> String {
    var table = TextTable([
      ("id", .left), ("state", .left), ("severity", .left), ("kind", .left), ("rule", .left),
      ("series", .left), ("since", .left), ("until", .left), ("value", .right),
      ("judged with", .left), ("owner", .left), ("", .left),
    ])
    for line in lines {
      table.add([
        line.shortID, line.state, line.severity, line.kind, line.rule,
        Dimensions.text(line.dimensions), line.opened ?? line.began, line.ended ?? "",
        line.value.map(MetricLine.shortened) ?? "", line.judgedText, line.owner ?? "", line.marks,
      ])
    }
    return table.text()
  }

  /// CSV with a header row.
  static func csv(_ lines: [SubjectLine]) -> String {
    CSVText.text(
      header: [
        "id", "kind", "rule", "state", "severity", "owner", "dimensions", "began", "opened",
        "ended", "value", "judged", "provisional", "acknowledged_by", "silenced", "verdict",
      ],
      lines.map {
        [
          $0.id, $0.kind, $0.rule, $0.state, $0.severity, $0.owner ?? "",
          Dimensions.json($0.dimensions), $0.began, $0.opened ?? "", $0.ended ?? "",
          $0.value.map { "\($0)" } ?? "", Dimensions.json($0.judged), "\($0.provisional)",
          $0.acknowledgedBy.joined(separator: " "), "\($0.silenced)", $0.verdict?.verdict ?? "",
        ]
      })
  }
}

extension ReportSource {
  /// What fires and is open now, the worst first: the newest `limit` alerts and as many findings.
  func firing(
    rule: String? = nil, since: EventTime? = nil, limit: Int, now: WallTime
  ) throws -> [SubjectLine] {
    let lines = try subjects(
      [.firing, .recovering], rule: rule, since: since, limit: limit, now: now,
      findings: { $0.isOpen = true })
    return ["critical", "warning", "info"].flatMap { severity in
      lines.filter { $0.severity == severity }
    }
  }

  /// The newest `limit` alerts of `states`, and findings as `findings` chooses them; nil: none. The
  /// newest first.
  func subjects(
    _ states: [AlertState], rule: String?, since: EventTime?, limit: Int, now: WallTime,
    findings: ((inout FindingQuery) -> Void)?
  ) throws -> [SubjectLine] {
    let silences = try reader.silences(at: now)
    var lines: [SubjectLine] = []
    if !states.isEmpty {
      var query = AlertQuery()
      (query.states, query.rule, query.from, query.limit) = (states, rule, since, limit)
      lines = try reader.alertPage(query).rows.map {
        SubjectLine(
          $0.alert, seen: $0.acknowledgements, verdict: $0.verdict, silences: silences, self)
      }
    }
    if let findings {
      var query = FindingQuery()
      (query.rule, query.from, query.limit) = (rule, since, limit)
      findings(&query)
      lines += try reader.findingPage(query).rows.map {
        SubjectLine(
          $0.finding, seen: $0.acknowledgements, verdict: $0.verdict, silences: silences, self)
      }
    }
    return lines.sorted {
      $0.beganMs != $1.beganMs ? $0.beganMs > $1.beganMs : ($0.rule, $0.id) < ($1.rule, $1.id)
    }
  }
}
