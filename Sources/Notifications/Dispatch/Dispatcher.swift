/// Sends what waits in the outbox, each destination in a loop of its own, so that one that hangs
/// delays no other and never those who decide messages.
///
/// What became of an attempt is stored as soon as it is known: after a kill only what was in flight
/// is sent again, with the same bytes and the same id.
public actor Dispatcher {
  private let lanes: [Lane]
  private let clock: any DeliveryClock
  private var tasks: [Task<Void, Never>] = []

  /// Makes a dispatcher that has not begun. `report` is told, in one line without secrets, when the
  /// outbox fails or a destination is left alone; outcomes of attempts go to the store alone.
  public init(
    destinations: [Destination], store: any OutboxStore, courier: Courier,
    clock: any DeliveryClock = SystemDeliveryClock(),
    jitter: @escaping Backoff.Jitter = Backoff.spread,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.clock = clock
    lanes = destinations.map {
      Lane(
        $0, store: store, courier: courier, clock: clock, jitter: jitter, report: report)
    }
  }

  /// Begins to send. A second call does nothing.
  public func start() {
    guard tasks.isEmpty else { return }
    tasks = lanes.map { lane in Task { await lane.run() } }
  }

  /// Says that messages were stored. Returns at once; cheap enough for every snapshot.
  public nonisolated func wake() {
    for lane in lanes { lane.signal.wake() }
  }

  /// Stops: begins no further attempt, gives those in flight `ms` milliseconds to end, then cancels
  /// them; they stay pending. Returns once nothing is in flight. The courier stays open; a
  /// dispatcher that was stopped does not start again.
  public func stop(within ms: Int64) async {
    for lane in lanes { await lane.stop() }
    let tasks = tasks
    let deadline = clock.elapsedMs + ms
    let clock = clock
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Ends early when the rest is done.
        try? await clock.wait(untilElapsedMs: deadline)
        for task in tasks { task.cancel() }
      }
      for task in tasks { await task.value }
      group.cancelAll()
    }
    self.tasks = []
  }

  /// How each destination is doing, in the order given.
  public func status() async -> [DestinationStatus] {
    var all: [DestinationStatus] = []
    for lane in lanes { all.append(await lane.currentStatus()) }
    return all
  }
}
