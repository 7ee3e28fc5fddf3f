import Foundation
import SnapshotStore
import StreamCore

/// Dimensions whose values tell who somebody is: those made of the pipeline's user, or of what a
/// risk rule calls its entity.
struct PersonalDimensions: Sendable, Equatable {
  /// Their names, in all stages alike.
  private(set) var names: Set<String> = []
  /// Fields and derived fields with such values.
  private var fields: Set<String> = ["user"]

  /// Nothing is masked.
  static let none = PersonalDimensions()

  private init() {}

  /// Reads canonical texts of pipelines, and the rules of a file. O(length).
  init(definitions: [String], rules: [RuleRow]) {
    for definition in definitions {
      let lines = definition.split(separator: "\n").map { $0.trimming(" ") }
      readFields(lines)
      for line in lines where line.hasPrefix("by ") {
        guard let (name, text) = Self.pair(line.dropFirst(3)) else { continue }
        if mentions(text) { names.insert(name) }
      }
    }
    for rule in rules where rule.kind == .risk { names.formUnion(rule.dimensions) }
  }

  /// Whether an expression reads a field with an id of somebody.
  func mentions(_ expression: String) -> Bool {
    fields.contains { Self.contains(expression, $0) }
  }

  /// Dimensions as they may be shown: texts and numbers of these names are masked, truth values and
  /// null are not.
  func masked(_ values: DimensionValues) -> DimensionValues {
    var values = values
    for name in names {
      switch values[name] {
      case nil, .null, .bool: break
      case let value?: values[name] = .string(Masking.masked(value.description))
      }
    }
    return values
  }

  /// Likewise, canonical JSON.
  func masked(_ json: String) -> String {
    guard !names.isEmpty, json != "{}" else { return json }
    let values = Dimensions.read(json)
    guard !names.isDisjoint(with: values.keys) else { return json }
    return Dimensions.json(masked(values))
  }

  /// Likewise, a row of results as a JSON object with sorted names, in which dimensions are the
  /// only object before any text that people wrote.
  func maskedRow(_ json: String) -> String {
    guard !names.isEmpty, let start = json.firstRange(of: "\"dimensions\":{") else { return json }
    let open = json.index(before: start.upperBound)
    var isQuoted = false
    var isEscaped = false
    for index in json[open...].indices {
      let character = json[index]
      if isEscaped {
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if !isQuoted, character == "}" {
        let dimensions = masked(String(json[open...index]))
        return json[..<open] + dimensions + json[json.index(after: index)...]
      }
    }
    return "{}"
  }

  /// The canonical text of a pipeline: literals that fields with ids of people are held against are
  /// masked. O(length).
  func maskedDefinition(_ text: String) -> String {
    guard self != .none else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let kind = line.trimming(" ").prefix { $0 != " " }
      // These hold paths in quotes, and names.
      return ["field", "csv", "pseudonymize", "source", "time"].contains(String(kind))
        ? String(line) : maskedExpression(String(line))
    }.joined(separator: "\n")
  }

  /// Likewise, an expression: texts, and numbers of five digits or more, in each of its comparisons
  /// that reads such a field.
  func maskedExpression(_ text: String) -> String {
    guard self != .none, mentions(text) else { return text }
    return ExpressionPieces.comparisons(of: text).map { part in
      mentions(part) ? ExpressionPieces.masking(part) : part
    }.joined()
  }

  /// Likewise, what moved an alert.
  func maskedExplanation(_ json: String) -> String {
    guard !names.isEmpty,
      var told = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
      var parts = told["by"] as? [[String: Any]],
      parts.contains(where: { names.contains($0["dimension"] as? String ?? "") })
    else { return json }
    for (index, part) in parts.enumerated() {
      guard names.contains(part["dimension"] as? String ?? ""), let value = part["value"],
        !(value is NSNull)
      else { continue }
      parts[index]["value"] = Masking.masked("\(value)")
    }
    told["by"] = parts
    let data = try? JSONSerialization.data(withJSONObject: told, options: [.sortedKeys])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Fields of the user and of entities, and what is derived of them.
  private mutating func readFields(_ lines: [String]) {
    var bindings: [(name: String, paths: [String])] = []
    var derived: [(name: String, text: String)] = []
    for line in lines {
      if line.hasPrefix("field "), let (name, text) = Self.pair(line.dropFirst(6)) {
        let paths = text.split(separator: ", ").map { $0.trimming("\"") }
        bindings.append((name, paths.filter { $0 != "absent" && !$0.hasPrefix("const ") }))
      } else if line.hasPrefix("derive "), let pair = Self.pair(line.dropFirst(7)) {
        derived.append(pair)
      } else if line.hasPrefix("trait "), let (name, text) = Self.pair(line.dropFirst(6)) {
        derived.append((name.split(separator: " ").first.map(String.init) ?? name, text))
      } else if line.hasPrefix("entity ") {
        entities.append(String(line.dropFirst(7)))
      } else if line.hasPrefix("risk ") {
        let kind = line.split(separator: " ").first { $0.hasPrefix("entity=") }
        if let kind { names.insert(String(kind.dropFirst("entity=".count))) }
      }
    }
    for entity in entities { addIdentifiers(of: entity) }
    var before = -1
    while before != fields.count {
      before = fields.count
      let paths = Set(bindings.filter { fields.contains($0.name) }.flatMap(\.paths))
      fields.formUnion(paths)
      fields.formUnion(
        bindings.filter { !paths.isDisjoint(with: $0.paths) }.map(\.name))
      fields.formUnion(derived.filter { mentions($0.text) }.map(\.name))
    }
    entities = []
  }

  private var entities: [String] = []

  /// Names that an entity's expression reads; names of functions do no harm.
  private mutating func addIdentifiers(of expression: String) {
    var quote: Character?
    var word = ""
    for character in expression + " " {
      if let open = quote {
        if character == open { quote = nil }
      } else if Self.isPart(character) {
        word.append(character)
      } else {
        if character == "\"" || character == "'" { quote = character }
        if let first = word.first, !first.isNumber, character != "(" { fields.insert(word) }
        word = ""
      }
    }
  }

  static func isPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "_.$".contains(character)
  }

  /// Whether `name` is in `text` as a whole word.
  private static func contains(_ text: String, _ name: String) -> Bool {
    guard !name.isEmpty else { return false }
    if text == name { return true }
    return text.ranges(of: name).contains { range in
      let before =
        range.lowerBound == text.startIndex ? nil : text[text.index(before: range.lowerBound)]
      let after = range.upperBound == text.endIndex ? nil : text[range.upperBound]
      return before.map(isPart) != true && after.map(isPart) != true
    }
  }

  /// `NAME = TEXT`.
  private static func pair(_ line: Substring) -> (name: String, text: String)? {
    guard let equals = line.firstRange(of: " = ") else { return nil }
    return (String(line[..<equals.lowerBound]), String(line[equals.upperBound...]))
  }
}
