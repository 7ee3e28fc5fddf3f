import StreamCore

/// Compiles `when` of one risk: calls over the entity's events, and thresholds.
struct RiskExpressions {
  let reader: StageReader
  /// Names of thresholds, in order.
  let thresholds: [String]
  /// What is computed, by slot; thresholds are in the slots after.
  private(set) var aggregates: [RiskPlan.Aggregate] = []
  /// Thresholds that stand inside a call, where they have no value.
  private var inside: [String] = []
  /// Names outside calls that are no thresholds.
  private var outside: [String] = []

  init(reader: StageReader, thresholds: [String]) {
    self.reader = reader
    self.thresholds = thresholds
  }

  /// Calls that stand for a slot.
  private static let calls = Set(RiskPlan.Aggregate.Kind.allCases.map(\.rawValue))

  /// The expression at `node`; nil when a fault says why not. Compiled twice over: where
  /// thresholds are is known once everything that is computed is.
  mutating func compile(_ node: ConfigNode, _ scope: inout NameScope) -> Expression? {
    let quiet = ExpressionCompiler(
      locator: reader.compiler.locator, faults: FaultCollector(file: reader.faults.file))
    _ = compile(node, quiet, firstThreshold: RiskOptions.aggregatesMax, &scope)
    let count = aggregates.count
    (aggregates, inside, outside) = ([], [], [])
    let expression = compile(node, reader.compiler, firstThreshold: count, &scope)
    for name in inside {
      reader.faults.add(
        reader.compiler.position(of: name, in: node), "threshold-inside-call",
        "the threshold \(name) has no value inside a call, which is of each event by itself",
        hint: "compare it outside, or name it otherwise than the event's field")
    }
    for name in outside {
      reader.faults.add(
        reader.compiler.position(of: name, in: node), "unknown-name",
        "`\(ConfigNode.shortened(name))` is no threshold, and fields of events stand inside a call",
        hint: NearestName.hint(name, in: thresholds)
          ?? "for example last(\(ConfigNode.shortened(name)))")
    }
    let hasTraits = reader.compiler.refuseTraits(node, scope)
    guard let expression, inside.isEmpty, outside.isEmpty, !hasTraits else { return nil }
    if count == 0 {
      reader.faults.add(
        node.position, "constant-condition", "when is always the same: it reads no event",
        hint: "for example when: count() > 5")
      return nil
    }
    if count > RiskOptions.aggregatesMax {
      reader.faults.add(
        node.position, "too-many-aggregates",
        "when has \(count) different calls; at most \(RiskOptions.aggregatesMax) are legal",
        hint: "make several risks of it")
      return nil
    }
    return expression
  }

  private mutating func compile(
    _ node: ConfigNode, _ compiler: ExpressionCompiler, firstThreshold: Int,
    _ scope: inout NameScope
  ) -> Expression? {
    scope.refusedTraits = []
    var reading = self
    let expression = compiler.compile(
      node, owner: "when", wanted: .bool, calls: Self.calls,
      resolveCall: { reading.slot(of: $0, &scope) },
      resolve: { name in
        if let index = thresholds.firstIndex(of: name) {
          return .slot(firstThreshold + index, type: .number)
        }
        reading.outside.append(name)
        return .slot(firstThreshold)
      })
    self = reading
    return expression
  }

  // MARK: - Calls

  private mutating func slot(
    of call: ExpressionCall, _ scope: inout NameScope
  ) -> CallResolution {
    guard let kind = RiskPlan.Aggregate.Kind(rawValue: call.name) else { return .faults([]) }
    let hasValue = kind != .count
    let counts = hasValue ? 1...2 : 0...1
    guard counts.contains(call.arguments.count) else {
      return .faults([
        .init(
          code: "wrong-arguments", position: call.position,
          message: "`\(call.name)` takes \(counts.lowerBound) or \(counts.upperBound); found "
            + "\(call.arguments.count)",
          hint: hasValue
            ? "write \(call.name)(properties.total) or "
              + "\(call.name)(properties.total, event == \"purchase\")"
            : "write count() or count(event == \"purchase\")")
      ])
    }
    var aggregate = RiskPlan.Aggregate(kind: kind)
    do throws(ExpressionFaults) {
      if hasValue {
        let isAny = kind == .distinct || kind == .first || kind == .last
        let value = try compile(call.arguments[0], wanted: isAny ? .unknown : .number, &scope)
        if value.type == .list { return Self.list(call.arguments[0]) }
        aggregate.value = value
      }
      if let argument = call.arguments.dropFirst(hasValue ? 1 : 0).first {
        aggregate.condition = try compile(argument, wanted: .bool, &scope)
      }
    } catch {
      return .faults(error.faults)
    }
    let isOfEvent = kind == .first || kind == .last
    let type = isOfEvent ? aggregate.value?.type ?? .unknown : .number
    if let index = aggregates.firstIndex(where: { $0.isSame(as: aggregate) }) {
      return .slot(index, type: type)
    }
    aggregates.append(aggregate)
    return .slot(aggregates.count - 1, type: type)
  }

  private static func list(_ argument: ExpressionCall.Argument) -> CallResolution {
    .faults([
      .init(
        code: "wrong-type", position: argument.position + blanks(argument),
        message: "the expression gives a list, and one value is wanted here", hint: nil)
    ])
  }

  private static func blanks(_ argument: ExpressionCall.Argument) -> Int {
    argument.text.utf8.count - argument.text.drop(while: \.isWhitespace).utf8.count
  }

  /// An argument over the fields of an event; positions of faults are in the whole text.
  private mutating func compile(
    _ argument: ExpressionCall.Argument, wanted: ExpressionType, _ scope: inout NameScope
  ) throws(ExpressionFaults) -> Expression {
    let shift = argument.position + Self.blanks(argument)
    var text = argument.text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace ?? false { text.removeLast() }
    var thresholdsInside: [String] = []
    do throws(ExpressionFaults) {
      let expression = try Expression.compile(String(text), wanted: wanted) { path in
        if thresholds.contains(path) { thresholdsInside.append(path) }
        return scope.resolve(path)
      }
      inside += thresholdsInside
      return expression
    } catch {
      var moved = error
      for index in moved.faults.indices { moved.faults[index].position += shift }
      throw moved
    }
  }
}

extension RiskPlan.Aggregate {
  /// Whether it computes the same, whatever blanks it was written with.
  fileprivate func isSame(as other: RiskPlan.Aggregate) -> Bool {
    let text = { (expression: Expression?) in
      expression.map { Definition.normalised($0.text) }
    }
    return kind == other.kind && text(value) == text(other.value)
      && text(condition) == text(other.condition)
  }
}
