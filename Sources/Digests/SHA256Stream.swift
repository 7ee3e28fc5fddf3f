import Crypto

/// SHA-256 of bytes that come in parts.
public struct SHA256Stream {
  private var hash = SHA256()

  /// Of no bytes yet.
  public init() {}

  /// Takes the next bytes. O(bytes).
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// The 32 bytes of the digest of all that came.
  public func finish() -> [UInt8] { Array(hash.finalize()) }
}
