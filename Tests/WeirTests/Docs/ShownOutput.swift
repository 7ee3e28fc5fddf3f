/// Compares what a document shows with what is printed.
enum ShownOutput {
  /// Stands for what varies: within a line for any text, alone for any lines.
  static let any = "…"

  /// What is printed, as documents show it: without blanks at ends of lines and empty lines at both
  /// ends.
  static func lines(_ text: String) -> [String] {
    trimmed(
      text.split(
        separator: "\n", omittingEmptySubsequences: false
      ).map(String.init))
  }

  static func trimmed(_ lines: [String]) -> [String] {
    var lines = lines.map { line in
      String(line.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    while lines.first?.isEmpty == true { lines.removeFirst() }
    return lines
  }

  /// Index of the first line of `shown` that cannot be found where it must be; nil where all is as
  /// shown, and the number of lines where more is printed than shown.
  static func mismatch(shown: [String], printed: [String]) -> Int? {
    // `reachable[i]`: the lines shown so far can stand for the first i printed ones.
    var reachable = [Bool](repeating: false, count: printed.count + 1)
    reachable[0] = true
    for (index, line) in shown.enumerated() {
      var next = [Bool](repeating: false, count: printed.count + 1)
      if line == any {
        var isReached = false
        for count in 0...printed.count {
          isReached = isReached || reachable[count]
          next[count] = isReached
        }
      } else {
        for count in 0..<printed.count where reachable[count] && matches(line, printed[count]) {
          next[count + 1] = true
        }
      }
      if !next.contains(true) { return index }
      reachable = next
    }
    return reachable[printed.count] ? nil : shown.count
  }

  /// Whether a line is as shown.
  static func matches(_ shown: String, _ printed: String) -> Bool {
    var parts = shown.split(separator: any, omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, let last = parts.popLast() else { return shown == printed }
    var rest = printed[...]
    for (index, part) in parts.enumerated() {
      if index == 0 {
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      } else {
        if part.isEmpty { continue }
        guard let found = rest.firstRange(of: part) else { return false }
        rest = rest[found.upperBound...]
      }
    }
    return rest.hasSuffix(last)
  }

  /// What is printed, with lines that are shown rightly as they are shown.
  static func merged(shown: [String], printed: [String]) -> [String] {
    guard shown.count == printed.count else { return printed }
    return zip(shown, printed).map { matches($0, $1) ? $0 : $1 }
  }
}
