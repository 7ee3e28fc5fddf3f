/// Durations, as pipeline files and commands write them.
public enum Durations {
  /// Milliseconds of `200ms 5s 1m 2h 1d 1w`, a day being 24 hours, and of `0`; nil for anything
  /// else.
  public static func parse(_ text: String) -> Int64? { try? Units.duration(text) }

  /// `90m`, `2h`: in the largest unit that divides it.
  public static func text(ms: Int64) -> String { Units.text(ofDuration: ms) }
}
