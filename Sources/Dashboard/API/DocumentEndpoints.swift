import HTTPTypes

/// The OpenAPI document, made from the endpoints themselves.
enum DocumentEndpoints {
  static let all: [Endpoint] = [
    Endpoint(
      .get, APIPath.prefix + "/openapi.json", kind: .hidden, access: .read, summary: "",
      isCached: false
    ) { asked in .json(OpenAPI.document(asked.console.endpoints)) }
  ]
}

/// OpenAPI 3.1.
enum OpenAPI {
  /// The document of all endpoints that programs use.
  static func document(_ endpoints: [Endpoint]) -> JSON {
    let shown = endpoints.filter { $0.kind == .api || $0.kind == .plain }
    var paths: [(String, JSON)] = []
    for path in Set(shown.map(\.path)).sorted() {
      let own = shown.filter { $0.path == path }
      paths.append((path, .object(own.map { ($0.method.rawValue.lowercased(), operation($0)) })))
    }
    return .object([
      ("openapi", .string("3.1.0")),
      (
        "info",
        .object([
          ("title", .string("Weir console")), ("version", .string("1")),
          (
            "description",
            .string(
              "What a file of results holds. Reading needs a token beyond loopback addresses, "
                + "writing always. Times are milliseconds since 1970-01-01T00:00Z.")
          ),
        ])
      ),
      ("paths", .object(paths)),
      (
        "components",
        .object([
          (
            "securitySchemes",
            .object([
              ("token", .object([("type", .string("http")), ("scheme", .string("bearer"))]))
            ])
          ),
          ("schemas", .object([("Problem", problem.json)])),
        ])
      ),
    ])
  }

  private static let problem = Schema.object([
    .init("type", .string), .init("title", .string), .init("status", .integer),
    .init("detail", .string, "What is wrong."), .init("what_to_do", .string),
  ])

  private static func operation(_ endpoint: Endpoint) -> JSON {
    var parts: [(String, JSON)] = [
      ("operationId", .string(identifier(endpoint))), ("summary", .string(endpoint.summary)),
    ]
    let parameters = endpoint.parameters.filter { $0.place != .body }
    if !parameters.isEmpty { parts.append(("parameters", .array(parameters.map(parameter)))) }
    let fields = endpoint.parameters.filter { $0.place == .body }
    if endpoint.method == .post { parts.append(("requestBody", body(fields))) }
    if endpoint.access == .write {
      parts.append(("security", .array([.object([("token", .array([]))])])))
    } else if endpoint.access == .read {
      parts.append(("security", .array([.object([]), .object([("token", .array([]))])])))
    }
    parts.append(("responses", .object(responses(endpoint))))
    return .object(parts)
  }

  private static func identifier(_ endpoint: Endpoint) -> String {
    let words = endpoint.path.split(separator: "/").drop { $0 == "api" || $0 == "v1" }
      .map { $0.trimming("{}") }
    return ([endpoint.method.rawValue.lowercased()] + words).joined(separator: "_")
  }

  private static func parameter(_ parameter: Parameter) -> JSON {
    var parts: [(String, JSON)] = [
      ("name", .string(parameter.name)), ("in", .string(parameter.place.rawValue)),
      ("required", .boolean(parameter.isRequired)), ("description", .string(parameter.text)),
      ("schema", schema(parameter)),
    ]
    if let example = parameter.example { parts.append(("example", value(example, parameter.kind))) }
    return .object(parts)
  }

  private static func value(_ text: String, _ kind: Parameter.Kind) -> JSON {
    switch kind {
    case .integer: Int64(text).map(JSON.integer) ?? .string(text)
    case .number: Double(text).map(JSON.number) ?? .string(text)
    case .flag: .boolean(text == "true")
    case .text, .choice, .time: .string(text)
    }
  }

  private static func schema(_ parameter: Parameter) -> JSON {
    switch parameter.kind {
    case .text(let max):
      var parts: [(String, JSON)] = [
        ("type", .string("string")), ("maxLength", .integer(Int64(max))),
      ]
      if parameter.isRequired { parts.append(("minLength", .integer(1))) }
      return .object(parts)
    case .integer(let range):
      return .object([
        ("type", .string("integer")), ("minimum", .integer(range.lowerBound)),
        ("maximum", .integer(range.upperBound)),
      ])
    case .number: return .object([("type", .string("number"))])
    case .choice(let choices):
      return .object([("type", .string("string")), ("enum", .array(choices.map(JSON.string)))])
    case .flag: return .object([("type", .string("boolean"))])
    case .time:
      return .object([
        ("type", .string("string")),
        ("description", .string("RFC 3339; a local time or a date is of the pipeline's zone.")),
      ])
    }
  }

  private static func body(_ fields: [Parameter]) -> JSON {
    let object = JSON.object([
      ("type", .string("object")),
      ("required", .array(fields.filter(\.isRequired).map { .string($0.name) })),
      ("properties", .object(fields.map { ($0.name, schema($0)) })),
      ("additionalProperties", .boolean(false)),
    ])
    return .object([
      ("required", .boolean(fields.contains { $0.isRequired })),
      ("content", .object([("application/json", .object([("schema", object)]))])),
    ])
  }

  private static func responses(_ endpoint: Endpoint) -> [(String, JSON)] {
    var content: [(String, JSON)]
    if case .text(let type) = endpoint.response {
      content = [(type, .object([("schema", endpoint.response.json)]))]
    } else {
      content = [("application/json", .object([("schema", endpoint.response.json)]))]
      if endpoint.parameters.contains(where: { $0.name == "format" }) {
        content.append(("text/csv", .object([("schema", Schema.string.json)])))
      }
    }
    let problem = JSON.object([
      ("description", .string("A problem, by RFC 9457.")),
      (
        "content",
        .object([
          (
            "application/problem+json",
            .object([
              ("schema", .object([("$ref", .string("#/components/schemas/Problem"))]))
            ])
          )
        ])
      ),
    ])
    let good = JSON.object([("description", .string("Done.")), ("content", .object(content))])
    let further = endpoint.furtherStatuses.map { status, text in
      (
        "\(status.code)",
        JSON.object([("description", .string(text)), ("content", .object(content))])
      )
    }
    return [("200", good)] + further + [("default", problem)]
  }
}
