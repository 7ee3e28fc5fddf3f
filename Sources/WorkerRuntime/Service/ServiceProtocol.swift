/// Decides what a service manager is told of a worker, and when.
///
/// Pure: time and what was seen come in, lines of the `sd_notify` protocol go out. The rules:
///
/// - `READY=1` once, when the worker goes on from where its file is: the next snapshot can be
///   taken.
/// - `WATCHDOG=1` only when the coordinator has done something since the last one. One that hangs
///   is silent, and the manager's watchdog fires.
/// - `EXTEND_TIMEOUT_USEC` while it starts and while it stops, only when something was done since
///   the last one: reading back much state and saving it take their time, hanging gets no more.
/// - `STOPPING=1` once, when the last snapshot is begun.
/// - `STATUS=` every few seconds, when it has changed.
struct ServiceProtocol {
  /// What was seen of a worker.
  struct Sight: Equatable {
    /// Steps that the coordinator has done.
    var steps: UInt64
    /// Whether it has come to where the file is.
    var isReady: Bool
    /// Whether the last snapshot is being taken, or it has ended.
    var isStopping: Bool
    /// How it is doing, in a line.
    var status: String
  }

  /// Time between two words to the watchdog, at least; nil: nobody waits for them.
  let watchdogEveryMs: Int64?
  private var lastWatchdogMs: Int64?
  private var lastWatchdogSteps: UInt64 = 0
  private var lastExtensionMs: Int64?
  private var lastExtensionSteps: UInt64 = 0
  private var lastStatusMs: Int64?
  private var lastStatus = ""
  private var saidReady = false
  private var saidStopping = false
  private var movedMs: Int64?
  private var movedSteps: UInt64 = 0

  /// What is asked for each time, and how often: more than twice before it is over.
  static let extensionMs: Int64 = 60_000
  private static let extensionEveryMs: Int64 = 20_000
  private static let statusEveryMs: Int64 = 5_000
  /// Without a step for so long, the status says so.
  static let stallMs: Int64 = 10_000

  /// `watchdogMs`: after how long without a word the manager acts.
  init(watchdogMs: Int64?) { watchdogEveryMs = watchdogMs.map { max(1, $0 / 4) } }

  /// What is to be told at `nowMs`, line by line; nothing is an empty list.
  mutating func lines(_ sight: Sight, nowMs: Int64) -> [String] {
    var lines: [String] = []
    if movedMs == nil || sight.steps != movedSteps { (movedMs, movedSteps) = (nowMs, sight.steps) }
    if sight.isReady && !saidReady {
      saidReady = true
      lines.append("READY=1")
    }
    if sight.isStopping && !saidStopping {
      saidStopping = true
      lastExtensionMs = nil
      lines.append("STOPPING=1")
    }
    if !saidReady || saidStopping, mayExtend(sight, nowMs) {
      lines.append("EXTEND_TIMEOUT_USEC=\(Self.extensionMs * 1_000)")
    }
    if mayCalmWatchdog(sight, nowMs) { lines.append("WATCHDOG=1") }
    let status = status(sight, nowMs)
    let isDue = lastStatusMs.map { nowMs - $0 >= Self.statusEveryMs } ?? true
    if status != lastStatus, isDue || !lines.isEmpty {
      (lastStatus, lastStatusMs) = (status, nowMs)
      lines.append("STATUS=\(status)")
    }
    return lines
  }

  private mutating func mayExtend(_ sight: Sight, _ nowMs: Int64) -> Bool {
    guard lastExtensionMs.map({ nowMs - $0 >= Self.extensionEveryMs }) ?? true,
      sight.steps != lastExtensionSteps
    else { return false }
    (lastExtensionMs, lastExtensionSteps) = (nowMs, sight.steps)
    return true
  }

  private mutating func mayCalmWatchdog(_ sight: Sight, _ nowMs: Int64) -> Bool {
    guard let watchdogEveryMs, lastWatchdogMs.map({ nowMs - $0 >= watchdogEveryMs }) ?? true,
      sight.steps != lastWatchdogSteps
    else { return false }
    (lastWatchdogMs, lastWatchdogSteps) = (nowMs, sight.steps)
    return true
  }

  /// A line: what comes after a line break would be another variable.
  private func status(_ sight: Sight, _ nowMs: Int64) -> String {
    let still = nowMs - (movedMs ?? nowMs)
    let text =
      still >= Self.stallMs ? "no progress for \(still / 1_000) s; \(sight.status)" : sight.status
    return String(text.map { $0.isNewline ? " " : $0 }.prefix(400))
  }
}
