/// What a changed file may do to a file of results that an earlier one made.
enum UpgradeOptionSpecs {
  static let accept = Option.custom(
    "accept", "a mapping of stages to short digests",
    "Stages that begin anew although they meant something else before, each with the digest of its "
      + "new meaning as `weir check --against` prints it. A digest that is not that of the stage "
      + "as it stands is refused: what was accepted is what runs.",
    example: "{metrics.revenue: 3f9a2c71d0be}")
  static let keepRemoved = Option.duration(
    "keep_removed", default: "30d", in: 0...(4_000 * Units.day),
    "How long, in event time, the rows of a stage that was removed or redefined stay in the file.")

  static let all: [OptionSpec] = [accept.spec, keepRemoved.spec]
}

/// What a changed file may do to a file of results that an earlier one made.
public struct UpgradeOptions: Sendable, Equatable {
  /// Short digests by stage, `KIND.NAME` or a name that only one stage has.
  public var accept: [String: String] = [:]
  /// How long rows of removed and redefined stages stay, in milliseconds of event time.
  public var keepRemovedMs: Int64 = 30 * 86_400_000

  /// The defaults of the pipeline file.
  public init() {}
}

/// Reads `upgrade`.
struct UpgradeBuilder {
  let faults: FaultCollector

  func build(_ settings: Settings?) -> UpgradeOptions {
    var options = UpgradeOptions()
    guard let settings else { return options }
    options.keepRemovedMs = settings[UpgradeOptionSpecs.keepRemoved] ?? options.keepRemovedMs
    guard let node = settings[UpgradeOptionSpecs.accept], !node.isNull else { return options }
    guard let entries = node.entries else {
      faults.add(
        node.position, "not-a-mapping", "accept is \(node.found), not a mapping",
        hint: "for example accept: {metrics.revenue: 3f9a2c71d0be}")
      return options
    }
    for entry in entries {
      guard let scalar = entry.value.scalar, scalar.text.count == Self.digits,
        scalar.text.allSatisfy({ $0.isHexDigit && !$0.isUppercase })
      else {
        faults.add(
          entry.value.position, "bad-digest",
          "\(ConfigNode.shortened(entry.key)) is accepted with \(entry.value.found), which is no "
            + "digest", hint: "take the 12 digits that `weir check FILE --against` prints")
        continue
      }
      options.accept[entry.key] = scalar.text
    }
    return options
  }

  /// Hexadecimal digits of a short digest.
  static let digits = 12
}
