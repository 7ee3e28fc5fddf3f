import Digests

/// How long a message waits after an attempt failed.
public enum Backoff {
  /// The first pause, in milliseconds.
  public static let firstMs: Int64 = 1_000
  /// The longest pause.
  public static let longestMs: Int64 = 300_000

  /// A number in 0 ..< 1 for a message's attempt, by which pauses differ.
  public typealias Jitter = @Sendable (_ messageID: String, _ attempts: Int) -> Double

  /// Spreads messages without chance: from the digest of id and attempt.
  public static let spread: Jitter = { messageID, attempts in
    let digest = SHA256Digest.of("\(messageID)/\(attempts)".utf8)
    let number = digest.prefix(6).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(number) / Double(1 << 48)
  }

  /// The pause after `attempts` attempts: 1 s, doubled with each up to 5 min, of which between half
  /// and all is waited.
  public static func pauseMs(attempts: Int, jitter: Double) -> Int64 {
    let doublings = min(max(1, attempts) - 1, 20)
    let whole = min(firstMs << Int64(doublings), longestMs)
    let part = jitter.isFinite ? min(max(jitter, 0), 1) : 1
    return whole / 2 + Int64(Double(whole / 2) * part)
  }
}
