extension Evaluator {
  /// Arithmetic. Whole numbers stay whole where the outcome fits, else the nearest double is
  /// taken; `/` is always a double. An outcome that is not finite is null.
  func calculate(_ node: UnsafePointer<ProgramNode>) -> Value {
    let a = value(node.pointee.a)
    let b = value(node.pointee.b)
    if node.pointee.operation == .add, a.kind == .string, b.kind == .string { return join(a, b) }
    let (x, y) = (a.asNumber, b.asNumber)
    if case .int(let i) = x, case .int(let j) = y, let value = whole(node, i, j) { return value }
    guard let p = x.double, let q = y.double else { return .null }
    switch node.pointee.operation {
    case .add: return finite(p + q)
    case .subtract: return finite(p - q)
    case .multiply: return finite(p * q)
    case .divide: return q == 0 ? .null : finite(p / q)
    default:
      guard let i = wholeNumber(p), let j = wholeNumber(q) else { return .null }
      return remainder(i, j)
    }
  }

  /// Arithmetic of whole numbers; nil when it is for doubles.
  @inline(__always)
  private func whole(_ node: UnsafePointer<ProgramNode>, _ i: Int64, _ j: Int64) -> Value? {
    let (outcome, overflow): (Int64, Bool)
    switch node.pointee.operation {
    case .add: (outcome, overflow) = i.addingReportingOverflow(j)
    case .subtract: (outcome, overflow) = i.subtractingReportingOverflow(j)
    case .multiply: (outcome, overflow) = i.multipliedReportingOverflow(by: j)
    case .remainder: return remainder(i, j)
    default: return nil
    }
    return overflow ? nil : .int(outcome)
  }

  private func remainder(_ i: Int64, _ j: Int64) -> Value {
    if j == 0 { return .null }
    return .int(j == -1 ? 0 : i % j)
  }

  @inline(__always)
  private func finite(_ double: Double) -> Value {
    double.isFinite ? .double(double + 0) : .null
  }

  private func join(_ a: Value, _ b: Value) -> Value {
    let (x, y) = (a.bytes, b.bytes)
    guard x.count + y.count <= Int(UInt32.max) else { return .null }
    let joined = scratch.allocate(x.count + y.count)
    joined.copyBytes(from: x)
    UnsafeMutableRawBufferPointer(rebasing: joined[x.count...]).copyBytes(from: y)
    return .text(.string, UnsafeRawBufferPointer(joined))
  }

  /// Negation, conversions and size.
  func convert(_ node: UnsafePointer<ProgramNode>) -> Value {
    let a = value(node.pointee.a)
    switch node.pointee.operation {
    case .toText: return text(a)
    case .size: return size(a)
    case .toDouble: return a.asNumber.double.map { .double($0) } ?? .null
    case .toInt:
      switch a.asNumber {
      case .none: return .null
      case .int(let int): return .int(int)
      case .double(let double):
        return double.magnitude < 0x1p63 ? .int(Int64(double)) : .null
      }
    default:
      switch a.asNumber {
      case .none: return .null
      case .int(let int): return int == .min ? .double(0x1p63) : .int(-int)
      case .double(let double): return .double(0 - double)
      }
    }
  }

  private func text(_ value: Value) -> Value {
    switch value.kind {
    case .string: return value
    case .bool, .int, .double, .number:
      var out: [UInt8] = []
      CanonicalJSON.append(value, to: &out)
      let copy = scratch.allocate(out.count)
      copy.copyBytes(from: out)
      return .text(.string, UnsafeRawBufferPointer(copy))
    case .missing, .null, .object, .array: return .null
    }
  }

  private func size(_ value: Value) -> Value {
    switch value.kind {
    case .string: return .int(Int64(UTF8Text.codePointCount(value.bytes)))
    case .array: return RawList.count(value)
    case .object: return RawList.memberCount(value)
    default: return .null
    }
  }
}
