import Crypto

/// SHA-256, of bytes and keyed.
public enum SHA256Digest {
  /// The 32 bytes of the digest of `bytes`. O(bytes).
  public static func of(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    Array(SHA256.hash(data: Array(bytes)))
  }

  /// The digest as four words, least significant first. O(bytes).
  @inline(__always)
  public static func words(
    of bytes: UnsafeRawBufferPointer
  ) -> (UInt64, UInt64, UInt64, UInt64) {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    return hash.finalize().withUnsafeBytes { digest in
      func word(_ index: Int) -> UInt64 {
        UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
      return (word(3), word(2), word(1), word(0))
    }
  }

  /// HMAC-SHA256 (RFC 2104) of `message` under `key`: 32 bytes. O(bytes).
  public static func authentication(
    of message: some Sequence<UInt8>, key: some Sequence<UInt8>
  ) -> [UInt8] {
    let key = SymmetricKey(data: Array(key))
    return Array(HMAC<SHA256>.authenticationCode(for: Array(message), using: key))
  }
}
