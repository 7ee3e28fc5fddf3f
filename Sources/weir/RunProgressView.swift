import Foundation
import PipelineSpec
import StreamCore
import Synchronization
import WorkerRuntime

/// One line on the terminal that says how a run goes: rate, lag or time left, event time reached.
/// Silent where standard error is no terminal.
final class RunProgressView: Sendable {
  private struct State {
    var meter = RateMeter()
    var lastMs: Int64 = 0
    var isWritten = false
  }

  private let isShown: Bool
  private let progress: InputProgress?
  private let state = Mutex(State())
  private static let everyMs: Int64 = 500

  init(isShown: Bool, progress: InputProgress?) {
    self.isShown = isShown && isatty(STDERR_FILENO) == 1
    self.progress = progress
  }

  func update(_ status: WorkerStatus) {
    guard isShown else { return }
    let now = SystemClock.now().ms
    let line: String? = state.withLock { state in
      state.meter.note(done: status.fates.read, atMs: now)
      guard now - state.lastMs >= Self.everyMs else { return nil }
      state.lastMs = now
      state.isWritten = true
      return Self.line(status, rate: state.meter.perSecond, progress)
    }
    guard let line else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
  }

  /// Ends the line.
  func end() {
    guard state.withLock({ $0.isWritten }) else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
  }

  private static func line(
    _ status: WorkerStatus, rate: Double?, _ progress: InputProgress?
  ) -> String {
    var parts = ["\(status.fates.read) events"]
    if let rate { parts.append("\(Int(rate)) events/s") }
    if let lag = status.lag { parts.append("\(lag) waiting") }
    if status.isCatchingUp { parts.append("reading again what the file has") }
    if let watermark = status.watermark, watermark < .distantFuture {
      parts.append("event time \(Instants.text(watermark))")
    }
    if let total = progress?.totalBytes, let done = progress?.bytesRead, total > 0 {
      parts.append("\(done * 100 / total)% of the input")
    }
    return parts.joined(separator: "  ")
  }
}
