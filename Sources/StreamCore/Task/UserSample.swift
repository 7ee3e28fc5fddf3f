/// One in 1,024 of a partition's users, by hash: a user of a keyed topic who is sampled in two
/// partitions shows that it is not keyed by user.
///
/// The same users are sampled everywhere. It outlives no restart, and keeps `limit` users at most:
/// a topic that is not keyed shows it with the first of them.
struct UserSample {
  /// Users that are remembered.
  static let limit = 4_096
  private static let mask: UInt64 = 1_023
  private var known: Set<UInt64> = []
  private var fresh: [UInt64] = []

  /// Whether a user is one of those sampled; 0 is no user.
  @inline(__always)
  static func holds(_ hash: UInt64) -> Bool { hash & mask == 0 && hash != 0 }

  /// Takes note of a user who is one of those sampled.
  @inline(never)
  mutating func insert(_ hash: UInt64) {
    guard known.count < Self.limit, known.insert(hash).inserted else { return }
    fresh.append(hash)
  }

  /// Users seen for the first time since the last call.
  mutating func take() -> [UInt64] {
    defer { fresh.removeAll() }
    return fresh
  }
}
