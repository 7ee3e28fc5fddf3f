/// A source's field bindings, compiled: which path is decoded into which place of a row, and what
/// is left to do to a row afterwards.
///
/// A row has a place for every field and, after those, one for every further path: those of lists.
/// Owns the text of constants, so rows made from it are valid as long as it lives.
final class FieldLayout {
  /// A planned path and its place.
  struct Path {
    var steps: [String]
    var place: Int
  }

  let fieldCount: Int
  private(set) var paths: [Path] = []
  /// Fields filled from several paths, or from a path that has its place elsewhere. For each, one
  /// after another: its place, how many places to look in, those places in order.
  private(set) var choices: [Int] = []
  private(set) var keyPlaces: [Int] = []
  private(set) var timestampPlaces: [Int] = []
  private(set) var headerPlaces: [(place: Int, header: Int)] = []
  /// A row before its message is read: constants in place, everything else missing.
  private(set) var template: [Value]
  private var texts: [UnsafeMutableRawBufferPointer] = []

  /// Compiles bindings. `sameColumn`: paths that read alike when joined by dots are one, as in CSV.
  init(_ bindings: [FieldBinding], topic: String, sameColumn: Bool) {
    fieldCount = bindings.count
    template = Array(repeating: .missing, count: bindings.count)
    var placeOfPath: [[String]: Int] = [:]
    for (field, binding) in bindings.enumerated() {
      switch binding {
      case .paths(let list):
        add(
          sameColumn ? list.map { [$0.joined(separator: ".")] } : list, field: field,
          placeOfPath: &placeOfPath)
      case .constant(let constant): template[field] = value(of: constant)
      case .recordKey: keyPlaces.append(field)
      case .recordTimestamp: timestampPlaces.append(field)
      case .recordTopic: template[field] = text(topic)
      case .recordHeader(let index): headerPlaces.append((field, index))
      case .absent: break
      }
    }
  }

  deinit {
    for text in texts { text.deallocate() }
  }

  private func add(_ list: [[String]], field: Int, placeOfPath: inout [[String]: Int]) {
    if let only = list.first, list.count == 1, placeOfPath[only] == nil {
      placeOfPath[only] = field
      paths.append(Path(steps: only, place: field))
      return
    }
    if list.isEmpty { return }
    choices += [field, list.count]
    for steps in list {
      if let place = placeOfPath[steps] {
        choices.append(place)
        continue
      }
      let place = template.count
      template.append(.missing)
      placeOfPath[steps] = place
      paths.append(Path(steps: steps, place: place))
      choices.append(place)
    }
  }

  private func value(of constant: FieldBinding.Constant) -> Value {
    switch constant {
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let value): text(value)
    }
  }

  private func text(_ string: String) -> Value {
    var string = string
    return string.withUTF8 { utf8 in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: utf8.count, alignment: 1)
      memory.copyMemory(from: UnsafeRawBufferPointer(utf8))
      texts.append(memory)
      return .text(.string, UnsafeRawBufferPointer(memory))
    }
  }
}

/// A row of values while a message is read into it: the caller's slots and, for the places beyond
/// the fields, memory of the decoder.
struct FieldRow {
  let fields: UnsafeMutablePointer<Value>
  let fieldCount: Int
  let extras: UnsafeMutablePointer<Value>

  subscript(place: Int) -> Value {
    @inline(__always) get {
      place < fieldCount ? fields[place] : extras[place - fieldCount]
    }
    @inline(__always) nonmutating set {
      if place < fieldCount {
        fields[place] = newValue
      } else {
        extras[place - fieldCount] = newValue
      }
    }
  }
}
