import StreamCore

/// Compiles what one alert's expressions ask, and gathers what they read.
struct AlertExpressions {
  let reader: StageReader
  let catalogue: ResultCatalogue
  /// What the alert watches, and how it is called.
  let watched: ResultCatalogue.Entry
  let watchedName: String
  /// In order of name.
  let thresholds: [ThresholdPlan]
  /// What is read, by slot.
  private(set) var inputs: [AlertInput] = []
  /// Other results that do not go with the watched one.
  private var strangers: [(path: String, code: String, message: String, hint: String)] = []
  /// Whether a stage that is read is faulty itself.
  private var isFaulty = false

  init(
    reader: StageReader, catalogue: ResultCatalogue, watched: ResultCatalogue.Entry,
    watchedName: String, thresholds: [ThresholdPlan]
  ) {
    self.reader = reader
    self.catalogue = catalogue
    self.watched = watched
    self.watchedName = watchedName
    self.thresholds = thresholds
  }

  /// Calls that stand for a slot, with what they take.
  static let calls: [String: String] = [
    "lower": "lower(value)", "upper": "upper(value)", "previous": "previous(1)",
    "same_time": "same_time(1w)", "change": "change(1h)", "mean": "mean(7) or mean(4, 1w)",
    "stddev": "stddev(7) or stddev(4, 1w)",
  ]
  /// Names that stand for a slot.
  static let names = ["value", "samples"]

  /// The expression at `node`; nil when a fault says why not.
  mutating func compile(_ node: ConfigNode, owner: String) -> Expression? {
    strangers = []
    isFaulty = false
    var reading = self
    let expression = reader.compiler.compile(
      node, owner: owner, wanted: .bool, calls: Set(Self.calls.keys),
      resolveCall: { reading.slot(of: $0) }, resolve: { reading.slot(ofName: $0) })
    self = reading
    for stranger in strangers {
      reader.faults.add(
        reader.compiler.position(of: stranger.path, in: node), stranger.code, stranger.message,
        hint: stranger.hint)
    }
    guard let expression, strangers.isEmpty, !isFaulty else { return nil }
    if expression.slots.isEmpty {
      reader.faults.add(
        node.position, "constant-condition",
        "\(owner) is the same in every window: it reads no value",
        hint: "for example \(owner): value > 100")
      return nil
    }
    return expression
  }

  private mutating func slot(_ input: AlertInput) -> Int {
    if let index = inputs.firstIndex(of: input) { return index }
    inputs.append(input)
    return inputs.count - 1
  }

  // MARK: - Names

  private mutating func slot(ofName path: String) -> NameResolution {
    if path == "value" { return .slot(slot(.value), type: .number) }
    if path == "samples" {
      if watched.reference.figure == .kpi {
        strangers.append(
          (
            path, "kpi-without-samples",
            "\(watchedName) is a KPI, which rests on no one number of samples",
            "compare value, or read a KPI that counts"
          ))
      }
      return .slot(slot(.samples), type: .number)
    }
    if let index = thresholds.firstIndex(where: { $0.name == path }) {
      return .slot(slot(.threshold(index)), type: .number)
    }
    switch catalogue.result(path) {
    case .faulty:
      isFaulty = true
      return .slot(0, type: .number)
    case .unknown:
      return .unknown(known: Self.names + thresholds.map(\.name) + catalogue.names)
    case .entry(let entry):
      if entry.reference == watched.reference { return .slot(slot(.value), type: .number) }
      check(entry, path)
      return .slot(slot(.other(entry.reference)), type: .number)
    }
  }

  private mutating func check(_ entry: ResultCatalogue.Entry, _ path: String) {
    if entry.window != watched.window {
      strangers.append(
        (
          path, "alert-windows",
          "\(path) has windows of \(WindowText.text(entry.window)) and \(watchedName) of "
            + WindowText.text(watched.window), "read results of the same windows"
        ))
    } else if !entry.dimensions.isEmpty, entry.dimensions != watched.dimensions {
      let own = watched.dimensions.isEmpty ? "nothing" : watched.dimensions.joined(separator: ", ")
      strangers.append(
        (
          path, "alert-dimensions",
          "\(path) is by \(entry.dimensions.joined(separator: ", ")) and \(watchedName) by \(own)",
          "read results of the same dimensions, or of none"
        ))
    }
  }

  // MARK: - Calls

  private mutating func slot(of call: ExpressionCall) -> CallResolution {
    do throws(CallFault) {
      return .slot(slot(try input(of: call)))
    } catch {
      return .faults([error.fault])
    }
  }

  private struct CallFault: Error {
    var fault: ExpressionFaults.Fault

    init(_ position: Int, _ code: String, _ message: String, _ hint: String?) {
      fault = .init(code: code, position: position, message: message, hint: hint)
    }
  }

