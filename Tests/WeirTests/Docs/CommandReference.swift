import Foundation

/// docs/commands.md, made of what the parser knows.
struct CommandReference {
  var tree: CommandTree

  var markdown: String {
    var lines = [
      "# Commands", "",
      "What `weir help` and `weir COMMAND --help` say, as one page: it is made from the parser, and a",
      "test holds them together. The pages that [the index](README.md) lists show them at work.",
      "",
    ]
    lines += ["| command | what |", "| --- | --- |"]
    for command in leaves(tree, path: "weir") {
      lines.append(
        "| [\(command.path)](#\(Self.anchor(command.path))) | \(cell(command.tree.abstract)) |")
    }
    for command in leaves(tree, path: "weir") {
      lines += [""] + section(command.tree, command.path)
    }
    lines += ["", "## Exit codes", ""]
    lines += exitCodes
    return lines.joined(separator: "\n") + "\n"
  }

  private var exitCodes: [String] {
    [
      "| code | means |", "| --- | --- |", "| 0 | done |", "| 1 | found something wrong |",
      "| 2 | wrong usage |", "| 3 | could not reach or own something |",
      "| 130 | stopped by a signal before the end (`weir replay`, `weir backtest`) |",
    ]
  }

  private func leaves(_ tree: CommandTree, path: String) -> [(path: String, tree: CommandTree)] {
    tree.children.flatMap { child -> [(path: String, tree: CommandTree)] in
      let path = path + " " + child.commandName
      return child.children.isEmpty ? [(path, child)] : leaves(child, path: path)
    }
  }

  /// How GitHub names the anchor of a heading.
  static func anchor(_ heading: String) -> String {
    heading.lowercased().replacing(" ", with: "-")
  }

  private func section(_ command: CommandTree, _ path: String) -> [String] {
    var lines = ["## \(path)", ""]
    if let abstract = command.abstract { lines += [abstract, ""] }
    lines += ["`\(usage(command, path))`"]
    let discussion = (command.discussion ?? "").components(separatedBy: "EXAMPLES\n")
    let prose = discussion[0].trimmingCharacters(in: .whitespacesAndNewlines)
    if !prose.isEmpty { lines += ["", escaped(prose)] }
    if !command.own.isEmpty {
      lines += ["", "| argument | what |", "| --- | --- |"]
      lines += command.own.map { "| `\(name($0))` | \(about($0)) |" }
    }
    if discussion.count > 1 {
      lines += ["", "```text"]
      lines += discussion[1].split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
      lines.append("```")
    }
    return lines
  }

  private func usage(_ command: CommandTree, _ path: String) -> String {
    let options = command.own.contains { $0.kind != "positional" } ? ["[OPTIONS]"] : []
    let positional = command.own.filter { $0.kind == "positional" }.map { argument in
      let name = (argument.valueName ?? "VALUE").uppercased() + (argument.isRepeating ? "…" : "")
      return argument.isOptional ? "[\(name)]" : name
    }
    return ([path] + positional + options).joined(separator: " ")
  }

  private func name(_ argument: CommandTree.Argument) -> String {
    guard let names = argument.names, !names.isEmpty else {
      return (argument.valueName ?? "value").uppercased() + (argument.isRepeating ? "…" : "")
    }
    let all = names.map(\.text).joined(separator: ", ")
    guard argument.kind == "option" else { return all }
    return "\(all) \((argument.valueName ?? "value").uppercased())"
      + (argument.isRepeating ? "…" : "")
  }

  private func about(_ argument: CommandTree.Argument) -> String {
    var text = cell(argument.abstract)
    if let more = argument.discussion, !more.isEmpty { text += " " + cell(more) }
    if let values = argument.allValues, !values.isEmpty {
      text += " One of \(values.map { "`\($0)`" }.joined(separator: ", "))."
    }
    if argument.kind == "option", let value = argument.defaultValue, !value.isEmpty {
      text += " Default: `\(value)`."
    }
    return text
  }

  private func cell(_ text: String?) -> String {
    escaped(text ?? "").replacing("\n", with: " ").replacing("|", with: "\\|")
  }

  /// Text as text: in Markdown `<` would begin an element.
  private func escaped(_ text: String) -> String {
    text.replacing("<", with: "&lt;").replacing("*", with: "\\*")
  }
}
