import Foundation

@testable import Dashboard

/// Whether a document is as its schema says: what is missing, of another type, or not declared.
enum SchemaCheck {
  /// Faults of `bytes` against `schema`, each with its place; none when it fits.
  static func faults(_ bytes: [UInt8], _ schema: Schema) -> [String] {
    if case .text = schema { return [] }
    guard
      let document = try? JSONSerialization.jsonObject(
        with: Data(bytes), options: [.fragmentsAllowed])
    else { return ["no JSON"] }
    return faults(document, schema, "$")
  }

  private static func faults(_ value: Any, _ schema: Schema, _ place: String) -> [String] {
    let wrong = ["\(place) is \(type(of: value)) and not \(schema)".prefix(200).description]
    switch schema {
    case .object(let members):
      guard let object = value as? [String: Any] else { return wrong }
      let missing = members.filter { object[$0.name] == nil }.map { "\(place) lacks \($0.name)" }
      let known = Set(members.map(\.name))
      let undeclared = object.keys.filter { !known.contains($0) }
        .map { "\(place) has \($0), which is not declared" }
      return missing + undeclared
        + members.flatMap { member in
          object[member.name].map { faults($0, member.schema, "\(place).\(member.name)") } ?? []
        }
    case .array(let item):
      guard let list = value as? [Any] else { return wrong }
      return list.prefix(50).enumerated().flatMap { faults($1, item, "\(place)[\($0)]") }
    case .string, .text: return value is String ? [] : wrong
    case .choice(let choices):
      guard let text = value as? String else { return wrong }
      return choices.contains(text) ? [] : ["\(place) is '\(text)', none of \(choices)"]
    case .integer:
      guard let number = value as? NSNumber, !isBoolean(number),
        number.doubleValue == number.doubleValue.rounded()
      else { return wrong }
      return []
    case .number:
      guard let number = value as? NSNumber, !isBoolean(number) else { return wrong }
      return []
    case .boolean:
      guard let number = value as? NSNumber, isBoolean(number) else { return wrong }
      return []
    case .anyObject: return value is [String: Any] ? [] : wrong
    case .nullable(let inner): return value is NSNull ? [] : faults(value, inner, place)
    }
  }

  private static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }
}
