/// As much of a shell's grammar as is needed to see which programs a command calls.
enum ShellText {
  /// The words of each simple command of `text`, without comments and quotes. What stands in
  /// here-documents and substitutions is not looked into.
  static func commands(_ text: String) -> [[String]] {
    var commands: [[String]] = [[]]
    var word: String?
    var quote: Character?
    var characters = text.replacing("\\\n", with: " ")[...]
    func endWord() {
      if let done = word { commands[commands.count - 1].append(done) }
      word = nil
    }
    while let character = characters.popFirst() {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
        continue
      }
      switch character {
      case "'", "\"":
        quote = character
        word = word ?? ""
      case "#" where word == nil:
        characters = characters.drop { $0 != "\n" }
      case "<" where characters.first == "<":
        // A here-document is the rest.
        characters = characters.prefix { $0 != "\n" }
      case "|", "&", ";", "\n", "(", ")":
        // `2>&1` and `&>` call nothing.
        if character == "&", word?.hasSuffix(">") == true || characters.first == ">" { continue }
        endWord()
        commands.append([])
      case " ", "\t": endWord()
      default: word = (word ?? "") + String(character)
      }
    }
    endWord()
    return commands.filter { !$0.isEmpty }
  }

  /// The words of `text` where it is one simple command that runs in the foreground.
  static func simple(_ text: String) -> [String]? {
    let commands = commands(text)
    return commands.count == 1 ? commands[0] : nil
  }

  /// Whether a word is the program of this project.
  static func isWeir(_ word: String) -> Bool { word == "weir" || word.hasSuffix("/weir") }

  /// The program that a simple command calls, behind assignments, keywords and programs that call
  /// others.
  static func program(_ words: [String]) -> String? {
    let callers: Set = [
      "sudo", "env", "exec", "time", "nice", "nohup", "if", "then", "else", "while", "until", "do",
      "!", "{",
    ]
    var rest = words[...]
    while let word = rest.first {
      if word == "sudo" {
        rest = rest.dropFirst()
        while let option = rest.first, option.hasPrefix("-") {
          rest = rest.dropFirst(["-u", "-g"].contains(option) ? 2 : 1)
        }
      } else if callers.contains(word) || word.contains(/^[A-Za-z_][A-Za-z_0-9]*=/) {
        rest = rest.dropFirst()
      } else {
        return word
      }
    }
    return nil
  }
}
