/// SipHash-2-4 with 128 bits of output: a keyed pseudo-random function, fast on short texts. Who
/// does not have the key cannot tell what an output is of, nor make one.
struct SipHash {
  /// The key.
  let k0: UInt64
  let k1: UInt64

  /// Keys it with 128 bits.
  init(_ k0: UInt64, _ k1: UInt64) {
    self.k0 = k0
    self.k1 = k1
  }

  /// The 128 bits of `bytes`. O(bytes).
  @inline(__always)
  func hash(_ bytes: UnsafeRawBufferPointer) -> (low: UInt64, high: UInt64) {
    var state = State(k0, k1)
    let count = bytes.count
    var at = 0
    while at &+ 8 <= count {
      state.absorb(
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      at &+= 8
    }
    var last = UInt64(truncatingIfNeeded: count & 0xFF) << 56
    var shift: UInt64 = 0
    while at < count {
      last |= UInt64(bytes[at]) << shift
      shift &+= 8
      at &+= 1
    }
    state.absorb(last)
    return state.finish()
  }

  private struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    @inline(__always)
    init(_ k0: UInt64, _ k1: UInt64) {
      v0 = k0 ^ 0x736f_6d65_7073_6575
      v1 = k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
      v2 = k0 ^ 0x6c79_6765_6e65_7261
      v3 = k1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    private static func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 {
      x << by | x >> (64 &- by)
    }

    @inline(__always)
    mutating func round() {
      v0 &+= v1
      v1 = Self.rotated(v1, 13) ^ v0
      v0 = Self.rotated(v0, 32)
      v2 &+= v3
      v3 = Self.rotated(v3, 16) ^ v2
      v0 &+= v3
      v3 = Self.rotated(v3, 21) ^ v0
      v2 &+= v1
      v1 = Self.rotated(v1, 17) ^ v2
      v2 = Self.rotated(v2, 32)
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    @inline(__always)
    mutating func finish() -> (low: UInt64, high: UInt64) {
      v2 ^= 0xee
      for _ in 0..<4 { round() }
      let low = v0 ^ v1 ^ v2 ^ v3
      v1 ^= 0xdd
      for _ in 0..<4 { round() }
      return (low, v0 ^ v1 ^ v2 ^ v3)
    }
  }
}
