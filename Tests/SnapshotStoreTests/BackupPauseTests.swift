import Foundation
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import SnapshotStore

/// What a backup costs the stream: how long a snapshot waits for it.
@Suite struct BackupPauseTests {
  /// Microseconds that each snapshot took.
  private struct Times {
    var microseconds: [Int64] = []

    func quantile(_ share: Double) -> Double {
      let sorted = microseconds.sorted()
      return Double(sorted[Int(Double(sorted.count - 1) * share)]) / 1_000
    }

    var text: String {
      "\(microseconds.count) snapshots, p50 \(quantile(0.5)) ms, p99 \(quantile(0.99)) ms, "
        + "longest \(quantile(1)) ms"
    }
  }

  /// Takes one snapshot after the other, as no worker does: what is worst for a copy.
  private func snapshots(_ pair: OpenPair, while isWanted: () -> Bool) throws -> Times {
    var times = Times()
    while isWanted() {
      let start = ContinuousClock.now
      try pair.advance()
      let took = ContinuousClock.now - start
      times.microseconds.append(took.components.attoseconds / 1_000_000_000_000)
    }
    return times
  }

  /// Snapshots from a backup's first step to its end.
  private struct Beside {
    var times = Times()
    /// How many were taken before it asked for the time, which it does when it has verified itself.
    var within = 0
    var seconds = 0.0
  }

  /// Makes a backup of at least so many bytes, in place of the one before, and takes snapshots.
  private func snapshots(
    _ pair: OpenPair, besideBackupInto path: String, bytes: Int64
  ) throws -> Beside {
    let begun = DispatchSemaphore(value: 0)
    let taken = Atomic<Int>(0)
    let within = Atomic<Int>(0)
    let isDone = Mutex(false)
    let failure = Mutex<String?>(nil)
    var maker = BackupMaker(.backup, into: path) {
      within.store(taken.load(ordering: .relaxed), ordering: .relaxed)
      return WallTime(ms: 0)
    }
    maker.keep = .newest(1)
    maker.isWanted = {
      begun.signal()
      return true
    }
    let thread = Thread { [maker] in
      do {
        let set = try maker.make(of: pair.results, pair.state)
        if set.bytes < bytes { failure.withLock { $0 = "\(set.bytes) bytes" } }
      } catch { failure.withLock { $0 = "\(error)" } }
      isDone.withLock { $0 = true }
      begun.signal()
    }
    thread.start()
    try #require(begun.wait(timeout: .now() + .milliseconds(Patience.ms)) == .success)
    let start = ContinuousClock.now
    var beside = Beside()
    var count = 0
    beside.times = try snapshots(pair) {
      taken.store(count, ordering: .relaxed)
      count += 1
      return !isDone.withLock { $0 }
    }
    beside.seconds = (ContinuousClock.now - start) / .seconds(1)
    beside.within = within.load(ordering: .relaxed)
    let failed = failure.withLock { $0 }
    try #require(failed == nil)
    return beside
  }

  /// With `WEIR_BENCH_FIGURES` set to a file, figures of files of 256 MiB are added to that.
  @Test func `Snapshots go on while a backup is made, and say what they wait`() throws {
    let figures = ProcessInfo.processInfo.environment["WEIR_BENCH_FIGURES"]
    let mebibytes = figures == nil ? 4 : 256
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    let id = try pair.advance()
    var state = StateChange(snapshotID: id, positions: [OpenPair.events: 1])
    state.upserts = (0..<mebibytes * 64).map {
      StateRecord(
        key: StateKey(owner: "events/1", stage: 1, key: TaskKey.bytes($0)), codecVersion: 1,
        bytes: Array(repeating: UInt8($0 % 251), count: 15_900))
    }
    try pair.state.save(state, durableTo: id)
    var left = 200
    let alone = try snapshots(pair) {
      left -= 1
      return left >= 0
    }
    // On a machine that is busy a snapshot may take as long as a whole backup, now and then.
    let deadline = ContinuousClock.now + Patience.duration
    var found = Beside()
    repeat {
      found = try snapshots(
        pair, besideBackupInto: directory.file("backups"), bytes: Int64(mebibytes) << 20)
    } while found.within <= 3 && ContinuousClock.now < deadline
    try #require(found.within > 3, "none came through while a backup was made")
    try pair.close()
    let beside = found.times
    print(
      "alone: \(alone.text); beside a backup of \(mebibytes) MiB, \(found.seconds) s: "
        + beside.text)
    guard let figures else { return }
    for (name, value) in [
      ("snapshot alone, p99", alone.quantile(0.99)), ("beside a backup, p50", beside.quantile(0.5)),
      ("beside a backup, p99", beside.quantile(0.99)),
      ("beside a backup, longest", beside.quantile(1)),
    ] {
      let line =
        #"{"group":"backup","name":"\#(name)","target":{"none":{}},"unit":"ms","value":\#(value)}"#
      if !FileManager.default.fileExists(atPath: figures) {
        _ = FileManager.default.createFile(atPath: figures, contents: nil)
      }
      let file = try #require(FileHandle(forWritingAtPath: figures))
      try file.seekToEnd()
      try file.write(contentsOf: Data((line + "\n").utf8))
      try file.close()
    }
  }
}

/// Keys of many records.
private enum TaskKey {
  static func bytes(_ number: Int) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
