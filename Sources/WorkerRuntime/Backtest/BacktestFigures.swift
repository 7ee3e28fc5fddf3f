import StreamCore

/// An alert or a finding that a candidate gave.
public struct BacktestAlert: Sendable, Equatable {
  /// Canonical JSON of the series; of a finding the entity.
  public var series: String
  /// Event time of what it was judged by when it fired: a window, or the millisecond of an event.
  public var judged: Range<EventTime>
  /// When it fired, or was found: the end of that window, or the event's time.
  public var fired: EventTime
  /// When a live worker could first have told of it: what it was judged by was final. A finding is
  /// told on arrival.
  public var told: EventTime
  /// When it ended; nil while it goes on.
  public var ended: EventTime?
  /// Whether it came back soon after the one before it of the same series ended.
  public var isFlap = false

  /// Makes an alert of its parts; told of as soon as it fired where nothing else is said.
  public init(
    series: String, judged: Range<EventTime>, fired: EventTime, told: EventTime? = nil,
    ended: EventTime?, isFlap: Bool = false
  ) {
    self.series = series
    self.judged = judged
    self.fired = fired
    self.told = told ?? fired
    self.ended = ended
    self.isFlap = isFlap
  }
}

/// Something that went wrong, known from elsewhere.
public struct Incident: Sendable, Equatable {
  /// What people call it.
  public var name: String
  /// When it went on: from the first instant to the first one after it.
  public var span: Range<EventTime>
  /// The rule that has to find it; nil: any.
  public var rule: String?
  /// The series in which it has to be found, as alerts name theirs; nil: any.
  public var series: String?

  /// Makes an incident of its parts.
  public init(
    name: String, span: Range<EventTime>, rule: String? = nil, series: String? = nil
  ) {
    self.name = name
    self.span = span
    self.rule = rule
    self.series = series
  }

  /// Whether it went on at some time of `span`, in the series of `alert`.
  func overlaps(_ span: Range<EventTime>, of alert: BacktestAlert) -> Bool {
    self.span.overlaps(span) && (series.map { $0 == alert.series } ?? true)
  }
}

/// A part of event time that is looked at by itself.
public struct BacktestPart: Sendable, Equatable {
  /// From its first instant to the first one after it.
  public var span: Range<EventTime>
  /// Whether nothing comes before.
  public var isFirst: Bool
  /// Whether nothing comes after: the last windows end beyond the last event.
  public var isLast: Bool

  /// A part of the whole that is looked at.
  public init(_ span: Range<EventTime>, isFirst: Bool = true, isLast: Bool = true) {
    self.span = span
    self.isFirst = isFirst
    self.isLast = isLast
  }

  /// Both sides of `time`, where that lies inside `range`; nil elsewhere.
  public static func split(
    _ range: Range<EventTime>, at time: EventTime
  ) -> (before: BacktestPart, after: BacktestPart)? {
    guard time > range.lowerBound, time < range.upperBound else { return nil }
    return (
      BacktestPart(range.lowerBound..<time, isLast: false),
      BacktestPart(time..<range.upperBound, isFirst: false)
    )
  }

  /// Whether what an alert fired for had been seen by the end of this part, and not before it.
  func contains(_ alert: BacktestAlert) -> Bool {
    let seen = alert.judged.upperBound
    return (isFirst || seen > span.lowerBound) && (isLast || seen <= span.upperBound)
  }

  /// Whether an incident began here, or before the first part and went on into it.
  func contains(_ incident: Incident) -> Bool {
    incident.span.overlaps(span) && (isFirst || incident.span.lowerBound >= span.lowerBound)
  }
}

/// How a candidate would have done in one part of event time, as if there were no other.
///
/// Pure arithmetic over its alerts and the incidents; everything in event time.
public struct BacktestFigures: Sendable, Equatable {
  /// An incident and how soon it was found.
  public struct Detection: Sendable, Equatable {
    /// Its name.
    public var incident: String
    /// From its start to when the first alert that fired because of it was told, at least 0; nil:
    /// not found.
    public var afterMs: Int64?
  }

  /// Alerts that fired in the part.
  public var alerts = 0
  /// For how long at least one was open, in milliseconds.
  public var openMs: Int64 = 0
  /// How long the longest one was, in milliseconds; what goes on is counted to the part's end.
  public var longestMs: Int64 = 0
  /// Alerts that came back soon after the one before.
  public var flaps = 0
  /// Alerts in seven days of the part; nil for a part without length.
  public var alertsPerWeek: Double?
  /// The incidents that began in the part, in their order; empty without any.
  public var detections: [Detection] = []
  /// Alerts that fired because of an incident.
  public var hits = 0
  /// Alerts that no incident overlaps.
  public var falseAlerts = 0
  /// Alerts that had fired before an incident came: neither found it nor false.
  public var openBefore = 0

