/// How much a profile holds at most. What is beyond is counted and said, never dropped in silence.
public enum InspectionLimits {
  /// Field paths that have statistics.
  public static let pathsMax = 500
  /// Names in a path; what lies deeper is not looked at.
  public static let depthMax = 8
  /// Names directly in one object; further ones fold into one path that ends in `*`.
  public static let namesPerObject = 100
  /// Event names that are counted by themselves.
  public static let eventNamesMax = 1_000
  /// Event names whose order and fields are looked at: the first that come.
  public static let eventSlots = 32
  /// Partitions, or files, that have statistics of their own.
  public static let partitionsMax = 1_024
  /// Different short values of a field that are counted by themselves.
  public static let categoriesMax = 50
  /// Bytes of a value that may be one of a few.
  public static let categoryBytes = 32
  /// Masked forms of a field's values that are kept.
  public static let shapesMax = 8
  /// Bytes of a value that are looked at for its form.
  public static let valueBytes = 256
  /// Date patterns of a field.
  public static let patternsMax = 8
  /// Users, ids and records that are followed one by one; beyond, a sample of them by hash.
  public static let keysMax = 1 << 18
  /// Users whose first events are remembered; beyond, a sample of them by hash.
  public static let journeysMax = 1 << 14
  /// Keys that are counted to find the largest.
  public static let frequentKeys = 256
  /// Ranges of time whose events are counted, whatever the length of the data.
  public static let timeRanges = 1 << 16
  /// Records that are held back until it is known which field is what.
  public static let headRecords = 5_000
  /// Bytes of them.
  public static let headBytes = 16 << 20
  /// Samples of records that cannot be used.
  public static let samplesMax = 20
  /// Bytes of such a sample.
  public static let sampleBytes = 120
  /// Bytes of a record that is looked into.
  public static let recordBytes = 16 << 20
}
