import HTTPTypes
import SnapshotStore
import StreamCore

/// One request as handlers see it: checked parameters, who asks, and what answers are made from.
struct Asked: Sendable {
  /// The console that was asked.
  let console: Console
  /// The file's reader, for the time of this request.
  let reader: ResultsReader
  /// What the file is about.
  let file: FileFacts
  /// What was asked for.
  let endpoint: Endpoint
  /// Who asks.
  let visitor: Visitor
  /// The language of pages.
  let language: Language
  /// The path with those parts of its query that the endpoint knows.
  let target: String
  /// Checked values by name.
  let values: [String: String]
  /// The time of day.
  let now: WallTime
  /// The id of the reader's session, where there is one.
  let session: String?
  /// Dimensions that are masked for the visitor.
  let personal: PersonalDimensions
  /// The page that an answer to a form shows; nil: that which was asked for.
  var pageTarget: String?

  /// Where the page that is shown can be asked for: for links back to it.
  var page: String { pageTarget ?? target }

  /// The strings of the visitor's language.
  var words: Words { language.words }

  /// A parameter's text; nil when it is not given or empty.
  func text(_ name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }

  /// A whole number.
  func integer(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

  /// A number.
  func number(_ name: String) -> Double? { text(name).flatMap { Double($0) } }

  /// An instant, local ones in the file's zone.
  func time(_ name: String) -> EventTime? {
    text(name).flatMap { ZoneTimes.parse($0, zone: file.zone) }
  }

  /// Whether a flag is set.
  func flag(_ name: String) -> Bool { ["true", "on"].contains(values[name] ?? "") }

  /// What a row of the path names; a missing one is a 404 already.
  func path(_ name: String) -> String { values[name] ?? "" }

  /// The page's path with some parameters of the query in place of its own; nil takes one out.
  func link(_ path: String, _ changes: KeyValuePairs<String, String?>, keeping: [String] = [])
    -> String
  {
    var query: [(String, String)] = []
    for name in keeping where !changes.contains(where: { $0.key == name }) {
      if let value = text(name) { query.append((name, value)) }
    }
    for (name, value) in changes { if let value { query.append((name, value)) } }
    return URLText.link(path, query)
  }
}

/// Who asks.
struct Visitor: Sendable, Hashable {
  /// Name of the token; nil for readers without one.
  var name: String?
  /// What it may do.
  var rights: ConsoleRights
  /// What forms have to send back; nil without a session.
  var formKey: String?

  /// Whether it may change things.
  var mayWrite: Bool { rights.contains(.write) }
  /// Whether ids of people are shown to it.
  var mayReveal: Bool { rights.contains(.reveal) }
}
