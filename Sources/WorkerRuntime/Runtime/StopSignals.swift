import Foundation
import Synchronization

/// Turns SIGTERM and SIGINT into a request to stop; the second one ends the process at once.
///
/// A handler writes each signal to a pipe that a thread reads, so that none is lost from the first
/// moment on. One at a time may live.
public final class StopSignals {
  /// Watches from now on, for as long as it lives.
  public init(_ stop: StopFlag) {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reader = ends[0]
    signalPipe.store(ends[1], ordering: .releasing)
    let thread = Thread {
      var count = 0
      var number: UInt8 = 0
      while read(reader, &number, 1) == 1 {
        count += 1
        if count > 1 { _exit(128 + Int32(number)) }
        stop.raise()
      }
      close(reader)
    }
    thread.name = "signals"
    thread.start()
    for number in [SIGTERM, SIGINT] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(signalPipe.load(ordering: .acquiring), &byte, 1)
        errno = before
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    // Who starts this process may have had them blocked, which is inherited.
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT] { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  deinit {
    for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    close(signalPipe.exchange(-1, ordering: .acquiringAndReleasing))
  }
}

/// Where the handler writes to.
private let signalPipe = Atomic<Int32>(-1)
