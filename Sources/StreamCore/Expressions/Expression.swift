/// A compiled expression of the pipeline file over the slots of an event (or, in a formula, over
/// its inputs). DESIGN §7.
public struct Expression: Sendable {
  /// The text it was compiled from.
  public let text: String
  /// Slots it reads, ascending.
  public let slots: [Int]

  /// Its value; null where there is none. Text in the value lives as long as the slots' text,
  /// `scratch` and this expression.
  public func evaluate(_ slots: UnsafePointer<Value>, _ scratch: ScratchArena) -> Value { .null }

  /// Whether its value is true; null is false.
  public func isTrue(_ slots: UnsafePointer<Value>, _ scratch: ScratchArena) -> Bool { false }

  /// The expression that is slot `index`.
  public static func slot(_ index: Int, text: String) -> Expression {
    Expression(text: text, slots: [index])
  }

  /// Compiles `text`. `resolve` is asked for the slot of each path (`a.b.c`) in it.
  public static func compile(
    _ text: String, resolve: (String) -> NameResolution
  ) throws(ExpressionFaults) -> Expression {
    Expression(text: text, slots: [])
  }
}

/// What a path in an expression stands for.
public enum NameResolution: Sendable {
  /// The slot that holds its value; the type, where it is known.
  case slot(Int, type: ExpressionType = .unknown)
  /// Nothing; with the names that there are, for a hint.
  case unknown(known: [String])
}

/// Static type of an expression.
public enum ExpressionType: Sendable, Equatable {
  case unknown, bool, number, string, list
}

/// What is wrong with an expression's text.
public struct ExpressionFaults: Error, Sendable {
  /// One fault.
  public struct Fault: Sendable, Equatable {
    /// Short stable code, e.g. `unknown-name`.
    public var code: String
    /// Position in the text, in bytes from 0.
    public var position: Int
    /// What was found, and what is legal.
    public var message: String
    /// What to do, e.g. the nearest known name.
    public var hint: String?
  }
  /// In order of position; at least one.
  public var faults: [Fault]
}
