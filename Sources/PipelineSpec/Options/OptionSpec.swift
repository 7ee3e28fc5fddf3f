/// One option of the pipeline file, declared once: its parser, default, range, diagnostics and
/// page in the reference all come from here.
struct OptionSpec: Sendable {
  var name: String
  /// Further names of the same option (`p1` … `p99`); the reference shows only `shownName`.
  var otherNames: [String] = []
  var shownName: String?
  var kind: OptionKind
  /// As the file would write it; nil for an option without a default.
  var defaultText: String?
  var isRequired = false
  /// What it is for, in whole sentences of Markdown.
  var text: String
  /// A legal value, as the file would write it.
  var example: String?

  var names: [String] { [name] + otherNames }
}

/// What an option's value has to be.
indirect enum OptionKind: Sendable {
  /// `true` or `false`.
  case flag
  /// Only `true`.
  case presence
  case integer(ClosedRange<Int64>)
  case decimal(ClosedRange<Double>)
  /// Any text that is not empty.
  case text
  /// A text that other code reads: what it looks like, in words.
  case phrase(String)
  /// A name that expressions and columns can use: letters, digits, `_`, not beginning with a digit.
  case name
  /// A name of a pipeline or a source: also `.` and `-`.
  case label
  case choice([String])
  /// A fixed length, in milliseconds.
  case duration(ClosedRange<Int64>)
  /// A length that follows the calendar from days on.
  case window
  /// Bytes.
  case size(ClosedRange<Int64>)
  /// A value that other code reads: what it looks like, in words.
  case custom(String)
  /// An expression of the pipeline language.
  case expression
  case group([OptionSpec])
  /// `NAME: {…}`, with names of the first kind.
  case named(OptionKind, [OptionSpec])
  case list([OptionSpec])
  /// Known, but not in this version.
  case unavailable
  /// Known, but elsewhere in the file: where, in words.
  case elsewhere(String)

  /// What is legal, in words, for the reference and for messages.
  var legal: String {
    switch self {
    case .flag: "`true` or `false`"
    case .presence: "`true`"
    case .integer(let range): "a whole number, \(range.lowerBound) to \(range.upperBound)"
    case .decimal(let range) where range.upperBound == .greatestFiniteMagnitude: "a number"
    case .decimal(let range): "a number, \(range.lowerBound) to \(range.upperBound)"
    case .text: "a text"
    case .phrase(let words): words
    case .name: "a name: letters, digits and `_`"
    case .label: "a name: letters, digits, `_`, `-` and `.`"
    case .choice(let words): words.map { "`\($0)`" }.joined(separator: " or ")
    case .duration(let range):
      "a duration, \(Units.text(ofDuration: range.lowerBound)) to "
        + Units.text(ofDuration: range.upperBound)
    case .window: "a window length"
    case .size(let range):
      "a size, \(Units.text(ofSize: range.lowerBound)) to \(Units.text(ofSize: range.upperBound))"
    case .custom(let words): words
    case .expression: "an expression"
    case .group: "a mapping"
    case .named: "a mapping of names to mappings"
    case .list: "a list of mappings"
    case .unavailable: "not part of this version"
    case .elsewhere(let place): place
    }
  }
}

/// An option with the Swift type of its value.
struct Option<Value: Sendable>: Sendable {
  var spec: OptionSpec
  /// The value, out of what the reader made of the node.
  var extract: @Sendable (OptionValue) -> Value?

  init(_ spec: OptionSpec, _ extract: @escaping @Sendable (OptionValue) -> Value?) {
    self.spec = spec
    self.extract = extract
  }
}

/// A value that was read and found legal.
enum OptionValue: Sendable {
  case flag(Bool)
  case integer(Int64)
  case decimal(Double)
  case text(String)
  case window(WindowLength)
  case node(ConfigNode)
  case group(Settings)
  case named([NamedSettings])
  case list([Settings])
}

/// One entry of `NAME: {…}`.
struct NamedSettings: Sendable {
  var name: String
  var position: Position
  var settings: Settings
}

/// The options of one mapping that were given, and the defaults of those that were not.
struct Settings: Sendable {
  /// Where the mapping begins.
  var position: Position
  private var values: [String: (value: OptionValue, name: String, node: ConfigNode)] = [:]
  private var mentioned: Set<String> = []

  init(position: Position) { self.position = position }

  /// The option's value or default; nil when it has neither, or was faulty.
  subscript<Value>(option: Option<Value>) -> Value? {
    values[option.spec.name].flatMap { option.extract($0.value) }
  }

  /// Where the option's value is; where the mapping begins when it was not given.
  func position<Value>(of option: Option<Value>) -> Position {
    values[option.spec.name]?.node.position ?? position
  }

  /// The option's node, where the file gives it or it has a default.
  func node<Value>(of option: Option<Value>) -> ConfigNode? { values[option.spec.name]?.node }

  /// What the file says, for messages: never what a variable stands for.
  func found<Value>(_ option: Option<Value>) -> String {
    values[option.spec.name]?.node.found ?? "nothing"
  }

  /// What the file says as a name to find a near one of; empty where it is not a name.
  func written<Value>(_ option: Option<Value>) -> String {
    values[option.spec.name]?.node.scalar?.written ?? ""
  }

  /// Whether the file gives the option, legal or not.
  func gives<Value>(_ option: Option<Value>) -> Bool { gives(option.spec) }

  /// Whether the file gives the option, legal or not.
  func gives(_ option: OptionSpec) -> Bool { mentioned.contains(option.name) }

  /// Notes that the file gives the option, whether or not its value is legal.
  mutating func mention(_ option: OptionSpec) { mentioned.insert(option.name) }

  /// The name under which the file gives the option, one of `OptionSpec.names`.
  func givenName<Value>(of option: Option<Value>) -> String? { values[option.spec.name]?.name }

  mutating func set(
    _ option: OptionSpec, as name: String, to value: OptionValue, node: ConfigNode
  ) {
    values[option.name] = (value, name, node)
  }
}
