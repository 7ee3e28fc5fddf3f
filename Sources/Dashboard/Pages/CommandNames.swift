/// How commands on pages name the files that they are about.
struct CommandNames: Sendable {
  /// In place of a pipeline file that the console was not told of.
  static let unknownPipeline = "PIPELINE.yaml"

  /// The public file, for a shell.
  let file: String
  /// The pipeline file, for a shell.
  let pipeline: String
  /// Whether `pipeline` is a file's name, and no placeholder.
  let knowsPipeline: Bool

  init(_ setup: ConsoleSetup) {
    file = Self.quoted(setup.dataPath)
    pipeline = setup.pipelinePath.map(Self.quoted) ?? Self.unknownPipeline
    knowsPipeline = setup.pipelinePath != nil
  }

  /// `text` as one word of a shell.
  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "/._-+=:,@%".utf8.contains(byte)
      }
    }
    if isPlain, !text.isEmpty, !text.hasPrefix("-") { return text }
    return "'" + text.replacing("'", with: "'\\''") + "'"
  }
}

extension Asked {
  /// The names of the files that commands are about.
  var commandNames: CommandNames { CommandNames(console.setup) }

  /// Where to find the pipeline file that commands name; nothing where they name it.
  var pipelineNote: HTML {
    commandNames.knowsPipeline
      ? .empty : "<p class=\"muted small\">\(words.frame.pipelineUnknown)</p>"
  }
}
