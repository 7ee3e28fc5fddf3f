/// What a person says that an alert or a finding was.
public enum Verdict: String, Sendable, CaseIterable, Codable {
  /// Something was wrong: an incident, which a backtest expects to be found.
  case real
  /// Nothing was wrong.
  case falseAlarm = "false_alarm"
  /// It was as it said, and was known before: a sale, a test, planned work.
  case known
}

/// One row of the table `verdicts`. All are kept; of one alert or finding the newest holds.
public struct VerdictRow: Sendable, Equatable {
  /// What it is about.
  public enum Subject: String, Sendable, CaseIterable, Codable {
    /// A row of `alerts`.
    case alert
    /// A row of `findings`.
    case finding
  }

  /// Rising in the order in which they were given; 0 before it is stored.
  public var id: Int64
  /// The alert or finding.
  public var subjectID: String
  /// Which of the two it is.
  public var subject: Subject
  /// What it was.
  public var verdict: Verdict
  /// When they said so.
  public var given: WallTime
  /// Who.
  public var by: String
  /// Why; may be empty.
  public var note: String

  /// Makes a row of its columns.
  public init(
    id: Int64 = 0, subjectID: String, subject: Subject, verdict: Verdict, given: WallTime,
    by: String, note: String = ""
  ) {
    self.id = id
    self.subjectID = subjectID
    self.subject = subject
    self.verdict = verdict
    self.given = given
    self.by = by
    self.note = note
  }
}
