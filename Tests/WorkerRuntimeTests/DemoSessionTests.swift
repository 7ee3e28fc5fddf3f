import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing
import WorkerRuntime

@Suite("The demonstration", .serialized)
struct DemoSessionTests {
  /// A directory that is gone when the test is over.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "demo-\(UUID())")
    init() throws {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }
    var file: String { url.appending(path: "demo.sqlite").path }
  }

  private let folder: Folder
  private let seed: UInt64 = 5

  init() throws {
    folder = try Folder()
    print("seed \(seed)")
  }

  private func options(events: Int? = nil) throws -> DemoOptions {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "pipelines/shop.yaml"), encoding: .utf8)
    // However slow the machine, silence is no idleness here.
    let patient = text.replacing("idle_after: 10s", with: "idle_after: 1h")
    #expect(patient != text)
    var options = DemoOptions(pipelineText: patient, dataPath: folder.file)
    options.seed = seed
    options.speed = 3_600
    options.eventsMax = events
    return options
  }

  /// Runs until the worker has read all that the shop ever sends.
  private func run(_ options: DemoOptions) throws -> RunSummary {
    let session = try DemoSession(options)
    let events = Int64(options.eventsMax ?? 0)
    let isRead = session.wait(timeoutMs: Int64(Patience.ms)) {
      $0.isShopClosed && $0.status.fates.read >= events
    }
    let summary = try session.stop()
    #expect(isRead)
    #expect(session.progress.hasEnded)
    #expect(session.progress.sent == options.eventsMax)
    return summary
  }

  private func rows(_ metric: String, _ status: ResultStatus? = nil) throws -> [MetricRow] {
    let reader = try ResultsReader.open(path: folder.file)
    defer { reader.close() }
    return try reader.metrics(MetricQuery(metric: metric, status: status, limit: 1_000_000))
  }

  @Test("every event that the shop sends is read and counted once, and its troubles show")
  func figures() throws {
    let summary = try run(options(events: 20_000))
    #expect(summary.fates.read == 20_000)
    #expect(summary.fates.rejected > 0 && summary.fates.late > 0 && summary.fates.duplicate > 0)
    #expect(summary.fates.applied > 19_000)
    let counted = try rows("events").reduce(0) { $0 + $1.value }
    #expect(Int64(counted) == summary.fates.applied)
    #expect(try rows("revenue", .final).count > 40)
    let rates = try rows("payment_error_rate", .final).filter { $0.samples >= 10 }
    let failing = rates.filter { $0.value > 0.4 }
    #expect(failing.contains { $0.dimensions == #"{"channel":"mini_program"}"# })
    #expect(!failing.contains { $0.dimensions == #"{"channel":"app"}"# })
    let testers = try rows("failed_accounts", .final).filter { $0.value >= 20 }
    #expect(!testers.isEmpty)
    #expect(testers.allSatisfy { $0.dimensions.contains("203.0.113.66") })
  }

  @Test("an earlier file is replaced, and the same seed gives the same results")
  func again() throws {
    let first = try run(options(events: 6_000))
    let second = try run(options(events: 6_000))
    #expect(first.fates == second.fates)
    #expect(first.resultDigest == second.resultDigest)
    var other = try options(events: 6_000)
    other.seed = seed + 1
    #expect(try run(other).resultDigest != first.resultDigest)
  }

  @Test("a stop ends everything, whenever it comes, and may be asked for again")
  func stopping() throws {
    let session = try DemoSession(options())
    #expect(session.wait(timeoutMs: Int64(Patience.ms)) { $0.status.fates.read > 0 })
    let summary = try session.stop()
    #expect(session.progress.hasEnded)
    #expect(try session.stop().fates == summary.fates)
    let early = try DemoSession(options())
    _ = try early.stop()
    #expect(early.progress.hasEnded)
  }

  @Test("a file that is not a demonstration's is refused and left as it is")
  func foreign() throws {
    let text = Data("not a results file, but dear to somebody".utf8)
    try text.write(to: URL(filePath: folder.file))
    let error = #expect(throws: StoreError.self) { try DemoSession(options()) }
    #expect(error?.path == folder.file)
    #expect(try Data(contentsOf: URL(filePath: folder.file)) == text)
  }

  @Test("a second demonstration on the same file is refused while the first runs")
  func twice() throws {
    let first = try DemoSession(options())
    #expect(first.wait(timeoutMs: Int64(Patience.ms)) { $0.status.snapshots > 0 })
    let error = #expect(throws: StoreError.self) { try DemoSession(options()) }
    #expect(error?.kind == .locked)
    _ = try first.stop()
  }
}
