/// Builds the table of a `RegularExpression`: each state is a set of steps under way, and what
/// kind of byte came before.
struct PatternTable {
  /// States beyond which a pattern is refused.
  static let maxStates = 4_000
  /// Work beyond which it is refused, so that reading a file stays quick.
  static let maxWork = 4_000_000

  /// What is on one side of a place in the text.
  private enum Side: UInt8 { case edge, word, other }

  private struct State: Hashable {
    var steps: [Int32]
    var before: Side
  }

  private let machine: PatternMachine
  private let usesWords: Bool
  private(set) var classes = [UInt8](repeating: 0, count: 256)
  private(set) var classCount = 0
  /// One byte of each class.
  private var examples: [UInt8] = []
  private var ids: [State: UInt16] = [:]
  private var states: [State] = []
  private var work = 0

  init(_ machine: PatternMachine) {
    self.machine = machine
    usesWords = machine.usesWords
    divideBytes()
  }

  /// Puts bytes that no step tells apart into one class.
  private mutating func divideBytes() {
    var begins = [Bool](repeating: false, count: 257)
    for case .byte(let range, _) in machine.steps {
      begins[Int(range.lowerBound)] = true
      begins[Int(range.upperBound) + 1] = true
    }
    if usesWords {
      for range in CodePointSet.wordCharacters.ranges {
        begins[Int(range.lowerBound)] = true
        begins[Int(range.upperBound) + 1] = true
      }
    }
    for byte in 0..<256 {
      if byte == 0 || begins[byte] { examples.append(UInt8(byte)) }
      classes[byte] = UInt8(examples.count - 1)
    }
    classCount = examples.count
  }

  /// The table, row after row. State 0 is having matched, state 1 the start.
  mutating func build() throws(RegularExpression.Fault) -> [UInt16] {
    var table = [UInt16](repeating: RegularExpression.matched, count: classCount + 1)
    states = [State(steps: [], before: .other)]
    _ = try id(State(steps: [Int32(machine.start)], before: .edge))
    var next = 1
    while next < states.count {
      let state = states[next]
      let besideWord = usesWords ? activeSteps(state, after: .word) : []
      let besideOther = activeSteps(state, after: .other)
      for example in examples {
        let side = side(of: example)
        table.append(try target(side == .word ? besideWord : besideOther, example, side))
      }
      // Having nothing after the last byte but the end leads to matched, or anywhere else.
      let matchesAtEnd = activeSteps(state, after: .edge) == nil
      table.append(matchesAtEnd ? RegularExpression.matched : RegularExpression.start)
      next += 1
    }
    return table
  }

  /// The state that `byte` leads to from the steps in `active`; nil stands for having matched.
  private mutating func target(
    _ active: [Int]?, _ byte: UInt8, _ side: Side
  ) throws(RegularExpression.Fault) -> UInt16 {
    guard let active else { return RegularExpression.matched }
    work += active.count + 1
    // Every place may be the first of a match.
    var steps: Set<Int32> = [Int32(machine.start)]
    for step in active {
      if case .byte(let range, let next) = machine.steps[step], range.contains(byte) {
        steps.insert(Int32(next))
      }
    }
    return try id(State(steps: steps.sorted(), before: side))
  }

  private mutating func id(_ state: State) throws(RegularExpression.Fault) -> UInt16 {
    if let id = ids[state] { return id }
    guard states.count < Self.maxStates, work < Self.maxWork else {
      throw .init(
        position: 1, message: "the pattern needs too large a table (\(Self.maxStates) states)",
        hint: "begin it with ^, use smaller repetitions, or split it into several conditions")
    }
    let id = UInt16(states.count)
    ids[state] = id
    states.append(state)
    return id
  }

  /// The steps that wait for a byte once all others are taken; nil when one of them is the match.
  private mutating func activeSteps(_ state: State, after: Side) -> [Int]? {
    var active: [Int] = []
    var seen: Set<Int> = []
    var pending = state.steps.map(Int.init)
    while let step = pending.popLast() {
      guard seen.insert(step).inserted else { continue }
      work += 1
      switch machine.steps[step] {
      case .matched: return nil
      case .byte: active.append(step)
      case .either(let a, let b):
        pending.append(a)
        pending.append(b)
      case .textStart(let next):
        if state.before == .edge { pending.append(next) }
      case .textEnd(let next):
        if after == .edge { pending.append(next) }
      case .wordBoundary(let wanted, let next):
        if ((state.before == .word) != (after == .word)) == wanted { pending.append(next) }
      }
    }
    return active
  }

  /// The kind of a byte, as far as the pattern cares.
  private func side(of byte: UInt8) -> Side {
    usesWords && CodePointSet.wordCharacters.contains(UInt32(byte)) ? .word : .other
  }
}
