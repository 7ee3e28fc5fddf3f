/// Windows of a stage: half-open intervals of one size that begin at every multiple of a step.
///
/// Invariant: `size` is a positive multiple of `every`. Equal values are tumbling windows.
public struct WindowPlan: Hashable, Sendable {
  /// What sizes are counted in.
  public enum Unit: UInt8, Hashable, Sendable {
    /// Fixed milliseconds, aligned to the epoch.
    case millisecond
    /// Calendar days of the pipeline's zone, aligned to 1970-01-01.
    case day
    /// Calendar weeks that begin on Monday.
    case week
    /// Calendar months, aligned to January 1970.
    case month
  }

  /// Unit of `size` and `every`.
  public var unit: Unit
  /// Length of a window.
  public var size: Int64
  /// Distance from one window's start to the next one's.
  public var every: Int64

  /// Makes windows of `size` units every `every` units.
  public init(unit: Unit, size: Int64, every: Int64) {
    self.unit = unit
    self.size = size
    self.every = every
  }

  /// Tumbling windows of `every` units.
  public init(unit: Unit, every: Int64) {
    self.init(unit: unit, size: every, every: every)
  }

  /// How many windows an instant lies in.
  public var overlap: Int64 { size / every }
}
