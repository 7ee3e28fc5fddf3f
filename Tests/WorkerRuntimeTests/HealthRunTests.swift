import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import Synchronization
import Testing

@testable import WorkerRuntime

/// Wall time that goes on by five seconds whenever somebody looks.
private final class HastyClock: Sendable {
  private let time: Mutex<Int64>

  init(_ startMs: Int64) { time = Mutex(startMs) }

  func look() -> WallTime {
    time.withLock {
      $0 += 5_000
      return WallTime(ms: $0)
    }
  }
}

@Suite(.serialized) struct HealthRunTests {
  /// Runs a worker on a silent topic until `isEnough` of what it logged, or for `most` statuses.
  private func run(
    _ pipeline: Pipeline, data: String, clock: HastyClock, most: Int = 400,
    isEnough: @escaping @Sendable ([String]) -> Bool
  ) async throws -> [String] {
    try await offPool {
      try Self.runHere(pipeline, data: data, clock: clock, most: most, isEnough: isEnough)
    }
  }

  private static func runHere(
    _ pipeline: Pipeline, data: String, clock: HastyClock, most: Int,
    isEnough: @escaping @Sendable ([String]) -> Bool
  ) throws -> [String] {
    let stop = StopFlag()
    let lines = Mutex<[String]>([])
    let statuses = Atomic<Int>(0)
    var options = WorkerOptions(dataPath: data, lanes: 1, now: clock.look)
    options.acceptsEmptyFile = true
    options.log = Log(now: { WallTime(ms: 0) }) { line in
      let all = lines.withLock {
        $0.append(line)
        return $0
      }
      if isEnough(all) { stop.raise() }
    }
    options.onStatus = { _ in
      if statuses.add(1, ordering: .relaxed).newValue > most { stop.raise() }
    }
    _ = try Worker(pipeline: pipeline, input: .kafka, options: options, stop: stop).run()
    return lines.withLock { $0 }
  }

  @Test func `An outage of the whole stream is told within freshness, and once over a restart`()
    async throws
  {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let topic = try broker.topic(2)
    let pipeline = try WorkerPipeline.make(
      brokers: broker.brokers, topic: topic,
      more: """
        health: {freshness: 5m, undelivered: off, notify: [desk]}
        notify:
          desk: {log: true}
        """)
    let data = folder.file("silent.sqlite")
    let clock = HastyClock(1_767_225_600_000)
    let told = try await run(pipeline, data: data, clock: clock) { lines in
      lines.contains { $0.contains("freshness") }
    }
    #expect(told.filter { $0.contains("freshness") }.count == 1, "\(told)")
    let firing = try ResultsReader.open(path: data).alerts(AlertQuery()).map(\.alert)
    #expect(firing.map(\.rule) == ["health.freshness"])
    #expect(firing.map(\.state) == [.firing] && firing.map(\.kind) == [.health])
    let silentMs = try #require(firing.first?.value)
    #expect(silentMs > 300_000 && silentMs < 360_000)
    // Silent still after a restart: nobody is told again.
    let again = try await run(pipeline, data: data, clock: clock, most: 40) { _ in false }
    #expect(!again.contains { $0.contains("freshness") }, "\(again)")
    #expect(
      try ResultsReader.open(path: data).alerts(AlertQuery()).map(\.alert.alertID)
        == firing.map(\.alertID))
  }
}
