import StreamCore

extension AlertRow: ShownRow {
  /// Whether it is, or was, more than a condition that did not hold for long enough.
  var hasFired: Bool { opened != nil }
}

extension FindingRow: ShownRow {
  /// Whether it was not withdrawn.
  var isFound: Bool { status != .withdrawn }
}
