import HTTPTypes

/// Rows of one kind as programs get them: the columns say what JSON, CSV and the document hold.
struct Listing<Row>: Sendable {
  /// One column.
  struct Column: Sendable {
    var name: String
    var schema: Schema
    var text: String
    var value: @Sendable (Row) -> JSON

    init(_ name: String, _ schema: Schema, _ text: String, value: @escaping @Sendable (Row) -> JSON)
    {
      self.name = name
      self.schema = schema
      self.text = text
      self.value = value
    }
  }

  var columns: [Column]

  /// One row's schema.
  var rowSchema: Schema {
    .object(columns.map { Schema.Member($0.name, $0.schema, $0.text) })
  }

  /// `{rows, next}`.
  var schema: Schema {
    .object([
      .init("rows", .array(rowSchema)),
      .init("next", .nullable(.string), "`cursor` of the next page; null at the end."),
    ])
  }

  /// One row as an object.
  func json(_ row: Row) -> JSON { .object(columns.map { ($0.name, $0.value(row)) }) }

  /// Rows as the request wants them: JSON with `next`, or CSV with it in a `Link`.
  func answer(_ rows: [Row], next: String? = nil, to asked: Asked) -> Answer {
    guard asked.text("format") == "csv" else {
      return .json(.object([("rows", .array(rows.map(json))), ("next", .optional(next))]))
    }
    var answer = Answer.text(csv(rows), contentType: "text/csv; charset=utf-8; header=present")
    answer.link(next: next, asked)
    return answer
  }

  /// RFC 4180, with a header.
  func csv(_ rows: [Row]) -> String {
    var text = columns.map { CSVText.field($0.name) }.joined(separator: ",") + "\r\n"
    for row in rows {
      text += columns.map { CSVText.field($0.value(row)) }.joined(separator: ",") + "\r\n"
    }
    return text
  }
}

extension Answer {
  /// Says where a list goes on, in a `Link`; `next` nil: nowhere.
  mutating func link(next: String?, _ asked: Asked) {
    guard let next, let name = HTTPField.Name("Link") else { return }
    let link = asked.link(
      URLText.path(of: asked.target), ["cursor": next],
      keeping: asked.endpoint.parameters.filter { $0.place == .query }.map(\.name))
    headers[name] = "<\(link)>; rel=\"next\""
  }
}

/// Fields of CSV.
enum CSVText {
  /// A value: texts as they are, null empty, the rest as in JSON.
  static func field(_ value: JSON) -> String {
    switch value {
    case .string(let text): field(text)
    case .null: ""
    default: field(value.text)
    }
  }

  /// Text, in quotes where it has to be. What a spreadsheet would take for a formula gets an
  /// apostrophe in front, unless it is a number.
  static func field(_ text: String) -> String {
    var text = text
    if let first = text.first, "=+-@\t\r".contains(first), Double(text) == nil { text = "'" + text }
    guard text.contains(where: { $0 == "\"" || $0 == "," || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
