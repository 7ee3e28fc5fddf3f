import Testing

@testable import StreamCore

/// A seeded source of numbers for the tests of this folder's aggregates, calendar and codec.
struct AggregateRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Hash64.combine(state, 0x1234_5678_9abc_def1)
  }
}

extension ByteWriter {
  /// The bytes that `body` writes.
  static func bytes(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    body(&writer)
    return writer.bytes
  }
}

/// Checks that a decoder reads `bytes` whole, refuses every shorter text of them, and neither traps
/// nor changes its mind when bytes are damaged: what it accepts, it encodes and accepts again.
func checkCodec<T>(
  _ bytes: [UInt8], seed: UInt64, decode: (inout ByteReader) throws -> T,
  encode: (T, inout ByteWriter) -> Void
) throws {
  func read(_ bytes: [UInt8]) throws -> T {
    var reader = ByteReader(bytes)
    let value = try decode(&reader)
    try reader.finish("value")
    return value
  }
  let value = try read(bytes)
  #expect(ByteWriter.bytes { encode(value, &$0) } == bytes)
  let step = max(1, bytes.count / 500)
  for end in stride(from: 0, to: bytes.count, by: step) {
    #expect(throws: CodecError.self, "cut at \(end), seed \(seed)") {
      _ = try read(Array(bytes[..<end]))
    }
  }
  var random = AggregateRandom(seed: seed)
  for _ in 0..<300 {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) where !damaged.isEmpty {
      let index = Int.random(in: 0..<min(damaged.count, 200), using: &random)
      damaged[index] = UInt8.random(in: 0...255, using: &random)
    }
    guard let other = try? read(damaged) else { continue }
    let again = ByteWriter.bytes { encode(other, &$0) }
    #expect(ByteWriter.bytes { encode((try? read(again)) ?? value, &$0) } == again)
  }
}
