/// The machine's time-zone data.
public enum TimeZoneData {
  /// Its version, such as `2025b`; `none` when it is not installed.
  public static var version: String { ZoneDatabase(root: ZoneDatabase.standardRoot).version }
}
