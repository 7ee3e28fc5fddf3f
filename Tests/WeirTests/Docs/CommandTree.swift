import Foundation
import Testing

/// What the program's parser knows, as it tells of itself.
struct CommandTree: Decodable, Sendable {
  struct Argument: Decodable, Sendable {
    struct Name: Decodable, Sendable {
      var kind: String
      var name: String

      var text: String { (kind == "long" ? "--" : "-") + name }
    }

    var kind: String
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var discussion: String?
    var defaultValue: String?
    var allValues: [String]?
    var isOptional: Bool
    var isRepeating: Bool
    var shouldDisplay: Bool
  }

  var commandName: String
  var abstract: String?
  var discussion: String?
  var arguments: [Argument]?
  var subcommands: [CommandTree]?
  var shouldDisplay: Bool

  /// Asks the real program.
  static func read() async throws -> CommandTree {
    struct Dump: Decodable { var command: CommandTree }
    let outcome = try await Command.run(["--experimental-dump-help"])
    try #require(outcome.code == 0, "\(outcome)")
    return try JSONDecoder().decode(Dump.self, from: Data(outcome.output.utf8)).command
  }

  /// Commands of this one that people see, without `help`.
  var children: [CommandTree] {
    (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
  }

  /// Arguments of this command that people see, without those that every command has.
  var own: [Argument] {
    (arguments ?? []).filter { argument in
      argument.shouldDisplay
        && !(argument.names ?? []).contains { ["help", "version"].contains($0.name) }
    }
  }

  /// Every name of an option or a flag.
  var flags: Set<String> {
    Set((arguments ?? []).flatMap { $0.names ?? [] }.map(\.text))
  }

  /// Names of options and flags of this command and of all below.
  var allFlags: Set<String> {
    (subcommands ?? []).reduce(into: flags) { $0.formUnion($1.allFlags) }
  }

  /// What is wrong with `words`, which begin with `weir`; nil when the parser knows every command
  /// and option of them.
  func fault(in words: [String]) -> String? {
    var command = self
    var path = "weir"
    var rest = words.dropFirst()
    while let word = rest.first, word.contains(/^[a-z]+$/), !(command.subcommands ?? []).isEmpty {
      guard let next = command.subcommands?.first(where: { $0.commandName == word }) else {
        return "there is no command \(path) \(word)"
      }
      // Of help any command may follow.
      if word == "help" { return nil }
      command = next
      path += " \(word)"
      rest = rest.dropFirst()
    }
    for word in rest where word.contains(/^--?[a-z]/) {
      let name = String(word.prefix { $0 != "=" })
      if !command.flags.contains(name) && !(rest.first == "…" && allFlags.contains(name)) {
        return "\(path) has no option \(name)"
      }
    }
    return nil
  }
}
