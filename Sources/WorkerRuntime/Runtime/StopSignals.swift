import Dispatch
import Foundation
import Synchronization

/// Turns SIGTERM and SIGINT into a request to stop; the second one ends the process at once.
public final class StopSignals {
  private let sources: [any DispatchSourceSignal]

  /// Watches from now on, for as long as it lives.
  public init(_ stop: StopFlag) {
    let count = SignalCount()
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if count.next() > 1 { _exit(128 + number) }
        stop.raise()
      }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }
}

/// How many signals came.
private final class SignalCount: Sendable {
  private let count = Atomic<Int>(0)

  func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
