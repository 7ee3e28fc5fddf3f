import SnapshotStore
import StreamCore

extension IncidentFile {
  /// How every SQLite file begins.
  static let resultsBeginning = Array("SQLite format 3\u{0}".utf8)

  /// The incidents of the results file at `path`: alerts and findings that people judged to be
  /// real, in the order in which they did.
  ///
  /// An alert is one from the start of the first window in which its condition held to its end, or
  /// as far as it was judged; a finding from its opening to its close. Each is to be found by its
  /// own rule and in its own series. Health alerts are about the worker and none.
  ///
  /// - Throws: `WorkerError` for a file that cannot be read.
  public static func verdicts(path: String) throws(WorkerError) -> [Incident] {
    let judged: [JudgedSubject]
    do throws(StoreError) {
      let reader = try ResultsReader.open(path: path)
      defer { reader.close() }
      judged = try reader.judged(.real)
    } catch {
      throw WorkerError(
        .outside, "the incidents in \(path) cannot be read: \(error.what)",
        whatToDo: error.whatToDo)
    }
    return judged.compactMap(Incident.init)
  }
}

extension Incident {
  /// What an alert or a finding that was real says of what was wrong; nil of a health alert, and of
  /// one that was over before it had begun.
  init?(_ judged: JudgedSubject) {
    // So much of an id as `weir alerts list` shows.
    let id = judged.verdict.subjectID.prefix(10)
    if let alert = judged.alert {
      let end = alert.resolved ?? alert.windowEnd
      guard alert.kind == .alert, alert.windowStart < end else { return nil }
      self.init(
        name: "\(alert.rule) \(id)", span: alert.windowStart..<end, rule: alert.rule,
        series: alert.dimensions)
    } else if let finding = judged.finding {
      let least = EventTime(ms: finding.opened.ms + 1)
      self.init(
        name: "\(finding.rule) \(id)",
        span: finding.opened..<max(finding.closed ?? least, least), rule: finding.rule,
        series: finding.entity)
    } else {
      return nil
    }
  }
}
