import Crypto

/// Bytes that nobody can guess: for keys and ids of sessions, never for results.
public enum SecretBytes {
  /// `count` bytes of the system's cryptographic randomness; at least one.
  public static func make(_ count: Int) -> [UInt8] {
    SymmetricKey(size: SymmetricKeySize(bitCount: max(1, count) * 8)).withUnsafeBytes { Array($0) }
  }
}
