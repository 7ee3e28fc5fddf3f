import Glibc
import Synchronization

/// Whether somebody pressed Ctrl-C: once asks for an orderly end, twice ends at once.
enum InterruptFlag {
  private static let raised = Atomic<Bool>(false)

  /// Listens for SIGINT and SIGTERM from now on.
  static func arm() {
    // Made here, so that the handler finds it made.
    raised.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        InterruptFlag.raise()
        signal(number, SIG_DFL)
      }
    }
  }

  private static func raise() { raised.store(true, ordering: .relaxed) }

  /// Whether an end was asked for.
  static var isRaised: Bool { raised.load(ordering: .relaxed) }
}
