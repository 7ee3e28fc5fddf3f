/// What a document of JSON looks like, for the OpenAPI document and the tests of it.
indirect enum Schema: Sendable {
  /// One member of an object.
  struct Member: Sendable {
    var name: String
    var schema: Schema
    var text: String

    init(_ name: String, _ schema: Schema, _ text: String = "") {
      self.name = name
      self.schema = schema
      self.text = text
    }
  }

  /// All members are always there.
  case object([Member])
  case array(Schema)
  case string
  case choice([String])
  case integer
  case number
  case boolean
  case nullable(Schema)
  /// An object of any members: dimensions.
  case anyObject
  /// Text of a media type, no JSON.
  case text(String)

  /// As JSON Schema of draft 2020-12.
  var json: JSON {
    switch self {
    case .object(let members):
      return .object([
        ("type", .string("object")),
        ("required", .array(members.map { .string($0.name) })),
        (
          "properties",
          .object(
            members.map { member in
              guard case .object(var parts) = member.schema.json, !member.text.isEmpty else {
                return (member.name, member.schema.json)
              }
              parts.append(("description", .string(member.text)))
              return (member.name, .object(parts))
            })
        ),
      ])
    case .array(let item): return .object([("type", .string("array")), ("items", item.json)])
    case .string, .text: return .object([("type", .string("string"))])
    case .choice(let choices):
      return .object([("type", .string("string")), ("enum", .array(choices.map(JSON.string)))])
    case .integer:
      return .object([("type", .string("integer")), ("format", .string("int64"))])
    case .number: return .object([("type", .string("number"))])
    case .boolean: return .object([("type", .string("boolean"))])
    case .anyObject: return .object([("type", .string("object"))])
    case .nullable(let inner):
      return .object([("anyOf", .array([inner.json, .object([("type", .string("null"))])]))])
    }
  }
}
