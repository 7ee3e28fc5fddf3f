/// How visits begin and go on.
extension ShopSimulator {
  /// The visit that does something next; everyone who comes before that is let in.
  mutating func takeNextSession() -> ShopSession {
    while true {
      if let first = sessions.first, first.atMs < nextBeginningMs, let session = sessions.pop() {
        return session
      }
      admitOne()
    }
  }

  mutating func updateNextBeginning() {
    nextBeginningMs = nextFraudMs
    for ms in arrivals where ms < nextBeginningMs { nextBeginningMs = ms }
  }

  private mutating func admitOne() {
    if nextBeginningMs == nextFraudMs {
      beginFraud()
    } else {
      for channel in ShopChannel.allCases
      where arrivals[Int(channel.rawValue)] == nextBeginningMs {
        beginVisit(channel)
        arrivals[Int(channel.rawValue)] = nextArrival(channel, afterMs: nextBeginningMs)
        break
      }
    }
    updateNextBeginning()
  }

  /// When the next visit begins on a channel: a Poisson process whose rate changes every minute.
  mutating func nextArrival(_ channel: ShopChannel, afterMs: Int64) -> Int64 {
    var minute = afterMs / 60_000
    var from = Double(afterMs)
    while true {
      let end = Double((minute + 1) * 60_000)
      let gap = random.exponential() / visitsPerMs(channel, minute: minute)
      if from + gap < end { return max(afterMs + 1, Int64(from + gap)) }
      from = end
      minute += 1
    }
  }

  private func visitsPerMs(_ channel: ShopChannel, minute: Int64) -> Double {
    let index = Int(channel.rawValue)
    let hour = Int((minute * 60_000 + ShopCatalogue.offsetMs) / 3_600_000 % 24)
    var rate =
      Double(customers) * scenario.sessionsPerDay * ShopCatalogue.channelShares[index]
      * ShopCatalogue.rhythms[index][hour] / 86_400_000
    if channel == .livestream, scenario.drops.covers(minute * 60_000 - startMs) {
      rate *= scenario.dropFactor
    }
    return max(rate, 1e-12)
  }

  private mutating func beginVisit(_ channel: ShopChannel) {
    sessionCount += 1
    // The lesser of two draws: some customers come more often than others.
    let customer = min(random.below(customers), random.below(customers))
    let step: ShopSession.Step =
      switch channel {
      case .livestream: .view
      case .store: .details
      default: .browse
      }
    let mayBeAnonymous = channel == .web || channel == .miniProgram
    sessions.push(
      ShopSession(
        atMs: nextBeginningMs, number: sessionCount, customer: UInt32(customer), channel: channel,
        step: step, more: UInt8(random.below(4)), product: randomProduct(),
        quantity: random.chance(0.15) ? 2 : 1,
        anonymous: mayBeAnonymous && random.chance(0.3)))
  }

  /// One address pays with stolen cards until the attack's time is over.
  private mutating func beginFraud() {
    sessionCount += 1
    sessions.push(
      ShopSession(
        atMs: nextFraudMs, number: sessionCount, customer: UInt32(random.below(60)), channel: .web,
        step: .fraudDetails, more: 0, product: 0, quantity: 1, anonymous: false))
    nextFraudMs += scenario.fraud.everyMs
  }

  private mutating func randomProduct() -> UInt8 {
    let count = ShopCatalogue.products.count
    return UInt8(min(random.below(count), random.below(count)))
  }

  /// The name of what happens in `session` now; what happens next in it is put into the queue.
  mutating func perform(_ session: ShopSession) -> StaticString {
    switch session.step {
    case .browse:
      if session.more > 0 {
        goOn(session, .browse, 2000, 30_000) { $0.more -= 1 }
      } else if random.chance(0.8) {
        let views = UInt8(random.below(3))
        goOn(session, .view, 2000, 20_000) { $0.more = views }
      }
      return "browse"
    case .view:
      if random.chance(session.channel == .livestream ? 0.5 : 0.3) {
        goOn(session, .cart, 3000, 60_000)
      } else if session.more > 0 {
        let product = randomProduct()
        goOn(session, .view, 5000, 90_000) {
          $0.more -= 1
          $0.product = product
        }
      }
      return "product_view"
    case .cart:
      // Who pays says who he is.
      if random.chance(0.6) { goOn(session, .details, 5000, 120_000) { $0.anonymous = false } }
      return "add_to_cart"
    case .details:
      goOn(session, .pay, 2000, 20_000)
      return "payment_details"
    case .pay: return pay(session)
    case .refund: return "refund"
    case .fraudDetails:
      goOn(session, .fraudPay, 100, 500)
      return "payment_details"
    case .fraudPay:
      if scenario.fraud.covers(session.atMs - startMs) {
        let account = UInt32(random.below(60))
        goOn(session, .fraudDetails, 100, 900) { $0.customer = account }
      }
      return "payment_error"
    }
  }

  private mutating func pay(_ session: ShopSession) -> StaticString {
    let share = scenario.errorShare(session.channel, afterMs: session.atMs - startMs)
    if random.chance(share) {
      if session.failures < 3, random.chance(0.6) {
        goOn(session, .details, 5000, 40_000) { $0.failures += 1 }
      }
      return "payment_error"
    }
    if random.chance(0.03) { goOn(session, .refund, 120_000, 5_400_000) }
    return "purchase"
  }

  @inline(__always)
  private mutating func goOn(
    _ session: ShopSession, _ step: ShopSession.Step, _ lowMs: Int64, _ highMs: Int64,
    _ change: (inout ShopSession) -> Void = { _ in }
  ) {
    var next = session
    next.step = step
    next.atMs += random.between(lowMs, highMs)
    change(&next)
    sessions.push(next)
  }
}
