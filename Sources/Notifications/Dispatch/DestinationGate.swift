/// Whether a destination may be tried now. Times are milliseconds of a clock that never goes back.
///
/// ```
///           5 failures in a row                   time is over
///  closed ──────────────────────▶ open ─────────────────────────▶ half-open
///    ▲                             ▲                                │    │
///    │                             └──── the one attempt fails ─────┘    │
///    └──────────────────────────── it is answered ───────────────────────┘
/// ```
struct CircuitBreaker: Sendable, Equatable {
  static let failuresMax = 5
  static let firstOpenMs: Int64 = 30_000
  static let longestOpenMs: Int64 = 600_000

  private var failures = 0
  private var openMs: Int64 = 0
  private var openUntilMs: Int64 = .min

  /// Whether it is open at `nowMs`.
  func isOpen(nowMs: Int64) -> Bool { nowMs < openUntilMs }
  /// From when on it may be tried.
  var freeAtMs: Int64 { openUntilMs }

  /// It was answered, be it with a refusal.
  mutating func answered() { self = CircuitBreaker() }

  /// It failed. Half-open, once is enough.
  mutating func failed(nowMs: Int64) {
    failures += 1
    guard failures >= Self.failuresMax else { return }
    openMs = openMs == 0 ? Self.firstOpenMs : min(openMs * 2, Self.longestOpenMs)
    openUntilMs = nowMs + openMs
  }
}

/// At most so many in any span of time, counted exactly: a bucket that refills would let twice as
/// many through in a bad minute, and services punish that with minutes of silence.
struct RateLimit: Sendable, Equatable {
  let count: Int
  let spanMs: Int64
  /// Times of the last `count`, the oldest at `oldest` once all places are taken.
  private var times: [Int64] = []
  private var oldest = 0

  init(_ count: Int, in spanMs: Int64) {
    self.count = max(1, count)
    self.spanMs = spanMs
  }

  /// From when on one more may begin.
  var freeAtMs: Int64 { times.count < count ? .min : times[oldest] + spanMs }

  /// One begins. O(1).
  mutating func begin(nowMs: Int64) {
    if times.count < count {
      times.append(nowMs)
    } else {
      times[oldest] = nowMs
      oldest = (oldest + 1) % count
    }
  }

  /// What a destination may be sent: its own choice, else what the service is known to allow.
  static func limits(of destination: Destination) -> [RateLimit] {
    let minute: Int? =
      switch destination.kind {
      case .wecom, .dingtalk: 20
      case .feishu: 100
      case .slack: 60
      case .webhook, .kafka, .log, .alertmanager: nil
      }
    var limits = (destination.perMinute ?? minute).map { [RateLimit($0, in: 60_000)] } ?? []
    switch destination.kind {
    case .feishu: limits.append(RateLimit(5, in: 1_000))
    case .slack: limits.append(RateLimit(1, in: 1_000))
    default: break
    }
    return limits
  }
}

/// All that holds a destination back.
struct DestinationGate: Sendable {
  private(set) var breaker = CircuitBreaker()
  private var limits: [RateLimit]
  /// The destination itself asked for a pause until then.
  private var pausedUntilMs: Int64 = .min

  init(_ destination: Destination) { limits = RateLimit.limits(of: destination) }

  /// From when on the next attempt may begin.
  var freeAtMs: Int64 {
    limits.reduce(max(breaker.freeAtMs, pausedUntilMs)) { max($0, $1.freeAtMs) }
  }

  /// An attempt begins.
  mutating func begin(nowMs: Int64) {
    for index in limits.indices { limits[index].begin(nowMs: nowMs) }
  }

  /// It ended.
  mutating func end(_ result: DeliveryResult, nowMs: Int64) {
    switch result {
    case .delivered, .dead: breaker.answered()
    case .retry(let afterMs?, _):
      breaker.answered()
      pausedUntilMs = max(pausedUntilMs, nowMs + max(afterMs, Backoff.firstMs))
    case .retry(nil, _): breaker.failed(nowMs: nowMs)
    }
  }
}
