import Dispatch
import Synchronization

/// Several readers of one results file, for callers on any threads, each of which reads for a
/// bounded time: what a server needs that must neither pile up queries nor hold the writer's log.
///
/// Limits: `readers` queries at a time, `queryLimitMs` for each call of a reader, `waitMs` until
/// one is free. What is over a limit throws `timedOut`.
public final class ReaderPool: Sendable {
  /// The file's path, as it was given.
  public let path: String
  private let waitMs: Int64
  /// As many signals as there are readers in `free`.
  private let signals: DispatchSemaphore
  private let free: Mutex<[ResultsReader]>
  private let all: [ResultsReader]
  /// Asked for changes only, because the numbers of different readers cannot be compared.
  private let watcher: ResultsReader

  /// Opens the file at `path` for reading `readers` times.
  ///
  /// Throws as `ResultsReader.open` does.
  ///
  /// - Parameters:
  ///   - readers: How many queries may run at a time; at least 1.
  ///   - queryLimitMs: How long one call of a reader may read, in milliseconds.
  ///   - waitMs: How long a caller waits for a reader, in milliseconds.
  public init(
    path: String, readers: Int = 3, queryLimitMs: Int64 = 2000, waitMs: Int64 = 2000
  ) throws(StoreError) {
    self.path = path
    self.waitMs = max(0, waitMs)
    var opened: [ResultsReader] = []
    for _ in 0...max(1, readers) {
      opened.append(try ResultsReader.open(path: path, queryLimitMs: queryLimitMs))
    }
    watcher = opened.removeLast()
    all = opened
    free = Mutex(opened)
    signals = DispatchSemaphore(value: 0)
    for _ in opened { signals.signal() }
  }

  /// Runs `body` with a reader that nobody else uses meanwhile; it must not be kept.
  ///
  /// Blocks the calling thread while none is free, at most `waitMs`, then throws `timedOut`. Each
  /// call of the reader ends after `queryLimitMs`, with `timedOut`. Not from within `body`: that
  /// may wait for itself.
  public func withReader<Value>(_ body: (ResultsReader) throws -> Value) throws -> Value {
    guard signals.wait(timeout: .now() + .milliseconds(Int(clamping: waitMs))) == .success else {
      throw busy
    }
    defer { signals.signal() }
    guard let reader = free.withLock({ $0.popLast() }) else { throw busy }
    defer { free.withLock { $0.append(reader) } }
    return try body(reader)
  }

  /// A number that is another one whenever somebody has committed a change to the file meanwhile.
  /// Waits for no reader. O(1).
  public func dataVersion() throws(StoreError) -> Int64 { try watcher.dataVersion() }

  /// Ends the use of the file, after the calls that run. Safe to call again; later calls throw.
  public func close() {
    for reader in all { reader.close() }
    watcher.close()
  }

  private var busy: StoreError {
    StoreError(
      kind: .timedOut, path: path,
      what: "no reader was free for \(waitMs) ms; \(all.count) queries run at a time",
      whatToDo: "Try again, or ask for less at once")
  }
}
