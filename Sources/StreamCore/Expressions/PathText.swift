/// How a path is written as one text: `context.city`. Steps that contain a dot are in backquotes.
public enum PathText {
  /// The text of the path with these steps.
  public static func joined(_ steps: [String]) -> String {
    steps.map { $0.contains(".") ? "`\($0)`" : $0 }.joined(separator: ".")
  }

  /// The steps of a path's text; the inverse of `joined` for steps without backquotes.
  public static func steps(of text: String) -> [String] {
    var steps: [String] = []
    var step = ""
    var quoted = false
    for character in text.unicodeScalars {
      if character == "`" {
        quoted.toggle()
      } else if character == "." && !quoted {
        steps.append(step)
        step = ""
      } else {
        step.unicodeScalars.append(character)
      }
    }
    return steps + [step]
  }
}
