import StreamCore

/// How a destination is doing.
public struct DestinationStatus: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// What it is.
  public var kind: Destination.Kind
  /// Whether it failed so often that it is left alone for a while.
  public var isBroken: Bool
  /// Attempts since the start that were taken.
  public var delivered: Int
  /// Attempts that failed and are to be repeated.
  public var retried: Int
  /// Messages that were given up.
  public var dead: Int
  /// Why the last attempt failed; nil after one that was taken.
  public var lastError: String?
}

/// The loop of one destination: one message at a time, in order, whatever the others do.
actor Lane {
  /// Messages that are asked for at once.
  static let batch = 16
  /// How often the outbox is looked at when nobody wakes it: people write to it as well.
  static let pollMs: Int64 = 5_000
  /// The pause while all that is due waits for earlier messages.
  static let heldPauseMs: Int64 = 250
  /// The pause after the outbox itself failed.
  static let storePauseMs: Int64 = 1_000

  let destination: Destination
  private let store: any OutboxStore
  private let courier: Courier
  private let clock: any DeliveryClock
  private let jitter: Backoff.Jitter
  private let report: @Sendable (String) -> Void
  nonisolated let signal = WakeSignal()

  private var gate: DestinationGate
  private var isStopping = false
  /// An outcome that the store has not taken; nothing is sent before it has.
  private var unnoted: DeliveryOutcome?
  private var status: DestinationStatus

  init(
    _ destination: Destination, store: any OutboxStore, courier: Courier,
    clock: any DeliveryClock, jitter: @escaping Backoff.Jitter,
    report: @escaping @Sendable (String) -> Void
  ) {
    self.destination = destination
    self.store = store
    self.courier = courier
    self.clock = clock
    self.jitter = jitter
    self.report = report
    gate = DestinationGate(destination)
    status = DestinationStatus(
      name: destination.name, kind: destination.kind, isBroken: false, delivered: 0, retried: 0,
      dead: 0, lastError: nil)
  }

  /// Goes on until it is stopped or its task cancelled.
  func run() async {
    while !isStopping && !Task.isCancelled {
      // Read first: time that passes from here on makes the wait too short, never too long.
      let nowMs = clock.elapsedMs
      let freeAtMs = await step(nowMs: nowMs)
      if freeAtMs > nowMs && !isStopping {
        await signal.wait(untilElapsedMs: freeAtMs, clock: clock)
      }
    }
  }

  /// No further attempt begins.
  func stop() {
    isStopping = true
    signal.wake()
  }

  func currentStatus() -> DestinationStatus {
    var status = status
    status.isBroken = gate.breaker.isOpen(nowMs: clock.elapsedMs)
    return status
  }

  /// Does what can be done now; returns when there may be something to do again.
  private func step(nowMs: Int64) async -> Int64 {
    do {
      if let outcome = unnoted { try await note(outcome) }
      if gate.freeAtMs > nowMs { return min(gate.freeAtMs, nowMs + Lane.pollMs) }
      let wall = clock.wall
      let messages = try await store.pendingMessages(
        sink: destination.name, dueBy: wall, limit: Lane.batch)
      if messages.isEmpty {
        guard let due = try await store.nextDue(sink: destination.name) else {
          return nowMs + Lane.pollMs
        }
        // Due and yet not given: it waits for an earlier one about the same.
        let pauseMs = due.ms > wall.ms ? due.ms - wall.ms : Lane.heldPauseMs
        return nowMs + min(pauseMs, Lane.pollMs)
      }
      try await send(messages)
      return nowMs
    } catch is CancellationError where Task.isCancelled {
      return nowMs
    } catch {
      report("outbox of \(destination.name): \(error)")
      return nowMs + Lane.storePauseMs
    }
  }

  private func send(_ messages: [PendingMessage]) async throws {
    var held: Set<String> = []
    for message in messages {
      let nowMs = clock.elapsedMs
      if isStopping || Task.isCancelled || gate.freeAtMs > nowMs { return }
      if held.contains(message.subject) { continue }
      gate.begin(nowMs: nowMs)
      let result = try await courier.deliver(message, to: destination)
      let wasBroken = gate.breaker.isOpen(nowMs: nowMs)
      gate.end(result, nowMs: clock.elapsedMs)
      if !wasBroken && gate.breaker.isOpen(nowMs: clock.elapsedMs) {
        report("\(destination.name) failed again and again and is left alone for a while")
      }
      let outcome = outcome(of: result, message)
      if outcome.state == .pending, !message.subject.isEmpty { held.insert(message.subject) }
      try await note(outcome)
    }
  }

  private func outcome(of result: DeliveryResult, _ message: PendingMessage) -> DeliveryOutcome {
    let wall = clock.wall
    var outcome = DeliveryOutcome(
      messageID: message.messageID, sink: message.sink, state: .delivered,
      attempts: message.attempts + 1, ended: wall)
    switch result {
    case .delivered: status.delivered += 1
    case .dead(let error):
      outcome.state = .dead
      outcome.error = error
    case .retry(_, let error) where outcome.attempts >= destination.attemptsMax:
      outcome.state = .dead
      outcome.error = "given up after \(outcome.attempts) attempts: \(error)"
    case .retry(let afterMs, let error):
      // A destination that says "at once" is still not asked at once.
      let backoffMs = Backoff.pauseMs(
        attempts: outcome.attempts, jitter: jitter(message.messageID, outcome.attempts))
      let pauseMs = max(afterMs ?? 0, backoffMs)
      outcome.state = .pending
      outcome.nextAttempt = WallTime(ms: wall.ms + pauseMs)
      outcome.error = error
      status.retried += 1
    }
    if outcome.state == .dead { status.dead += 1 }
    status.lastError = outcome.error
    return outcome
  }

  /// Stores an outcome, even when the lane is cancelled meanwhile: what is known must not be lost.
  private func note(_ outcome: DeliveryOutcome) async throws {
    unnoted = outcome
    let store = store
    try await Task { try await store.noteDelivery(outcome) }.value
    unnoted = nil
  }
}
