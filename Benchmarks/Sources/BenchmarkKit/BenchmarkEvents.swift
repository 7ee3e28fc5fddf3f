/// Made-up events of about 400 bytes in the Segment `track` shape, written straight as bytes.
///
/// The same from the same seed. Users are dealt to partitions by number, so that a partition is
/// what a keyed topic's would be.
public struct BenchmarkEvents {
  /// How users are drawn.
  public enum Users: String, Sendable {
    case uniform, zipf
  }

  private let users: Users
  private let userCount: UInt64
  private var state: UInt64
  private let names = [
    "page_view", "product_view", "add_to_cart", "search", "payment_details", "purchase", "refund",
    "share", "like", "payment_error",
  ]
  private let channels = ["web", "app", "mini_program", "livestream", "store"]

  /// Makes the events of `userCount` users, drawn as `users` says.
  public init(seed: UInt64, users: Users, userCount: Int) {
    state = seed
    self.users = users
    self.userCount = UInt64(userCount)
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A user of `partition` among `partitions`.
  private mutating func user(_ partition: UInt64, _ partitions: UInt64) -> UInt64 {
    let own = Swift.max(1, userCount / partitions)
    var rank = next() % own
    if users == .zipf {
      // The product of uniform shares is skewed: about a tenth of users do half of everything.
      let a = Double(next() >> 11) * 0x1p-53
      let b = Double(next() >> 11) * 0x1p-53
      rank = UInt64(Double(own) * a * b * b)
    }
    return rank * partitions + partition
  }

  /// Appends event `index` of a log in which one event comes every `stepMs`, without an end of
  /// line.
  public mutating func append(
    to bytes: inout [UInt8], index: Int, partition: Int, partitions: Int, startMs: Int64,
    stepMs: Double
  ) {
    let user = user(UInt64(partition), UInt64(partitions))
    let random = next()
    let ms = startMs + Int64(Double(index) * stepMs)
    let name = names[Int(random % 10)]
    let channel = channels[Int((random >> 8) % 5)]
    let cents = (random >> 16) % 100_000
    text("{\"type\":\"track\",\"event\":\"", &bytes)
    text(name, &bytes)
    text("\",\"userId\":\"user-", &bytes)
    number(user, &bytes)
    text("\",\"messageId\":\"m-", &bytes)
    number(UInt64(partition), &bytes)
    text("-", &bytes)
    number(UInt64(index), &bytes)
    text("\",\"timestamp\":\"", &bytes)
    time(ms, &bytes)
    text("\",\"context\":{\"ip\":\"203.0.113.7\",\"locale\":\"zh-CN\",\"userAgent\":\"", &bytes)
    text("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15\"}", &bytes)
    text(",\"properties\":{\"channel\":\"", &bytes)
    text(channel, &bytes)
    text("\",\"total\":", &bytes)
    number(cents / 100, &bytes)
    text(".", &bytes)
    number(cents / 10 % 10, &bytes)
    number(cents % 10, &bytes)
    text(",\"currency\":\"CNY\",\"product\":\"sku-", &bytes)
    number(random >> 40 & 0xFFFF, &bytes)
    text("\",\"quantity\":1,\"path\":\"/catalog/shoes/running\"}}", &bytes)
  }

  private func text(_ text: StaticString, _ bytes: inout [UInt8]) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private func text(_ text: String, _ bytes: inout [UInt8]) { bytes.append(contentsOf: text.utf8) }

  private func number(_ value: UInt64, _ bytes: inout [UInt8]) {
    if value >= 10 { number(value / 10, &bytes) }
    bytes.append(48 + UInt8(value % 10))
  }

  private func padded(_ value: Int64, _ width: Int, _ bytes: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
      bytes.append(48 + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  /// RFC 3339 of a time within January 2026.
  private func time(_ ms: Int64, _ bytes: inout [UInt8]) {
    let intoMonth = ms - 1_767_225_600_000
    text("2026-01-", &bytes)
    padded(intoMonth / 86_400_000 + 1, 2, &bytes)
    text("T", &bytes)
    padded(intoMonth / 3_600_000 % 24, 2, &bytes)
    text(":", &bytes)
    padded(intoMonth / 60_000 % 60, 2, &bytes)
    text(":", &bytes)
    padded(intoMonth / 1_000 % 60, 2, &bytes)
    text(".", &bytes)
    padded(intoMonth % 1_000, 3, &bytes)
    text("Z", &bytes)
  }
}
