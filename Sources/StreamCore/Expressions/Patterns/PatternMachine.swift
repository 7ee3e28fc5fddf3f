/// A pattern as steps on bytes, several of which can be under way at once. From it the table is
/// built.
struct PatternMachine {
  /// Steps beyond which a pattern is refused.
  static let maxSteps = 5_000

  /// One step; numbers are those of the steps that follow.
  enum Step {
    case matched
    /// Takes a byte of the range.
    case byte(ClosedRange<UInt8>, then: Int)
    case either(Int, Int)
    case textStart(then: Int)
    case textEnd(then: Int)
    case wordBoundary(Bool, then: Int)
  }

  private(set) var steps: [Step] = [.matched]
  private(set) var start = 0

  /// Translates a tree.
  init(_ tree: PatternTree) throws(RegularExpression.Fault) {
    start = try add(tree, then: 0)
  }

  /// Whether any step depends on whether letters are of words.
  var usesWords: Bool {
    steps.contains { if case .wordBoundary = $0 { true } else { false } }
  }

  private mutating func add(_ step: Step) throws(RegularExpression.Fault) -> Int {
    guard steps.count < Self.maxSteps else {
      throw .init(
        position: 1, message: "the pattern needs more than \(Self.maxSteps) steps",
        hint: "use smaller repetitions")
    }
    steps.append(step)
    return steps.count - 1
  }

  /// Adds a tree's steps, which lead to step `next`; the first of them.
  private mutating func add(
    _ tree: PatternTree, then next: Int
  ) throws(RegularExpression.Fault) -> Int {
    switch tree {
    case .sequence(let items):
      var first = next
      for item in items.reversed() { first = try add(item, then: first) }
      return first
    case .alternatives(let branches):
      var first: Int?
      for branch in branches.reversed() {
        let start = try add(branch, then: next)
        if let others = first { first = try add(.either(start, others)) } else { first = start }
      }
      return first ?? next
    case .characters(let set):
      return try add(set, then: next)
    case .repeated(let item, let least, let most):
      return try add(item, least: least, most: most, then: next)
    case .textStart: return try add(.textStart(then: next))
    case .textEnd: return try add(.textEnd(then: next))
    case .wordBoundary(let wanted): return try add(.wordBoundary(wanted, then: next))
    }
  }

  private mutating func add(
    _ set: CodePointSet, then next: Int
  ) throws(RegularExpression.Fault) -> Int {
    var first: Int?
    for sequence in set.byteSequences {
      var start = next
      for range in sequence.reversed() { start = try add(.byte(range, then: start)) }
      if let others = first { first = try add(.either(start, others)) } else { first = start }
    }
    if let first { return first }
    // A set of nothing is never matched: a step that leads only to itself.
    let never = try add(.either(0, 0))
    steps[never] = .either(never, never)
    return never
  }

  private mutating func add(
    _ item: PatternTree, least: Int, most: Int?, then next: Int
  ) throws(RegularExpression.Fault) -> Int {
    var first = next
    if let most {
      for _ in least..<max(least, most) {
        first = try add(.either(try add(item, then: first), next))
      }
    } else {
      let loop = try add(.either(next, next))
      steps[loop] = .either(try add(item, then: loop), next)
      first = loop
    }
    for _ in 0..<least { first = try add(item, then: first) }
    return first
  }
}
