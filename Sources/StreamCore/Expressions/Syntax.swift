/// An expression's tree: nodes in one array, children before parents.
struct Syntax {
  /// What a node is.
  enum Kind {
    /// Where a fault was reported already.
    case fault
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string([UInt8])
    /// The path's text, and once it is resolved its slot.
    case path(String, slot: Int?)
    /// A call that stands for a slot.
    case open(ExpressionCall)
    case list
    case not
    case negate
    /// Two or more operands.
    case and, or
    case binary(BinaryOperator)
    /// Condition, then, otherwise.
    case conditional
    case call(Builtin)
  }

  var kind: Kind
  var children: [Int] = []
  /// Bytes of the text.
  var range: Range<Int>
  var type: ExpressionType = .unknown
  /// Levels of nodes, this one included.
  var depth = 1
}

/// An operator between two values, `&&` and `||` apart.
enum BinaryOperator: String {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case `in`
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case remainder = "%"

  /// The operator of a symbol, if it is one.
  init?(_ symbol: Symbol) {
    self.init(rawValue: symbol.rawValue)
  }

  /// Those that bind more tightly have the greater one.
  var precedence: Int {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in: 3
    case .add, .subtract: 4
    case .multiply, .divide, .remainder: 5
    }
  }
}

/// What can be called, as `f(x, y)` or `x.f(y)`.
enum Builtin: String, CaseIterable {
  case startsWith, endsWith, contains, matches, size, has, double, int, string

  /// How many values it takes, the one before the dot included.
  var argumentCount: Int {
    switch self {
    case .startsWith, .endsWith, .contains, .matches: 2
    case .size, .has, .double, .int, .string: 1
    }
  }

  /// How it is written.
  var usage: String {
    switch self {
    case .startsWith, .endsWith, .contains, .matches: "x.\(rawValue)(\"text\")"
    case .size, .double, .int, .string: "\(rawValue)(x)"
    case .has: "has(a.path)"
    }
  }
}
