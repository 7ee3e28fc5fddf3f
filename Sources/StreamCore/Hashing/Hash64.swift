/// The 64-bit hash behind every identity that is kept by hash: users, ids, distinct values, series.
///
/// The algorithm is wyhash (Wang Yi's final version 4.2) with its published constants, read
/// little-endian. Its values are stored in state and decide which series are kept at a limit, so
/// they are part of the state format: they are equal in every process, on every machine and in
/// every version. It is not meant to withstand someone who looks for collisions on purpose.
public enum Hash64 {
  private static let secret0: UInt64 = 0x2d35_8dcc_aa6c_78a5
  private static let secret1: UInt64 = 0x8bb8_4b93_962e_acc9
  private static let secret2: UInt64 = 0x4b33_a62e_d433_d4a3
  private static let secret3: UInt64 = 0x4d5a_2da5_1de1_aa47

  /// Hash of `bytes`; different seeds give independent hashes. O(n), 2-3 ns for a short id.
  public static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    let length = bytes.count
    let start = seed ^ mix(seed ^ secret0, secret1)
    guard let base = bytes.baseAddress, length > 0 else {
      return finish(0, 0, seed: start, length: 0)
    }
    if length > 16 { return long(base, length, start) }
    if length < 4 {
      let first = UInt64(base.load(as: UInt8.self)) << 16
      let middle = UInt64(base.load(fromByteOffset: length >> 1, as: UInt8.self)) << 8
      let last = UInt64(base.load(fromByteOffset: length &- 1, as: UInt8.self))
      return finish(first | middle | last, 0, seed: start, length: length)
    }
    let stride = (length >> 3) << 2
    let tail = length &- 4
    let a = (word32(base, 0) << 32) | word32(base, stride)
    let b = (word32(base, tail) << 32) | word32(base, tail &- stride)
    return finish(a, b, seed: start, length: length)
  }

  /// Hash of a pair of hashes; the order counts.
  @inline(__always)
  public static func combine(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ secret0).multipliedFullWidth(by: b ^ secret1)
    return mix(product.low ^ secret0, product.high ^ secret1)
  }

  private static func long(_ base: UnsafeRawPointer, _ length: Int, _ start: UInt64) -> UInt64 {
    var seed = start
    var offset = 0
    var left = length
    if left >= 48 {
      var lane1 = seed
      var lane2 = seed
      repeat {
        seed = mix(word64(base, offset) ^ secret1, word64(base, offset &+ 8) ^ seed)
        lane1 = mix(word64(base, offset &+ 16) ^ secret2, word64(base, offset &+ 24) ^ lane1)
        lane2 = mix(word64(base, offset &+ 32) ^ secret3, word64(base, offset &+ 40) ^ lane2)
        offset &+= 48
        left &-= 48
      } while left >= 48
      seed ^= lane1 ^ lane2
    }
    while left > 16 {
      seed = mix(word64(base, offset) ^ secret1, word64(base, offset &+ 8) ^ seed)
      offset &+= 16
      left &-= 16
    }
    let end = offset &+ left
    return finish(
      word64(base, end &- 16), word64(base, end &- 8), seed: seed, length: length)
  }

  @inline(__always)
  private static func finish(_ a: UInt64, _ b: UInt64, seed: UInt64, length: Int) -> UInt64 {
    let product = (a ^ secret1).multipliedFullWidth(by: b ^ seed)
    return mix(product.low ^ secret0 ^ UInt64(length), product.high ^ secret1)
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.low ^ product.high
  }

  @inline(__always)
  private static func word64(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private static func word32(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}
