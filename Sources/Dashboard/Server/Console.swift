import Charts
import HTTPTypes
import PipelineSpec
import SnapshotStore
import StreamCore
import Synchronization

/// What a console is about and who may use it.
public struct ConsoleSetup: Sendable {
  /// The public file.
  public var dataPath: String
  /// The pipeline, where it is known: for what the file alone does not say.
  public var pipeline: Pipeline?
  /// The pipeline's file, where it has one: commands on pages name it.
  public var pipelinePath: String?
  /// Where it listens.
  public var address: ConsoleAddress
  /// Who may do what.
  public var tokens: [ConsoleToken]
  /// How the worker beside it is doing; nil without one.
  public var live: (@Sendable () -> LiveFigures?)?
  /// The machine's clock.
  public var now: @Sendable () -> WallTime
  /// Told of trouble that is survived.
  public var log: @Sendable (String) -> Void

  /// Names a console over a file.
  public init(
    dataPath: String, pipeline: Pipeline?, pipelinePath: String? = nil, address: ConsoleAddress,
    tokens: [ConsoleToken] = [], live: (@Sendable () -> LiveFigures?)? = nil,
    now: @escaping @Sendable () -> WallTime,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.dataPath = dataPath
    self.pipeline = pipeline
    self.pipelinePath = pipelinePath
    self.address = address
    self.tokens = tokens
    self.live = live
    self.now = now
    self.log = log
  }
}

/// What does not change about a file while it is shown.
struct FileFacts: Sendable {
  /// The pipeline's name.
  var name: String
  /// Its zone.
  var zone: Zone
  /// The pipeline, where it is known.
  var pipeline: Pipeline?
}

/// Answers requests about one file: knows the endpoints, who may use them, and what was answered
/// since the last commit. It knows nothing of sockets.
final class Console: Sendable {
  /// What it is about.
  let setup: ConsoleSetup
  let file: FileFacts
  let gate: Gate
  let sessions: Sessions
  let endpoints: [Endpoint]
  private let readers: ReaderPool
  private let cache = AnswerCache()
  /// What names people in this file, by version of the file.
  private let personal = Mutex<(version: Int64, found: PersonalDimensions)?>(nil)

  /// Opens the file. Throws a `StoreError` when it cannot be read.
  init(_ setup: ConsoleSetup) throws {
    self.setup = setup
    readers = try ReaderPool(path: setup.dataPath, readers: ConsoleRouter.threads + 1)
    let manifest = try readers.withReader { try $0.manifest() }
    let definition = (manifest["definition"] ?? "").split(separator: "\n")
    let zoneName = definition.first { $0.hasPrefix("zone ") }?.dropFirst("zone ".count)
    file = FileFacts(
      name: manifest["pipeline"] ?? setup.dataPath,
      zone: try setup.pipeline?.plan.zone ?? zoneName.map { try Zone.named(String($0)) } ?? .utc,
      pipeline: setup.pipeline)
    let book = TokenBook(tokens: setup.tokens)
    sessions = Sessions(book)
    gate = Gate(isLoopback: setup.address.isLoopback, sessions: sessions)
    endpoints = Rooms.endpoints
  }

  /// Changes whenever anybody commits to the file. O(1).
  func version() throws -> Int64 { try readers.dataVersion() }

  /// Dimensions that name people, by the pipeline and by the file's own copy of it.
  private func personal(_ reader: ResultsReader) throws -> PersonalDimensions {
    let version = try version()
    if let known = personal.withLock({ $0 }), known.version == version { return known.found }
    let definitions = [
      file.pipeline?.plan.definition, try reader.manifest()["definition"],
    ].compactMap(\.self)
    let found = PersonalDimensions(definitions: definitions, rules: try reader.rules())
    personal.withLock { $0 = (version, found) }
    return found
  }

  /// Ends the use of the file.
  func close() { readers.close() }

