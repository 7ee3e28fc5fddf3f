/// Judges what people ask of thresholds. Pure: the worker at a snapshot, the command line before it
/// asks, and on a stopped file in the worker's place, all decide by this.
public enum ThresholdDesk {
  /// The longest reason and the longest name of a person, in bytes.
  public static let textLimit = 2000

  /// The row of `thresholds` that `request` comes to, or why there is none.
  ///
  /// The row holds from `clock` on, or from the request's own later `from`. Refused are an unknown
  /// rule or threshold, dimensions that the rule's series do not have, a value that is not finite
  /// or outside of `min` and `max`, a `from` before `clock` (it has been judged), a reset without a
  /// value to take back, and a request without a name or a reason.
  ///
  /// - Parameters:
  ///   - rules: The pipeline's rules.
  ///   - rows: The table `thresholds`, in its order.
  ///   - clock: Greatest clock of all partitions; nil before the first event.
  ///   - now: When it is taken.
  /// - Complexity: O(rules + rows).
  public static func apply(
    _ request: ThresholdRequest, rules: [RuleRow], rows: [ThresholdRow], clock: EventTime?,
    now: WallTime
  ) -> Result<ThresholdRow, Refusal> {
    do throws(Refusal) {
      let (rule, threshold) = try find(request, rules)
      let dimensions = try canonical(request.dimensions, of: rule)
      if rule.kind == .risk, dimensions != "{}" {
        throw Refusal(
          "the thresholds of the risk '\(rule.rule)' are the same for every entity",
          whatToDo: "Leave --where out; to hear nothing of one entity, silence it",
          kind: .sameForEveryEntity(rule: rule.rule))
      }
      let value = try value(of: request, threshold, dimensions, rows)
      let effective = try effective(request.from, clock)
      try check(request.requestedBy, is: "the name of who asks", option: "--by")
      try check(request.reason, is: "a reason", option: "--reason")
      return .success(
        ThresholdRow(
          rule: rule.rule, name: threshold.name, dimensions: dimensions, value: value,
          effective: effective, set: now, origin: request.value == nil ? .reset : .person,
          setBy: request.requestedBy, reason: request.reason))
    } catch {
      return .failure(error)
    }
  }

  /// Judges `requests` one after the other, each as if the ones before it were stored: the new rows
  /// of `thresholds`, and an answer to every request. See `apply`.
  public static func answer(
    _ requests: [ThresholdRequest], rules: [RuleRow], rows: [ThresholdRow], clock: EventTime?,
    now: WallTime
  ) -> (rows: [ThresholdRow], answers: [ThresholdAnswer]) {
    var added: [ThresholdRow] = []
    let answers = requests.map { request in
      switch apply(request, rules: rules, rows: rows + added, clock: clock, now: now) {
      case .success(let row):
        added.append(row)
        return ThresholdAnswer(requestID: request.id, isTaken: true, text: text(of: row))
      case .failure(let refusal):
        return ThresholdAnswer(
          requestID: request.id, isTaken: false, text: refusal.description)
      }
    }
    return (added, answers)
  }

  /// What a taken request is answered: from when on which value holds.
  public static func text(of row: ThresholdRow) -> String {
    let scope = row.dimensions == "{}" ? "" : " for \(row.dimensions)"
    let back = row.origin == .reset ? " again, as the pipeline file says," : ""
    return "\(row.rule).\(row.name)\(scope) is \(text(row.value))\(back) from "
      + (row.effective.ms <= 0 ? "the first event on" : "\(row.effective.text) of event time on")
  }

  /// Canonical JSON of the dimensions that `json` names. Throws what is wrong where it is no object
  /// of scalars, or where the series of `rule` have no such dimension. O(bytes).
  public static func canonical(_ json: String, of rule: RuleRow) throws(Refusal) -> String {
    guard let (dimensions, names) = scope(json) else {
      throw Refusal(
        "'\(json.prefix(100))' are no dimensions",
        whatToDo: "Give them as NAME=VALUE, or as a JSON object of texts, numbers, true, false and "
          + "null", kind: .notDimensions)
    }
    for name in names.sorted() where !rule.dimensions.contains(name) {
      let known =
        rule.dimensions.isEmpty
        ? "it has none" : "it has \(rule.dimensions.joined(separator: ", "))"
      throw Refusal(
        "'\(rule.rule)' has no dimension '\(name)'\(Refusal.hint(name, rule.dimensions))",
        whatToDo: "Name a dimension of the rule (\(known)), or leave it out",
        kind: .unknownDimension(name, rule: rule.rule, known: rule.dimensions))
    }
    return dimensions
  }

