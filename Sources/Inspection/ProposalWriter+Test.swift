import StreamCore

extension ProposalWriter {
  /// A test of two events of the most frequent name, in the form of the records.
  func test() -> String {
    guard let first = profile.events.first else { return "" }
    var text = "# Two events as they were found; add some whose results you know.\ntests:\n"
    text += "  - name: events of one hour are counted together\n    events:\n"
    let rows = [0, 20].map { event(first.name, second: $0) }
    if options.csv != nil {
      if options.csv?.header == nil, let row = rows.first {
        text += "      - \(YAMLText.quoted(line(row.map(\.column))))\n"
      }
      for row in rows { text += "      - \(YAMLText.quoted(line(cells(of: row))))\n" }
    } else {
      for row in rows {
        var mapping = FlowMapping()
        for field in row { _ = mapping.set(field.steps, field.value) }
        text += "      - \(mapping.text)\n"
      }
    }
    text += "    expect:\n"
    if profile.roles.time?.isOfRecord == true {
      // Events of a test have no record, and so no time.
      return text + "      fates: {read: 2, rejected: 2}\n"
    }
    let dimensions = hasOneName ? "" : ", dimensions: {event: \(YAMLText.scalar(first.name))}"
    text += "      metrics:\n"
    text += "        - {metric: \(stages.events)\(dimensions), value: 2}\n"
    if let users = stages.activeUsers, profile.roles.user?.isOfRecord != true {
      text += "        - {metric: \(users), value: 1}\n"
    }
    return text + "      fates: {read: 2, rejected: 0}\n"
  }

  /// One field of an event of the test. The value is as YAML or, of CSV, as the cell has it.
  private struct TestField {
    var steps: [String]
    var value: String
    var column: String { steps.joined(separator: ".") }
  }

  private func event(_ name: String, second: Int) -> [TestField] {
    var fields: [TestField] = []
    let isCSV = options.csv != nil
    func add(_ choice: RoleChoice.Choice?, _ value: String, isNumber: Bool = false) {
      guard let steps = choice.flatMap({ filledPath($0) }) else { return }
      if fields.contains(where: { $0.steps == steps }) { return }
      fields.append(
        TestField(
          steps: steps, value: isCSV || isNumber ? value : YAMLText.scalar(value)))
    }
    let time = timeText(second: second)
    add(profile.roles.time, time.text, isNumber: time.isNumber)
    add(profile.roles.name, name)
    add(profile.roles.user, "u1")
    add(profile.roles.id, "m\(second)")
    return fields
  }

  /// The path that events have the field at, of several the one that is filled most.
  private func filledPath(_ choice: RoleChoice.Choice) -> [String]? {
    func filled(_ steps: [String]) -> Int64 {
      profile.fields.first { $0.steps == steps }?.filled ?? 0
    }
    return choice.paths.max { filled($0) < filled($1) }
  }

  private func cells(of row: [TestField]) -> [String] {
    guard let header = options.csv?.header else { return row.map(\.value) }
    return header.map { column in row.first { $0.column == column }?.value ?? "" }
  }

  private func line(_ cells: [String]) -> String {
    let delimiter = options.csv?.delimiter ?? 0x2C
    let sign = String(UnicodeScalar(delimiter))
    return cells.map { cell in
      let isPlain =
        !cell.isEmpty
        && !cell.utf8.contains { $0 == delimiter || $0 == 0x22 || $0 <= 0x20 }
      return isPlain || (cell.isEmpty && delimiter != 0x20)
        ? cell
        : "\""
          + cell.split(separator: "\"", omittingEmptySubsequences: false)
          .joined(separator: "\"\"") + "\""
    }.joined(separator: sign)
  }

  /// 2026-01-05 10:00 and some seconds, a Monday, as the time field is written.
  private func timeText(second: Int) -> (text: String, isNumber: Bool) {
    let seconds: Int64 = 1_767_607_200 + Int64(second)
    let twoDigits = second < 10 ? "0\(second)" : "\(second)"
    guard let path = profile.roles.time.flatMap({ filledPath($0) }),
      let field = profile.fields.first(where: { $0.steps == path })
    else { return ("2026-01-05T10:00:\(twoDigits)Z", false) }
    let isNumber = field.count(.number) > field.count(.string)
    if let pattern = profile.roles.timePattern {
      return (Self.filled(pattern, second: twoDigits), isNumber)
    }
    if field.share(.date) > 0.5 { return ("2026-01-05", false) }
    if field.share(.epochSeconds) > 0.5 { return ("\(seconds)", isNumber) }
    if field.share(.epochMilliseconds) > 0.5 { return ("\(seconds)000", isNumber) }
    if field.share(.epochMicroseconds) > 0.5 { return ("\(seconds)000000", isNumber) }
    return ("2026-01-05T10:00:\(twoDigits)Z", false)
  }

  /// A pattern with the parts of 2026-01-05 10:00 in it.
  private static func filled(_ pattern: String, second: String) -> String {
    var text = ""
    var letters = pattern[...]
    while let letter = letters.first {
      let run = letters.prefix { $0 == letter }
      letters = letters.dropFirst(run.count)
      switch run {
      case "yyyy": text += "2026"
      case "MM": text += "01"
      case "M": text += "1"
      case "dd": text += "05"
      case "d": text += "5"
      case "HH", "H": text += "10"
      case "mm", "m": text += "00"
      case "ss", "s": text += second
      default: text += run
      }
    }
    return text
  }
}
