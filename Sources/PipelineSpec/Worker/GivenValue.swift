/// A value as a pipeline file gives it, and what of it comes from outside the file.
public struct GivenValue: Sendable, Equatable {
  /// One `${…}` in a value.
  public struct Use: Sendable, Equatable {
    /// Where the text came from.
    public enum Source: String, Sendable {
      /// A variable of the environment.
      case environment
      /// What stands behind `:-`.
      case fallback
      /// A file.
      case file
      /// Nothing: it has no value.
      case missing
    }

    /// The variable's name, or the file's path.
    public var name: String
    /// Where its text came from.
    public var source: Source
  }

  /// Where it is, as `source.kafka.brokers`; entries of lists have their number.
  public var path: String
  /// Its line, from 1.
  public var line: Int
  /// Its column, from 1.
  public var column: Int
  /// What it stands for; nil where a variable has no value, or where it may be a secret.
  public var value: String?
  /// Whether it may be a secret, so that `value` is kept back.
  public var isHidden: Bool
  /// Its `${…}`, in their order.
  public var uses: [Use]
}

/// Finds the values of a file that are settings, or that have a `${…}` in them.
struct GivenValues {
  let variables: Variables
  private(set) var found: [GivenValue] = []

  init(_ variables: Variables) { self.variables = variables }

  /// What settings are in the file, whether with `${…}` or without: they are no secrets.
  private static let settings = Set(WorkerSettings.all.compactMap(\.path))

  mutating func walk(_ root: ConfigNode) { walk(root, PipelineOptions.all, "") }

  private mutating func walk(_ node: ConfigNode, _ specs: [OptionSpec]?, _ path: String) {
    for entry in node.entries ?? [] {
      let spec = specs?.first { $0.names.contains(entry.key) }
      let place = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      switch spec?.kind {
      case .group(let children): walk(entry.value, children, place)
      case .named(_, let children):
        for child in entry.value.entries ?? [] {
          walk(child.value, children, "\(place).\(child.key)")
        }
      case .list(let children):
        for (number, item) in (entry.value.items ?? []).enumerated() {
          walk(item, children, "\(place)[\(number)]")
        }
      default: leaf(entry.value, place, isPlain: spec?.kind.isPlain ?? false)
      }
    }
  }

  private mutating func leaf(_ node: ConfigNode, _ path: String, isPlain: Bool) {
    switch node.content {
    case .mapping(let entries):
      for entry in entries { leaf(entry.value, "\(path).\(entry.key)", isPlain: false) }
    case .sequence(let items):
      for (number, item) in items.enumerated() {
        leaf(item, "\(path)[\(number)]", isPlain: isPlain)
      }
    case .scalar(let scalar):
      let isSetting = Self.settings.contains(path)
      let uses = variables.uses(in: scalar.written)
      guard isSetting || !uses.isEmpty, !scalar.isNull else { return }
      // What the file itself says is no secret to who may read the file.
      let isShown = isSetting || isPlain || uses.allSatisfy { $0.source == .fallback }
      found.append(
        GivenValue(
          path: path, line: node.position.line, column: node.position.column,
          value: scalar.isUnresolved || !isShown ? nil : scalar.text, isHidden: !isShown,
          uses: uses))
    }
  }
}

extension OptionKind {
  /// Whether its values are of a kind that no secret is: everything but free text.
  fileprivate var isPlain: Bool {
    switch self {
    case .flag, .presence, .integer, .decimal, .name, .label, .choice, .duration, .window, .size:
      true
    default: false
    }
  }
}

extension Variables {
  /// Each `${…}` of `text` and where its value comes from; none where they are malformed.
  func uses(in text: String) -> [GivenValue.Use] {
    var uses: [GivenValue.Use] = []
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      rest = rest[dollar...]
      guard rest.hasPrefix("${") else {
        rest = rest.dropFirst(rest.hasPrefix("$${") ? 3 : 1)
        continue
      }
      guard let close = rest.firstIndex(of: "}") else { return [] }
      uses.append(use(String(rest.dropFirst(2)[..<close])))
      rest = rest[rest.index(after: close)...]
    }
    return uses
  }

  private func use(_ inside: String) -> GivenValue.Use {
    let isKnown = if case .text = replace(in: "${\(inside)}") { true } else { false }
    if inside.hasPrefix("file:") {
      return .init(name: String(inside.dropFirst(5)), source: isKnown ? .file : .missing)
    }
    let name = inside.firstRange(of: ":-").map { String(inside[..<$0.lowerBound]) } ?? inside
    let isFallback = environment[name].map { $0.isEmpty && name != inside } ?? true
    return .init(
      name: name, source: !isKnown ? .missing : isFallback ? .fallback : .environment)
  }
}
