import SnapshotStore
import StreamCore

/// Rows of one series.
protocol SeriesRow {
  /// Canonical JSON.
  var dimensions: String { get set }
}

extension MetricRow: SeriesRow {}
extension FunnelRow: SeriesRow {}
extension RetentionRow: SeriesRow {}
extension SessionRow: SeriesRow {}
extension SeriesSummary: SeriesRow {}
extension AlertRow: SeriesRow {}
extension AlertTransition: SeriesRow {}
extension ThresholdRow: SeriesRow {}
extension ThresholdStanding: SeriesRow {}
extension ThresholdRequest: SeriesRow {}
extension Silence: SeriesRow {}

extension Asked {
  /// Canonical JSON of dimensions as the visitor may see them.
  func dimensions(_ json: String) -> String { personal.masked(json) }

  /// The same for people: `platform = ios, channel = web`.
  func dimensionsText(_ json: String) -> String { PageText.dimensions(dimensions(json)) }

  /// Rows with their dimensions as the visitor may see them.
  func shown<Row: SeriesRow>(_ rows: [Row]) -> [Row] {
    guard !personal.names.isEmpty else { return rows }
    // Rows of one series have the same text.
    var known: [String: String] = [:]
    return rows.map { row in
      var row = row
      if let found = known[row.dimensions] {
        row.dimensions = found
      } else {
        let text = dimensions(row.dimensions)
        known[row.dimensions] = text
        row.dimensions = text
      }
      return row
    }
  }

  /// Likewise, one row.
  func shown<Row: SeriesRow>(_ row: Row) -> Row {
    var row = row
    row.dimensions = dimensions(row.dimensions)
    return row
  }

  /// A fact about the run as the visitor may see it: in the pipeline's definition what ids of
  /// people are held against is masked.
  func shown(_ value: String, at key: String) -> String {
    switch key {
    case "definition": personal.maskedDefinition(value)
    case "definition_document": visitor.mayReveal ? value : Masking.masked(value)
    default: value
    }
  }

  /// What a request for a threshold was answered, with its dimensions as the visitor may see them.
  func answer(to request: ThresholdRequest) -> String? {
    request.answer.map {
      $0.replacing(request.dimensions, with: dimensions(request.dimensions))
    }
  }

  /// Whether the visitor may ask for rows with these dimensions.
  func mayFilter(_ names: some Sequence<String>) -> Bool {
    personal.names.isDisjoint(with: names)
  }

  /// Throws a problem where the visitor may not ask for rows with these dimensions: who can, finds
  /// out who is in the file.
  func checkFilter(_ names: some Sequence<String>) throws {
    guard mayFilter(names) else {
      throw Problem.badRequest(
        "the dimensions name somebody, which only a token that may see ids of people may ask for",
        whatToDo: "Sign in with a token that has the right `reveal`, or leave them out",
        kind: .namesPeople)
    }
  }

  /// An alert as the visitor may see it.
  func shown(_ record: AlertRecord) -> AlertRecord {
    guard !personal.names.isEmpty else { return record }
    var record = record
    record.alert.dimensions = dimensions(record.alert.dimensions)
    record.alert.explanation = record.alert.explanation.map(personal.maskedExplanation)
    return record
  }

  /// Figures of a finding as the visitor may see them: texts that are computed of ids are masked.
  func figures(_ json: String) -> String {
    guard !visitor.mayReveal else { return json }
    var values = Dimensions.read(json)
    var isChanged = false
    for (name, value) in values {
      if case .string(let text) = value, personal.mentions(name) {
        values[name] = .string(Masking.masked(text))
        isChanged = true
      }
    }
    return isChanged ? Dimensions.json(values) : json
  }
}
