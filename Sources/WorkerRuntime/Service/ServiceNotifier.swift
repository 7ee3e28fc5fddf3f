import Foundation
import StreamCore
import Synchronization

/// Tells the service manager that started this process (systemd, or a container engine) how its
/// worker is doing, by the `sd_notify` protocol: `ServiceProtocol` says what and when.
///
/// A thread of its own looks at `progress` and at what `note` was given, so that a coordinator that
/// hangs cannot say otherwise. It lives from `init` to `end`.
public final class ServiceNotifier: Sendable {
  private struct State {
    var rules: ServiceProtocol
    var status: WorkerStatus?
    var meter = RateMeter(spanMs: 15_000)
    /// Lines that the manager's queue had no room for.
    var unsent: [String] = []
    var failure: String?
    var hasComplained = false
  }

  private let socket: NotifySocket
  private let progress: WorkProgress
  private let log: @Sendable (String) -> Void
  private let state: Mutex<State>
  private let wake = DispatchSemaphore(value: 0)
  private let isEnding = Atomic<Bool>(false)
  private let ended = DispatchSemaphore(value: 0)
  private let tickMs: Int64
  private static let longestTickMs: Int64 = 1_000

  /// Begins to tell the socket that `NOTIFY_SOCKET` names; nil without one.
  ///
  /// - Parameters:
  ///   - environment: Where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are looked up.
  ///   - progress: The worker's.
  ///   - log: Told when the manager cannot be told.
  public init?(
    environment: [String: String], progress: WorkProgress,
    log: @escaping @Sendable (String) -> Void
  ) {
    guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
    guard let socket = NotifySocket(name) else {
      log(
        "NOTIFY_SOCKET is neither a path nor @ and a name: the service manager is told nothing, "
          + "and a unit of Type=notify will not become ready")
      return nil
    }
    self.socket = socket
    self.progress = progress
    self.log = log
    let watchdogMs = Self.watchdogMs(environment)
    state = Mutex(State(rules: ServiceProtocol(watchdogMs: watchdogMs)))
    tickMs = max(10, min(Self.longestTickMs, (watchdogMs ?? .max) / 8))
    let thread = Thread { [self] in
      while !isEnding.load(ordering: .acquiring) {
        tell()
        _ = wake.wait(timeout: .now() + .milliseconds(Int(tickMs)))
      }
      // A manager that is slow gets a second to take the last word.
      for _ in 0..<20 {
        tell()
        if state.withLock({ $0.unsent.isEmpty }) { break }
        _ = wake.wait(timeout: .now() + .milliseconds(50))
      }
      ended.signal()
    }
    thread.name = "service"
    thread.start()
  }

  /// After how many milliseconds of silence the manager acts; nil when it does not watch this
  /// process.
  static func watchdogMs(_ environment: [String: String], processID: Int32 = getpid()) -> Int64? {
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0
    else { return nil }
    if let owner = environment["WATCHDOG_PID"], owner != String(processID) { return nil }
    return max(1, microseconds / 1_000)
  }

  /// Takes a report of the worker.
  public func note(_ status: WorkerStatus) {
    let isFirst = state.withLock { state in
      let isFirst = state.status?.isCatchingUp ?? true
      state.status = status
      state.meter.note(done: status.fates.read, atMs: SystemClock.monotonicMs())
      return isFirst
    }
    if isFirst { wake.signal() }
  }

  /// Notes why the worker ends: the manager's last word of it.
  public func note(failure: String) {
    if !failure.isEmpty { state.withLock { $0.failure = failure } }
  }

  /// Says the last things and no more. Call it once.
  public func end() {
    progress.beginFinishing()
    isEnding.store(true, ordering: .releasing)
    wake.signal()
    ended.wait()
  }

  private func tell() {
    let now = SystemClock.monotonicMs()
    let complaint: String? = state.withLock { state in
      let text = ServiceStatus.text(
        state.status, perSecond: state.meter.perSecond, now: SystemClock.now(),
        isFinishing: progress.isFinishing)
      let sight = ServiceProtocol.Sight(
        steps: progress.count, isReady: state.status.map { !$0.isCatchingUp } ?? false,
        isStopping: progress.isFinishing,
        status: state.failure.map { "failed: \($0)" } ?? text)
      state.unsent += state.rules.lines(sight, nowMs: now)
      guard !state.unsent.isEmpty else { return nil }
      let problem = socket.send(state.unsent.joined(separator: "\n"))
      if problem == 0 {
        state.unsent = []
        return nil
      }
      // What counts for later is kept; a word to the watchdog that comes late would be a lie.
      state.unsent.removeAll { $0 != "READY=1" && $0 != "STOPPING=1" }
      guard problem != EAGAIN, !state.hasComplained else { return nil }
      state.hasComplained = true
      return "the service manager cannot be told how the worker is doing: "
        + "\(String(cString: strerror(problem))); see NOTIFY_SOCKET, and NotifyAccess of the unit"
    }
    if let complaint { log(complaint) }
  }
}

/// How a worker is doing in one line, for `systemctl status`.
enum ServiceStatus {
  static func text(
    _ status: WorkerStatus?, perSecond: Double?, now: WallTime, isFinishing: Bool
  ) -> String {
    if isFinishing { return "saving the last snapshot" }
    guard let status else { return "opening its files, and asking the broker" }
    var parts = [perSecond.map { "\(Int64(max(0, $0))) events/s" } ?? "\(status.fates.read) events"]
    if status.isCatchingUp { parts.insert("reading again what the file has", at: 0) }
    if let watermark = status.watermark, watermark < .distantFuture, watermark > .distantPast {
      parts.append("watermark \(age(now.ms - watermark.ms)) behind")
    }
    if let lag = status.lag { parts.append(lag == 1 ? "1 record waits" : "\(lag) records wait") }
    if let last = status.lastSnapshot { parts.append("snapshot \(age(now.ms - last.ms)) ago") }
    return parts.joined(separator: ", ")
  }

  /// In the largest unit that leaves two digits or more.
  private static func age(_ ms: Int64) -> String {
    let seconds = max(0, ms) / 1_000
    if seconds < 600 { return "\(seconds) s" }
    if seconds < 36_000 { return "\(seconds / 60) min" }
    return seconds < 864_000 ? "\(seconds / 3_600) h" : "\(seconds / 86_400) d"
  }
}
