import Foundation

/// What commands write and where: results to standard output, progress to standard error and only
/// when somebody is watching.
enum Terminal {
  /// Whether standard error is a terminal.
  static let isWatched = isatty(STDERR_FILENO) == 1

  /// Whether standard output may be coloured: a terminal that can, and nobody said no.
  static var isStyled: Bool {
    isatty(STDOUT_FILENO) == 1 && !ProcessEnvironment.isDumbTerminal
      && ProcessEnvironment.allowsColor
  }

  /// Shows `line` in place of the progress shown before; nothing unless somebody is watching.
  static func progress(_ line: String) {
    guard isWatched else { return }
    tell("\r\u{1B}[K" + line, terminator: "")
  }

  /// Takes the progress line away.
  static func endProgress() { progress("") }

  /// Writes to standard error.
  static func tell(_ text: String, terminator: String = "\n") {
    try? FileHandle.standardError.write(contentsOf: Data((text + terminator).utf8))
  }

  /// Writes a line of the log to standard error, in the place of the progress shown there.
  @Sendable static func log(_ line: String) { tell((isWatched ? "\r\u{1B}[K" : "") + line) }

  /// Writes `value` to standard output as JSON with sorted keys, indented.
  static func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// `1,234,567`.
  static func grouped(_ number: Int64) -> String {
    var text = ""
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (number < 0 ? "-" : "") + String(text.reversed())
  }

  /// `3 events`, `1 event`.
  static func count(_ number: Int64, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// `1:02:03` or `2:03`, of milliseconds rounded up to seconds.
  static func clock(ms: Int64) -> String {
    let seconds = (max(ms, 0) + 999) / 1000
    func padded(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
    let tail = "\(padded(seconds % 60))"
    return seconds < 3600
      ? "\(seconds / 60):\(tail)" : "\(seconds / 3600):\(padded(seconds / 60 % 60)):\(tail)"
  }
}