  /// Canonical JSON of an object of scalars, and its names; nil for anything else.
  private static func scope(_ json: String) -> (json: String, names: [String])? {
    var copy = json
    let canonical: [UInt8]? = copy.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      guard bytes.first(where: { $0 > 32 }) == UInt8(ascii: "{") else { return nil }
      var out: [UInt8] = []
      CanonicalJSON.append(.text(.object, bytes), to: &out)
      return out
    }
    // What is malformed becomes a string.
    guard let canonical, canonical.first == UInt8(ascii: "{") else { return nil }
    let text = String(decoding: canonical, as: UTF8.self)
    let pairs = DimensionSet(text).pairs
    let isFlat = pairs.values.allSatisfy { !$0.hasPrefix("{") && !$0.hasPrefix("[") }
    return isFlat ? (text, Array(pairs.keys)) : nil
  }

  private static func find(
    _ request: ThresholdRequest, _ rules: [RuleRow]
  ) throws(Refusal) -> (RuleRow, ThresholdPlan) {
    guard let rule = rules.first(where: { $0.rule == request.rule }) else {
      let names = rules.filter { !$0.thresholds.isEmpty }.map(\.rule).sorted()
      let known =
        names.isEmpty
        ? "no rule of this pipeline has thresholds" : "there are \(names.joined(separator: ", "))"
      throw Refusal(
        "there is no alert or risk '\(request.rule)'\(Refusal.hint(request.rule, names))",
        whatToDo: "Name a rule with thresholds: \(known)",
        kind: .unknownRule(request.rule, known: names))
    }
    guard let threshold = rule.thresholds.first(where: { $0.name == request.name }) else {
      let names = rule.thresholds.map(\.name)
      let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
      throw Refusal(
        "'\(rule.rule)' has no threshold '\(request.name)'\(Refusal.hint(request.name, names))",
        whatToDo: "Name a threshold of the rule: \(known)",
        kind: .unknownThreshold(request.name, rule: rule.rule, known: names))
    }
    return (rule, threshold)
  }

  private static func value(
    of request: ThresholdRequest, _ threshold: ThresholdPlan, _ dimensions: String,
    _ rows: [ThresholdRow]
  ) throws(Refusal) -> Double {
    let name = "\(request.rule).\(request.name)"
    guard let value = request.value else {
      let own = rows.last {
        $0.rule == request.rule && $0.name == request.name && $0.origin != .file
          && DimensionSet($0.dimensions) == DimensionSet(dimensions)
      }
      guard own?.origin == .person else {
        throw Refusal(
          "nobody has set \(name)\(dimensions == "{}" ? "" : " for \(dimensions)"): the pipeline "
            + "file's value holds already",
          whatToDo: "Look at `weir thresholds list`", kind: .notSet(name))
      }
      return ThresholdSchedule.standard(threshold, dimensions)
    }
    guard value.isFinite else {
      throw Refusal(
        "\(value) is not a finite number", whatToDo: "Give \(name) a number",
        kind: .notFinite(name))
    }
    let bounds = (threshold.min ?? -.infinity, threshold.max ?? .infinity)
    guard value >= bounds.0, value <= bounds.1 else {
      let isLess = value < bounds.0
      throw Refusal(
        "\(text(value)) is \(isLess ? "less" : "more") than \(name) may be, "
          + "\(text(isLess ? bounds.0 : bounds.1))",
        whatToDo: "Give a value within its bounds, or change them in the pipeline file",
        kind: isLess
          ? .tooSmall(value, of: name, least: bounds.0)
          : .tooLarge(value, of: name, greatest: bounds.1))
    }
    return value
  }

  private static func effective(
    _ from: EventTime?, _ clock: EventTime?
  ) throws(Refusal) -> EventTime {
    // Without an event nothing has been judged: it holds from the start, as the file's values do.
    let earliest = max(clock ?? EventTime(ms: 0), EventTime(ms: 0))
    guard let from else { return earliest }
    guard from >= earliest else {
      throw Refusal(
        "\(from.text) has been judged already: the clock is at \(earliest.text)",
        whatToDo: "Leave --from out, or give a time from the clock on; `weir backtest` shows what "
          + "the value would have done before",
        kind: .judgedAlready(from, clock: earliest))
    }
    guard from < .distantFuture else {
      throw Refusal(
        "it would never begin", whatToDo: "Give --from a time that comes", kind: .neverBegins)
    }
    return from
  }

  /// Throws unless `text` says something, within `textLimit`. O(bytes).
  public static func check(_ text: String, is what: String, option: String) throws(Refusal) {
    let told: Refusal.Text =
      switch option {
      case "--reason": .reason
      case "--note": .note
      default: .name
      }
    guard !text.utf8.isEmpty, text.utf8.contains(where: { $0 > 32 }) else {
      throw Refusal(
        "\(what) is missing", whatToDo: "Give it with \(option): it is kept with the change",
        kind: .missing(told))
    }
    guard text.utf8.count <= textLimit else {
      throw Refusal(
        "\(what) is longer than \(textLimit) bytes", whatToDo: "Say it shorter",
        kind: .tooLong(told, bytes: textLimit))
    }
  }

  /// Shortest text of a number.
  static func text(_ value: Double) -> String {
    var out: [UInt8] = []
    guard CanonicalNumber.append(value, to: &out) else { return "\(value)" }
    return String(decoding: out, as: UTF8.self)
  }
}
