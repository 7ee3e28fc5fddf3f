/// Looks into JSON arrays and objects as they were written. Malformed text gives null.
enum RawList {
  /// Whether an element of `list` equals `wanted`. Neither when `list` is no array, `wanted` is
  /// null, or the text is malformed before an equal element.
  static func contains(_ list: Value, _ wanted: Value) -> Truth {
    guard list.kind == .array, !wanted.isNull else { return .none }
    var text = JSONText(list.bytes)
    guard text.skip("[") else { return .none }
    if text.skip("]") { return .no }
    repeat {
      guard let (element, escaped) = text.value() else { return .none }
      if isEqual(element, escaped, wanted) { return .yes }
    } while text.skip(",")
    return text.skip("]") ? .no : .none
  }

  private static func isEqual(_ element: Value, _ escaped: Bool, _ wanted: Value) -> Bool {
    guard escaped else { return Truth.equal(element, wanted) == .yes }
    guard let plain = JSONText.unescape(element.bytes) else { return false }
    return plain.withUnsafeBytes { Truth.equal(.text(.string, $0), wanted) == .yes }
  }

  /// How many elements an array has.
  static func count(_ list: Value) -> Value {
    var text = JSONText(list.bytes)
    guard text.skip("[") else { return .null }
    if text.skip("]") { return .int(0) }
    var count: Int64 = 0
    repeat {
      guard text.value() != nil else { return .null }
      count += 1
    } while text.skip(",")
    return text.skip("]") ? .int(count) : .null
  }

  /// How many members an object has.
  static func memberCount(_ object: Value) -> Value {
    var text = JSONText(object.bytes)
    guard text.skip("{") else { return .null }
    if text.skip("}") { return .int(0) }
    var count: Int64 = 0
    repeat {
      guard text.string() != nil, text.skip(":"), text.value() != nil else { return .null }
      count += 1
    } while text.skip(",")
    return text.skip("}") ? .int(count) : .null
  }
}