  /// Computes the figures of the alerts of one candidate.
  ///
  /// - Parameters:
  ///   - alerts: In any order; those of other parts count for the time they were open in this one.
  ///   - incidents: Those that the rule has to find. One belongs to the part in which it began;
  ///     that which began before the first event, to the first.
  ///   - part: What is looked at.
  /// - Complexity: O(alerts · (log alerts + incidents)).
  public init(_ alerts: [BacktestAlert], incidents: [Incident], part: BacktestPart) {
    let fired = alerts.filter { part.contains($0) }
    self.alerts = fired.count
    flaps = fired.count { $0.isFlap }
    openMs = Self.union(alerts.compactMap { Self.open($0, in: part.span) })
    longestMs = fired.compactMap { Self.open($0, in: part.span) }.map(Self.length).max() ?? 0
    let partMs = Self.length(part.span)
    if partMs > 0 { alertsPerWeek = Double(fired.count) * Double(Self.weekMs) / Double(partMs) }
    for incident in incidents where part.contains(incident) {
      let found = fired.filter { incident.overlaps($0.judged, of: $0) }.map(\.told).min()
      detections.append(
        Detection(
          incident: incident.name,
          afterMs: found.map { max(0, $0.ms - incident.span.lowerBound.ms) }))
    }
    for alert in fired {
      let end = max(
        alert.judged.upperBound, Self.open(alert, in: part.span)?.upperBound ?? .distantPast)
      if incidents.contains(where: { $0.overlaps(alert.judged, of: alert) }) {
        hits += 1
      } else if incidents.contains(where: {
        $0.overlaps(alert.judged.lowerBound..<end, of: alert)
      }) {
        openBefore += 1
      } else {
        falseAlerts += 1
      }
    }
  }

  private static let weekMs: Int64 = 7 * 86_400_000

  /// Incidents that were found.
  public var found: Int { detections.count { $0.afterMs != nil } }
  /// Incidents that were not.
  public var missed: Int { detections.count - found }

  /// The share of alerts that fired because of an incident, of these and the false ones; nil
  /// without any.
  public var precision: Double? {
    hits + falseAlerts > 0 ? Double(hits) / Double(hits + falseAlerts) : nil
  }

  /// The share of incidents that were found; nil without any.
  public var recall: Double? {
    detections.isEmpty ? nil : Double(found) / Double(detections.count)
  }

  /// The harmonic mean of precision and recall; 0 where nothing is found, nil without incidents.
  public var f1: Double? {
    guard let recall else { return nil }
    guard let precision, precision + recall > 0 else { return 0 }
    return 2 * precision * recall / (precision + recall)
  }

  /// Times to detect, ascending, in milliseconds.
  private var delaysMs: [Int64] { detections.compactMap(\.afterMs).sorted() }
  /// The median time to detect: of an even number the later of the two in the middle.
  public var medianDelayMs: Int64? { delaysMs.isEmpty ? nil : delaysMs[delaysMs.count / 2] }
  /// The longest time to detect.
  public var greatestDelayMs: Int64? { delaysMs.last }

  /// The time in which an alert was open in a part; nil for none.
  private static func open(
    _ alert: BacktestAlert, in part: Range<EventTime>
  ) -> Range<EventTime>? {
    let from = max(alert.fired, part.lowerBound)
    let to = min(alert.ended ?? part.upperBound, part.upperBound)
    return from < to ? from..<to : nil
  }

  private static func length(_ span: Range<EventTime>) -> Int64 {
    span.upperBound.ms - span.lowerBound.ms
  }

  /// Milliseconds that at least one of the spans covers.
  private static func union(_ spans: [Range<EventTime>]) -> Int64 {
    var sum: Int64 = 0
    var end = Int64.min
    for span in spans.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let from = max(span.lowerBound.ms, end)
      guard span.upperBound.ms > from else { continue }
      sum += span.upperBound.ms - from
      end = span.upperBound.ms
    }
    return sum
  }
}

extension BacktestFigures {
  /// Whether these are better than others: a greater F1, then fewer false alerts, then sooner.
  /// Without incidents: never.
  public func isBetter(than other: BacktestFigures) -> Bool {
    guard let f1, let theirs = other.f1 else { return false }
    if f1 != theirs { return f1 > theirs }
    if falseAlerts != other.falseAlerts { return falseAlerts < other.falseAlerts }
    return medianDelayMs ?? .max < other.medianDelayMs ?? .max
  }
}
