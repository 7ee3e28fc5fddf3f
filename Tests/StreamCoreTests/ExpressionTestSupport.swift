import StreamCore

/// A value with memory of its own, as tests write it.
enum Sample: Equatable, CustomStringConvertible {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  /// A JSON number as it was written.
  case token(String)
  case string(String)
  case array(String)
  case object(String)

  var description: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .int(let int): "int \(int)"
    case .double(let double): "double \(double)"
    case .token(let text): "token \(text)"
    case .string(let text): "'\(text)'"
    case .array(let text), .object(let text): text
    }
  }

  init(_ value: Value) {
    let text = String(decoding: value.hasBytes ? Array(value.bytes) : [], as: UTF8.self)
    switch value.kind {
    case .missing, .null: self = .null
    case .bool: self = .bool(value.bits == 1)
    case .int: self = .int(value.intBits)
    case .double: self = .double(value.doubleBits)
    case .number: self = .token(text)
    case .string: self = .string(text)
    case .array: self = .array(text)
    case .object: self = .object(text)
    }
  }

  /// Makes the value, its text in `arena`.
  func value(_ arena: ScratchArena) -> Value {
    func text(_ kind: Value.Kind, _ string: String) -> Value {
      let copy = arena.allocate(string.utf8.count)
      copy.copyBytes(from: Array(string.utf8))
      return .text(kind, UnsafeRawBufferPointer(copy))
    }
    switch self {
    case .null: return .null
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .double(let double): return .double(double)
    case .token(let string): return text(.number, string)
    case .string(let string): return text(.string, string)
    case .array(let string): return text(.array, string)
    case .object(let string): return text(.object, string)
    }
  }
}

extension Value {
  var hasBytes: Bool { [.number, .string, .array, .object].contains(kind) }
}

/// Fields by name, in the order of their slots.
struct Fields {
  var members: [(name: String, value: Sample)]
  var types: [String: ExpressionType] = [:]

  init(_ members: [(String, Sample)]) {
    self.members = members.map { (name: $0.0, value: $0.1) }
  }

  func compile(_ text: String) throws(ExpressionFaults) -> Expression {
    try Expression.compile(text) { name in
      guard let slot = members.firstIndex(where: { $0.name == name }) else {
        return .unknown(known: members.map(\.name))
      }
      return .slot(slot, type: types[name] ?? .unknown)
    }
  }

  func evaluate(_ expression: Expression) -> (value: Sample, isTrue: Bool) {
    let arena = ScratchArena()
    let slots = members.map { $0.value.value(arena) } + [.null]
    return slots.withUnsafeBufferPointer { slots in
      guard let base = slots.baseAddress else { return (.null, false) }
      return (Sample(expression.evaluate(base, arena)), expression.isTrue(base, arena))
    }
  }

  func evaluate(_ text: String) throws(ExpressionFaults) -> (value: Sample, isTrue: Bool) {
    evaluate(try compile(text))
  }
}
