import Glibc
import StreamTestKit

@testable import StreamCore

/// A decoded value as tests compare it.
enum Decoded: Equatable, CustomStringConvertible {
  case missing
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case object(String)
  case array(String)
  case int(Int64)
  case double(Double)
  /// Text of a kind that promises UTF-8 and is none.
  case broken([UInt8])

  init(_ value: Value) {
    switch value.kind {
    case .missing: self = .missing
    case .null: self = .null
    case .bool: self = .bool(value.bits == 1)
    case .int: self = .int(value.intBits)
    case .double: self = .double(value.doubleBits)
    case .number, .string, .object, .array:
      guard let text = String(validating: value.bytes, as: UTF8.self) else {
        self = .broken(Array(value.bytes))
        return
      }
      switch value.kind {
      case .number: self = .number(text)
      case .object: self = .object(text)
      case .array: self = .array(text)
      default: self = .string(text)
      }
    }
  }

  var description: String {
    switch self {
    case .missing: "missing"
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): "number \(text)"
    case .string(let text): "string \(text.debugDescription)"
    case .object(let text): "object \(text)"
    case .array(let text): "array \(text)"
    case .int(let value): "int \(value)"
    case .double(let value): "double \(value)"
    case .broken(let bytes): "broken \(bytes)"
    }
  }
}

/// What became of one message.
enum Outcome: Equatable {
  case event([Decoded])
  case rejected(RejectReason)

  var values: [Decoded]? {
    if case .event(let values) = self { values } else { nil }
  }
}

/// A decoder whose payloads end where readable memory ends, so that reading past one is a crash.
final class DecodeHarness {
  let decoder: EventDecoder
  let fieldCount: Int
  private let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  private let size: Int
  private let memory: UnsafeMutableRawPointer

  init(_ source: SourcePlan, topic: String = "t", largest: Int = 1 << 16) {
    decoder = EventDecoder(source: source, topic: topic)
    fieldCount = source.fields.count
    size = (largest + page - 1) / page * page
    memory = mmap(
      nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    mprotect(memory + size, page, PROT_NONE)
  }

  convenience init(
    fields: [FieldBinding], format: PayloadFormat = .json, largest: Int = 1 << 16
  ) {
    self.init(
      SourcePlan(name: "s", topic: "t", format: format, fields: fields), largest: largest)
  }

  convenience init(_ paths: String..., format: PayloadFormat = .json, largest: Int = 1 << 16) {
    self.init(
      fields: paths.map { .paths([$0.split(separator: ".").map(String.init)]) }, format: format,
      largest: largest)
  }

  deinit { munmap(memory, size + page) }

  /// Copies a payload to the end of readable memory and gives its place.
  func place(_ payload: [UInt8]) -> UnsafePointer<UInt8> {
    let start = memory + (size - payload.count)
    payload.withUnsafeBytes {
      start.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count)
    }
    return UnsafePointer(start.assumingMemoryBound(to: UInt8.self))
  }

  /// Decodes one message in a block of its own and hands its raw slots to `read`.
  func decode<R>(
    _ payload: [UInt8], key: String? = nil, timestampMs: Int64 = RawMessage.noTimestamp,
    read: (RejectReason?, UnsafePointer<UInt8>, [Value]) -> R
  ) -> R {
    let start = place(payload)
    let slots = UnsafeMutablePointer<Value>.allocate(capacity: max(fieldCount, 1))
    slots.initialize(repeating: .int(-1), count: max(fieldCount, 1))
    defer { slots.deallocate() }
    var keyBytes = Array((key ?? "").utf8)
    return keyBytes.withUnsafeMutableBufferPointer { keyBytes in
      var message = RawMessage(
        payload: start, payloadCount: Int32(payload.count),
        key: key == nil ? nil : UnsafePointer(keyBytes.baseAddress),
        keyCount: Int32(keyBytes.count), offset: 0, timestampMs: timestampMs)
      decoder.beginBlock()
      let reason = decoder.decode(&message, into: slots)
      return read(reason, start, Array(UnsafeBufferPointer(start: slots, count: fieldCount)))
    }
  }

  /// Decodes one message.
  func decode(
    _ payload: [UInt8], key: String? = nil, timestampMs: Int64 = RawMessage.noTimestamp
  ) -> Outcome {
    decode(payload, key: key, timestampMs: timestampMs) { reason, _, values in
      reason.map(Outcome.rejected) ?? .event(values.map(Decoded.init))
    }
  }

  /// Decodes one message.
  func decode(_ payload: String, key: String? = nil) -> Outcome {
    decode(Array(payload.utf8), key: key)
  }
}

extension SeededGenerator {
  /// A number of 0 ..< count.
  mutating func number(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

/// Damages bytes as lines and disks do: changed, dropped and repeated bytes, cuts and splices.
func mutated(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
  var bytes = bytes
  for _ in 0...random.number(below: 3) where !bytes.isEmpty {
    let at = random.number(below: bytes.count)
    switch random.number(below: 7) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[at] = Array("\"\\{}[],:0-.eE+tfn \n\t\u{0}u;'".utf8)[random.number(below: 24)]
    case 2: bytes.remove(at: at)
    case 3: bytes.removeSubrange(at...)
    case 4: bytes.insert(bytes[random.number(below: bytes.count)], at: at)
    case 5:
      let end = min(bytes.count, at + random.number(below: 12))
      bytes.insert(contentsOf: bytes[at..<end], at: random.number(below: bytes.count))
    default: bytes.removeSubrange(at..<min(bytes.count, at + random.number(below: 6)))
    }
  }
  return bytes
}
