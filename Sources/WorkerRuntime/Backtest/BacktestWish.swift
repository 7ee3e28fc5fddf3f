import Foundation
import StreamCore

/// What somebody wants to try of one rule: `RULE.NAME=VALUE`, or several values of it.
public struct BacktestWish: Sendable, Equatable {
  /// Name of the alert or risk.
  public var rule: String
  /// A threshold, `for` or `clear`.
  public var name: String
  /// The value; of a sweep the list or the range.
  public var text: String
  /// Whether several values are tried, one after the other.
  public var isSweep: Bool

  /// Most values of one sweep.
  static let valuesMax = 1_000

  /// Reads the argument of `--set`, or of `--sweep`.
  ///
  /// - Throws: `WorkerError` of wrong usage where it is not written so.
  public init(_ argument: String, isSweep: Bool) throws(WorkerError) {
    let option = isSweep ? "--sweep" : "--set"
    let form =
      isSweep
      ? "write RULE.NAME=LO..HI:STEP or RULE.NAME=A,B,C, as payment_trouble.above=0.1..0.5:0.05"
      : "write RULE.NAME=VALUE, as payment_trouble.above=0.3; NAME is a threshold, for or clear"
    guard let equals = argument.firstIndex(of: "="),
      let dot = argument[..<equals].lastIndex(of: "."), dot > argument.startIndex,
      argument.index(after: dot) < equals, argument.index(after: equals) < argument.endIndex
    else {
      throw WorkerError(.usage, "\(option) \(argument) names no value of a rule", whatToDo: form)
    }
    rule = String(argument[..<dot])
    name = String(argument[argument.index(after: dot)..<equals])
    text = String(argument[argument.index(after: equals)...])
    self.isSweep = isSweep
  }

  /// The argument as it was given, for messages.
  var argument: String { "\(isSweep ? "--sweep" : "--set") \(rule).\(name)=\(text)" }

  /// The values of it as texts: that of a set, or those of a list or a range.
  ///
  /// - Parameter step: The distance of values where a range names none.
  /// - Throws: `WorkerError` of wrong usage for what is no list and no range, or too long.
  func values(step: Double?) throws(WorkerError) -> [String] {
    guard isSweep else { return [text] }
    if name == RuleOption.clear {
      throw WorkerError(
        .usage, "\(argument): expressions have commas of their own",
        whatToDo: "give clear one expression with --set \(rule).clear=…")
    }
    guard let dots = text.firstRange(of: "..") else {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard parts.allSatisfy({ !$0.isEmpty }), Set(parts).count == parts.count else {
        throw WorkerError(
          .usage, "\(argument): the list has an empty or a repeated value",
          whatToDo: "write each value once, as 0.1,0.2,0.3")
      }
      return parts
    }
    let end = text[dots.upperBound...].split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = ([text[..<dots.lowerBound]] + end).map { Double($0) }
    guard let low = numbers[0], let high = numbers[1], low.isFinite, high.isFinite, low <= high,
      numbers.count == 2 || numbers[2] != nil
    else {
      throw WorkerError(
        .usage, "\(argument): '\(text)' is no range of numbers",
        whatToDo: "write LO..HI:STEP with LO not above HI, as 0.1..0.5:0.05, or A,B,C")
    }
    guard let step = numbers.count == 3 ? numbers[2] : name == RuleOption.hold ? 1 : step else {
      throw WorkerError(
        .usage, "\(argument): the range has no step, and \(rule).\(name) has none in the file",
        whatToDo: "write LO..HI:STEP, as \(text):0.1")
    }
    guard step > 0, step.isFinite, (high - low) / step < Double(Self.valuesMax) else {
      throw WorkerError(
        .usage,
        "\(argument): a step of \(DecimalText.of(step)) is not above 0, or gives more than "
          + "\(Self.valuesMax) values", whatToDo: "take a longer step or a shorter range")
    }
    return DecimalText.steps(from: low, through: high, by: step).map(DecimalText.of)
  }
}

/// Options of a rule that are no thresholds.
enum RuleOption {
  static let hold = "for"
  static let clear = "clear"
}

/// Numbers as people write them: 0.3, not 0.30000000000000004.
public enum DecimalText {
  /// `low`, `low + step`, … as far as `high`, which belongs to it however the sum rounds.
  static func steps(from low: Double, through high: Double, by step: Double) -> [Double] {
    let count = Int(((high - low) / step + 1e-9).rounded(.down))
    return (0...max(0, count)).map { rounded(low + Double($0) * step, digits: 12) }
  }

  /// `value` with so many significant digits.
  public static func rounded(_ value: Double, digits: Int) -> Double {
    Double(String(format: "%.\(digits)g", value)) ?? value
  }

  /// The shortest text of a number that reads back as it, without a fraction where it has none.
  public static func of(_ value: Double) -> String {
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return "\(value)"
  }
}
