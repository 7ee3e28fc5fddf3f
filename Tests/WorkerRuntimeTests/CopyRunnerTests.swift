import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import WorkerRuntime

/// When backups and archives are made, on a clock that stands until it is set.
@Suite struct CopyRunnerTests {
  private static let hourMs: Int64 = 3_600_000
  private let folder: WorkerFolder
  private let pipeline: Pipeline
  private var options: WorkerOptions
  private let wall = Clock()
  private let lines = Awaited<String>()

  private final class Clock: Sendable {
    private let time = Mutex(WallTime(ms: 1_767_225_600_000))
    var now: WallTime { time.withLock { $0 } }
    func advance(_ ms: Int64) { time.withLock { $0.ms += ms } }
  }

  init() throws {
    folder = try WorkerFolder()
    pipeline = try WorkerPipeline.make(
      more: """
        backup: {every: 6h, dir: "\(folder.file("backups"))", keep: 2}
        archive: {every: 1d, dir: "\(folder.file("archives"))", keep: forever}
        min_free: 1MiB
        """)
    options = WorkerOptions(dataPath: folder.file("a.sqlite"), lanes: 1)
    let (wall, lines) = (wall, lines)
    options.now = { wall.now }
    options.log = Log { lines.append($0) }
  }

  /// The files of a worker that has taken one snapshot.
  private func files() throws -> OpenedFiles {
    let files = try OpenedFiles(pipeline, options)
    let id = try files.results.commit(SnapshotChange(taken: wall.now), durable: true)
    try files.stateFile.save(StateChange(snapshotID: id, positions: [:]), durableTo: id)
    return files
  }

  private func made(_ name: String) -> Int { BackupSet.all(in: folder.file(name)).count }

  /// Lets the runner begin whatever is due, until nothing is.
  private func run(_ runner: CopyRunner) {
    for _ in 0..<3 {
      runner.begin(at: wall.now)
      runner.wait()
    }
  }

  @Test func `Each kind is made when it is due, over restarts, and no more than it keeps`() throws {
    let files = try files()
    var runner = try #require(
      CopyRunner(pipeline, files.results, files.stateFile, options))
    run(runner)
    #expect(made("backups") == 1 && made("archives") == 1)
    wall.advance(5 * Self.hourMs)
    runner = try #require(CopyRunner(pipeline, files.results, files.stateFile, options))
    #expect(runner.status.map(\.last?.ms) == [1_767_225_600_000, 1_767_225_600_000])
    run(runner)
    #expect(made("backups") == 1)
    for _ in 0..<6 {
      wall.advance(Self.hourMs * 6)
      run(runner)
    }
    #expect(made("backups") == 2 && made("archives") == 2)
    #expect(runner.status.map(\.made) == [6, 1])
    #expect(runner.status.allSatisfy { $0.failures == 0 && !$0.isRunning && $0.lastBytes > 0 })
    // A clock that was set back does not keep copies from being made.
    wall.advance(-400 * 24 * Self.hourMs)
    runner = try #require(CopyRunner(pipeline, files.results, files.stateFile, options))
    wall.advance(Self.hourMs * 6)
    run(runner)
    #expect(runner.status.map(\.made) == [1, 0])
    try files.stateFile.close()
    try files.results.close()
  }

  @Test func `One that fails is said, tried again, and takes none away`() throws {
    let files = try files()
    let isFull = Mutex(false)
    var options = options
    options.freeBytes = { _ in isFull.withLock { $0 } ? 1 << 20 : nil }
    let runner = try #require(CopyRunner(pipeline, files.results, files.stateFile, options))
    run(runner)
    isFull.withLock { $0 = true }
    wall.advance(6 * Self.hourMs)
    run(runner)
    #expect(runner.status.map(\.failures) == [1, 0])
    wall.advance(CopyRunner.retryMs - 1)
    run(runner)
    #expect(runner.status.map(\.failures) == [1, 0])
    wall.advance(1)
    run(runner)
    #expect(runner.status.map(\.failures) == [2, 0] && made("backups") == 1)
    let said = lines.all.filter { $0.contains("the backup failed") }
    #expect(said.count == 2 && said.allSatisfy { $0.contains("min_free") })
    #expect(said.allSatisfy { $0.contains("tries again in 300 s") })
    isFull.withLock { $0 = false }
    wall.advance(CopyRunner.retryMs)
    run(runner)
    #expect(runner.status.map(\.made) == [2, 1] && made("backups") == 2)
    #expect(runner.status[0].last == wall.now)
    // Stopped, it begins nothing more.
    runner.stop()
    wall.advance(100 * Self.hourMs)
    run(runner)
    #expect(runner.status.map(\.made) == [2, 1])
    try files.stateFile.close()
    try files.results.close()
  }

  @Test func `A pipeline that asks for none has none, and a bad rule is refused`() throws {
    let files = try files()
    #expect(
      CopyRunner(try WorkerPipeline.make(), files.results, files.stateFile, options) == nil)
    try files.stateFile.close()
    try files.results.close()
    for (rule, says) in [
      ("backup: {every: 1h}", "has no dir"), ("backup: {dir: x, keep: few}", "no number of copies"),
      ("archive: {dir: x, keep: 0}", "no number of copies"),
      ("backup: {dir: x, every: 0s}", "every"),
    ] {
      do {
        _ = try WorkerPipeline.make(more: rule)
        Issue.record("\(rule) was accepted")
      } catch let error as PipelineFaults {
        #expect(error.description.contains(says), "\(error)")
      }
    }
  }

  @Test func `Below min_free the worker does not start, and says what to do`() throws {
    var options = options
    options.freeBytes = { _ in (1 << 20) - 1 }
    do {
      _ = try Worker(pipeline: pipeline, input: .logs([]), options: options)
      Issue.record("it started")
    } catch let error as WorkerError {
      #expect(error.exitCode == 3)
      #expect(error.description.contains("0 MiB are free, and min_free is 1 MiB"), "\(error)")
      #expect(error.description.contains("make room"), "\(error)")
    }
    #expect(!FileManager.default.fileExists(atPath: options.dataPath))
  }
}
