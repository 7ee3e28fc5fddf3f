/// What a task found in the events of one entity: a row that the merge completes.
public struct FindingReport: Sendable, Equatable {
  /// Index of the rule's group.
  var group: Int
  /// The entity.
  var entity: String
  /// When the pattern was complete.
  var opened: EventTime
  /// When it was no more; nil while it is.
  var closed: EventTime?
  /// Canonical JSON.
  var figures: String
  /// JSON list of coordinates.
  var evidence: String
  /// Judged on arrival.
  var isProvisional: Bool
}
