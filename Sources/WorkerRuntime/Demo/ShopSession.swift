/// A visit to the simulated shop: what happens next in it, and when.
struct ShopSession: Sendable {
  /// What the visit's next event is.
  enum Step: UInt8, Sendable {
    case browse, view, cart, details, pay, refund
    /// A payment with a stolen card: its details, its failure.
    case fraudDetails, fraudPay

    var isFraud: Bool { self == .fraudDetails || self == .fraudPay }
    var isMoney: Bool { self == .details || self == .pay || self == .refund || isFraud }
  }

  /// When the next event is, epoch milliseconds.
  var atMs: Int64
  /// Order of beginning: decides between equal times.
  var number: UInt64
  var customer: UInt32
  var channel: ShopChannel
  var step: Step
  /// Pages or products that are looked at after this one.
  var more: UInt8
  var product: UInt8
  var quantity: UInt8
  /// Payments that failed.
  var failures: UInt8 = 0
  /// Whether the customer has not said who he is.
  var anonymous: Bool

  static func precedes(_ a: ShopSession, _ b: ShopSession) -> Bool {
    a.atMs != b.atMs ? a.atMs < b.atMs : a.number < b.number
  }
}

/// The visits that go on, the next one to do something first: a binary heap.
struct ShopSessionQueue: Sendable {
  private var heap: [ShopSession] = []

  var first: ShopSession? { heap.first }
  var count: Int { heap.count }

  /// O(log count).
  mutating func push(_ session: ShopSession) {
    heap.append(session)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !ShopSession.precedes(session, heap[parent]) { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = session
  }

  /// O(log count).
  mutating func pop() -> ShopSession? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, ShopSession.precedes(heap[child + 1], heap[child]) { child += 1 }
      if !ShopSession.precedes(heap[child], last) { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return first
  }
}