  /// Answers a request. Blocks; call it on a thread that may.
  ///
  /// - Parameters:
  ///   - target: Path and query, as asked for.
  ///   - body: The fields that were sent.
  ///   - session: The id of the visitor's session, where there is one.
  func answer(
    _ endpoint: Endpoint, target: String, body: [(name: String, value: String)] = [],
    visitor: Visitor, language: Language, session: String? = nil
  ) throws -> Answer {
    let values = try values(endpoint, target: target, body: body)
    let target = endpoint.known(target)
    let make = { [self] in
      try readers.withReader { reader in
        try endpoint.handler(
          Asked(
            console: self, reader: reader, file: file, endpoint: endpoint, visitor: visitor,
            language: language, target: target, values: values, now: setup.now(), session: session,
            personal: visitor.mayReveal ? .none : try personal(reader)))
      }
    }
    guard endpoint.isCached else { return try make() }
    var key = AnswerCache.Key(target: target, language: language, visitor: visitor)
    if let freshMs = endpoint.freshMs { key.moment = setup.now().ms / max(freshMs, 1) }
    return try cache.answer(key, version: try version(), make)
  }

  /// Parameters by name; a problem where one is not as it has to be.
  private func values(
    _ endpoint: Endpoint, target: String, body: [(name: String, value: String)]
  ) throws -> [String: String] {
    var values: [String: String] = [:]
    var faults: [NamedFault] = []
    let given = try given(endpoint, target: target, body: body)
    for parameter in endpoint.parameters {
      let value = given.first { $0.place == parameter.place && $0.name == parameter.name }?.value
      guard let value, !value.isEmpty else {
        if parameter.isRequired { faults.append(NamedFault(parameter.name, .missing)) }
        continue
      }
      if let fault = parameter.fault(value, zone: file.zone) {
        faults.append(NamedFault(parameter.name, fault))
      } else {
        values[parameter.name] = value
      }
    }
    if endpoint.kind == .api {
      for (place, name, _) in given where !Self.frame.contains(name) {
        let isKnown = endpoint.parameters.contains { $0.place == place && $0.name == name }
        if !isKnown { faults.append(NamedFault(String(name.prefix(64)), .unknown)) }
      }
    }
    guard faults.isEmpty else {
      throw Problem.badRequest(
        faults.map { $0.fault.text($0.name) }.joined(separator: "; "), kind: .parameters(faults))
    }
    return values
  }

  /// What every page and form takes besides its own.
  static let frame: Set = ["lang", "form_key", "back"]

  private func given(
    _ endpoint: Endpoint, target: String, body: [(name: String, value: String)]
  ) throws -> [(place: Parameter.Place, name: String, value: String)] {
    let path = URLText.path(of: target)
    guard let segments = endpoint.segments(of: path),
      let query = URLText.fields(target.dropFirst(path.count).dropFirst())
    else {
      throw Problem.badRequest("the address is not encoded as it has to be", kind: .encoding)
    }
    return segments.map { (.path, $0.name, $0.value) } + query.map { (.query, $0.name, $0.value) }
      + body.map { (.body, $0.name, $0.value) }
  }
}

extension Endpoint {
  /// Families of parts of the query whose names pages make up: values to try of thresholds.
  private static let families = ["try."]

  /// `target` without the parts of its query that mean nothing here: two that differ in those alone
  /// are one.
  func known(_ target: String) -> String {
    let path = URLText.path(of: target)
    let query = URLText.fields(target.dropFirst(path.count).dropFirst()) ?? []
    let known = query.filter { part in
      parameters.contains { $0.place == .query && $0.name == part.name }
        || Self.families.contains { part.name.hasPrefix($0) }
    }
    return URLText.link(path, known.map { ($0.name, $0.value) })
  }

  /// What the named segments of `path` hold; nil where that is no encoded text.
  func segments(of path: String) -> [(name: String, value: String)]? {
    var found: [(name: String, value: String)] = []
    let own = self.path.split(separator: "/")
    for (name, value) in zip(own, path.split(separator: "/")) where name.hasPrefix("{") {
      guard let text = URLText.decoded(value, isForm: false) else { return nil }
      found.append((String(name.dropFirst().dropLast()), text))
    }
    return found
  }
}
