/// One row of the table `thresholds`: a value, from when on, by whom and why. Kept for ever.
public struct ThresholdRow: Sendable, Equatable {
  /// Who a row is by.
  public enum Origin: String, Sendable {
    /// The pipeline file: its default.
    case file
    /// A person, whose value stands until it is reset.
    case person
    /// A person who gives it back to the file; `value` is the file's then.
    case reset
  }

  /// The alert or risk.
  public var rule: String
  /// The threshold's name.
  public var name: String
  /// Canonical JSON of the dimensions that a series has to have; `{}`: every series.
  public var dimensions: String
  /// The value.
  public var value: Double
  /// Windows that end after this, and events after it, are judged with it.
  public var effective: EventTime
  /// When it was set.
  public var set: WallTime
  /// Who it is by.
  public var origin: Origin
  /// The person's name; `file` for the pipeline file.
  public var setBy: String
  /// Why.
  public var reason: String

  /// Makes a row of its columns.
  public init(
    rule: String, name: String, dimensions: String = "{}", value: Double, effective: EventTime,
    set: WallTime, origin: Origin, setBy: String, reason: String
  ) {
    self.rule = rule
    self.name = name
    self.dimensions = dimensions
    self.value = value
    self.effective = effective
    self.set = set
    self.origin = origin
    self.setBy = setBy
    self.reason = reason
  }
}