  private func input(of call: ExpressionCall) throws(CallFault) -> AlertInput {
    let takesTwo = call.name == "mean" || call.name == "stddev"
    guard call.arguments.count == 1 || takesTwo && call.arguments.count == 2 else {
      throw CallFault(
        call.position, "wrong-arguments",
        "`\(call.name)` takes \(takesTwo ? "1 or 2" : "1"); found \(call.arguments.count)",
        "write \(Self.calls[call.name] ?? "")")
    }
    let first = Argument(call.arguments[0])
    switch call.name {
    case "lower", "upper":
      try checkRatio(call, first)
      return call.name == "lower" ? .lower : .upper
    case "previous": return .previous(try count(first, call, atLeast: 1))
    case "same_time": return .previous(try distance(first, call))
    case "change": return .change(try distance(first, call))
    default:
      let isMean = call.name == "mean"
      let number = try count(first, call, atLeast: isMean ? 1 : 2)
      let step = call.arguments.count == 2 ? try distance(Argument(call.arguments[1]), call) : 1
      guard Int64(number) * Int64(step) <= AlertOptions.lookBackMax else {
        throw CallFault(
          call.position, "too-far-back",
          "`\(call.name)` looks \(Int64(number) * Int64(step)) windows back; at most "
            + "\(AlertOptions.lookBackMax) are legal", "make a metric of longer windows")
      }
      return isMean ? .mean(count: number, step: step) : .stddev(count: number, step: step)
    }
  }

  /// An argument without the blanks around it.
  private struct Argument {
    var text: String
    var position: Int

    init(_ argument: ExpressionCall.Argument) {
      let rest = argument.text.drop(while: \.isWhitespace)
      position = argument.position + argument.text.utf8.count - rest.utf8.count
      text = String(rest.reversed().drop(while: \.isWhitespace).reversed())
    }
  }

  private func checkRatio(_ call: ExpressionCall, _ argument: Argument) throws(CallFault) {
    guard argument.text == "value" else {
      throw CallFault(
        argument.position, "wrong-arguments",
        "`\(call.name)` is of the watched value alone", "write \(call.name)(value)")
    }
    guard watched.isRatioOfCounts else {
      throw CallFault(
        call.position, "not-a-ratio",
        "`\(call.name)` is of a share of one count in another, and \(watchedName) is none",
        "watch a formula a / b of counts, a conversion, a cell of retention or bounce_rate")
    }
  }

  private func count(
    _ argument: Argument, _ call: ExpressionCall, atLeast least: Int64
  ) throws(CallFault) -> Int {
    guard let number = Int64(argument.text) else {
      throw CallFault(
        argument.position, "wrong-arguments",
        "`\(ConfigNode.shortened(argument.text))` is no number of windows",
        "write \(Self.calls[call.name] ?? "")")
    }
    guard (least...AlertOptions.lookBackMax).contains(number) else {
      throw CallFault(
        argument.position, "out-of-range",
        "`\(call.name)` takes \(least) to \(AlertOptions.lookBackMax) windows; found \(number)", nil
      )
    }
    return Int(number)
  }

  /// A distance in whole windows.
  private func distance(_ argument: Argument, _ call: ExpressionCall) throws(CallFault) -> Int {
    switch WindowDistance.windows(argument.text, of: watched.window) {
    case .windows(let count) where count <= AlertOptions.lookBackMax: return Int(count)
    case .windows(let count):
      throw CallFault(
        argument.position, "too-far-back",
        "\(argument.text) is \(count) windows of \(watchedName); at most "
          + "\(AlertOptions.lookBackMax) are legal", "make a metric of longer windows")
    case .malformed:
      throw CallFault(
        argument.position, "bad-duration",
        "`\(ConfigNode.shortened(argument.text))` is no duration",
        "write \(Self.calls[call.name] ?? "")")
    case .uneven(let hint):
      throw CallFault(
        argument.position, "uneven-distance",
        "\(argument.text) is no whole number of steps of \(watchedName), whose windows are "
          + "\(WindowText.length(watched.window.every, watched.window.unit)) apart", hint)
    }
  }
}

/// Distances between windows.
enum WindowDistance {
  enum Outcome: Equatable {
    case windows(Int64)
    case malformed
    /// With what to write.
    case uneven(hint: String)
  }

  /// How many windows apart `text` is: `1w` are 7 windows of a day of the calendar, and 168 of an
  /// hour.
  static func windows(_ text: String, of window: WindowPlan) -> Outcome {
    guard let length = try? Units.window(text), length.count > 0 else { return .malformed }
    let every = WindowText.length(window.every, window.unit)
    guard let units = count(length, in: window.unit) else {
      switch window.unit {
      case .millisecond:
        return .uneven(hint: "months have no fixed length; write days or weeks")
      case .day, .week:
        return .uneven(
          hint: "windows of days follow the calendar; write days or weeks, as \(every)")
      case .month:
        return .uneven(hint: "write months, as \(every)")
      }
    }
    guard units % window.every == 0 else { return .uneven(hint: "write a multiple of \(every)") }
    return .windows(units / window.every)
  }

  private static func count(_ length: WindowLength, in unit: WindowPlan.Unit) -> Int64? {
    switch (unit, length.unit) {
    case (.millisecond, .millisecond), (.day, .day), (.week, .week), (.month, .month):
      return length.count
    case (.millisecond, .day), (.millisecond, .week):
      let days: Int64 = length.unit == .week ? 7 * Units.day : Units.day
      let (ms, overflow) = length.count.multipliedReportingOverflow(by: days)
      return overflow ? nil : ms
    case (.day, .week):
      let (days, overflow) = length.count.multipliedReportingOverflow(by: 7)
      return overflow ? nil : days
    case (.week, .day): return length.count % 7 == 0 ? length.count / 7 : nil
    default: return nil
    }
  }
}
