import Foundation
import ServiceLifecycle
import Synchronization

/// Tells open pages that something was committed, so that they fetch themselves again.
///
/// One look at the file for all of them, twice a second while anybody listens.
final class LiveUpdates: Service, Sendable {
  private let console: Console
  /// Pages that are told; nil once nobody is told any more.
  private let readers = Mutex<[Int: AsyncStream<String>.Continuation]?>([:])
  private let next = Atomic<Int>(0)

  private let readersMax: Int

  /// Makes updates for at most `readersMax` pages at once.
  init(_ console: Console, readersMax: Int = 1_000) {
    self.console = console
    self.readersMax = readersMax
  }

  /// Server-sent events: `snapshot` with the file's version; nil when there are too many readers,
  /// or the server ends.
  func subscribe() -> AsyncStream<String>? {
    let number = next.add(1, ordering: .relaxed).newValue
    let (stream, continuation) = AsyncStream.makeStream(
      of: String.self, bufferingPolicy: .bufferingNewest(4))
    let isTaken = readers.withLock { readers in
      guard let count = readers?.count, count < readersMax else { return false }
      readers?[number] = continuation
      return true
    }
    guard isTaken else { return nil }
    continuation.onTermination = { [weak self] _ in
      _ = self?.readers.withLock { $0?.removeValue(forKey: number) }
    }
    // What a browser shows as connected; it tries again after so many milliseconds.
    continuation.yield("retry: 2000\n\n")
    return stream
  }

  /// Looks and tells until the server ends.
  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      var last: Int64?
      var quiet = 0
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(500))
        let count = readers.withLock { $0?.count ?? 0 }
        guard count > 0 else { continue }
        let version = try? console.version()
        if let version, version != last {
          if last != nil { tell("event: snapshot\ndata: \(version)\n\n") }
          last = version
          quiet = 0
        } else {
          quiet += 1
          // Says that the connection is there, and finds out where it is not.
          if quiet % 20 == 0 { tell(": \n\n") }
        }
      }
    }
    // Outside of the lock, which a stream that ends takes to leave.
    let rest = readers.withLock { readers in
      defer { readers = nil }
      return readers.map { Array($0.values) } ?? []
    }
    for reader in rest { reader.finish() }
  }

  private func tell(_ event: String) {
    let all = readers.withLock { $0.map { Array($0.values) } ?? [] }
    for reader in all { reader.yield(event) }
  }
}
