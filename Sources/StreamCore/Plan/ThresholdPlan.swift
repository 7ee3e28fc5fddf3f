/// A named number of an alert or a risk that people may change while it runs.
public struct ThresholdPlan: Sendable, Equatable {
  /// Its name, unique within its rule.
  public var name: String
  /// The value that the pipeline file gives.
  public var standard: Double
  /// The least value that may be set; nil: any finite one.
  public var min: Double?
  /// The greatest value that may be set; nil: any finite one.
  public var max: Double?
  /// The distance between values that make sense, for sliders and sweeps.
  public var step: Double?
  /// Values that the file gives for some dimensions: canonical JSON of the dimensions that a series
  /// has to have, and the value.
  public var byDimensions: [(dimensions: String, value: Double)]

  /// Makes a threshold of its parts.
  public init(
    name: String, standard: Double, min: Double? = nil, max: Double? = nil, step: Double? = nil,
    byDimensions: [(dimensions: String, value: Double)] = []
  ) {
    self.name = name
    self.standard = standard
    self.min = min
    self.max = max
    self.step = step
    self.byDimensions = byDimensions
  }

  public static func == (a: ThresholdPlan, b: ThresholdPlan) -> Bool {
    a.name == b.name && a.standard == b.standard && a.min == b.min && a.max == b.max
      && a.step == b.step && a.byDimensions.elementsEqual(b.byDimensions, by: ==)
  }
}
