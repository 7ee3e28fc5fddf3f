import Foundation
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import WorkerRuntime

@Suite struct LogTests {
  private static let minuteMs: Int64 = 60_000

  private func line(_ subject: String, _ level: LogLine.Level = .warning) -> LogLine {
    LogLine(level, site: "kafka", subject: subject, "\(subject) is away")
  }

  @Test func `Of repeats a few are told a minute, and then how many more there were`() {
    var limiter = LogLimiter(perMinute: 3)
    var told: [String] = []
    for ms in stride(from: Int64(0), to: 120_000, by: 100) {
      told += limiter.admit(line("b1"), at: WallTime(ms: ms)).map(\.message)
    }
    let away = "b1 is away"
    #expect(
      told == [
        away, away, away, "\(away) … 597 more of these in the last minute", away, away, away,
      ])
    #expect(limiter.due(at: WallTime(ms: 119_999)) == [])
    let due = limiter.due(at: WallTime(ms: 120_000))
    #expect(due.map(\.message) == ["\(away) … 597 more of these in the last minute"])
    #expect(due.first?.fields == [.init("repeats", "597")])
    #expect(limiter.flush() == [])
  }

  @Test func `A number is told at the worst level of what it counts`() {
    var limiter = LogLimiter(perMinute: 1)
    for level in [LogLine.Level.info, .error, .info] {
      _ = limiter.admit(line("b", level), at: WallTime(ms: 0))
    }
    #expect(limiter.flush().map(\.level) == [.error])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `Nothing is lost: every line is told or counted, and none too often`(_ seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let perMinute = Int.random(in: 1...4, using: &random)
    var limiter = LogLimiter(perMinute: perMinute, subjectsMax: 8)
    var now: Int64 = 1_000_000
    var said = 0
    var accounted = 0
    var times: [String: [Int64]] = [:]
    func take(_ lines: [LogLine]) {
      for line in lines {
        if let repeats = line.fields.first(where: { $0.name == "repeats" }) {
          accounted += Int(repeats.value) ?? 0
        } else {
          accounted += 1
          times[line.subject, default: []].append(now)
        }
      }
    }
    for _ in 0..<20_000 {
      now += Int64.random(in: 0...900, using: &random)
      // Now and then somebody sets the clock back.
      if Int.random(in: 0..<2_000, using: &random) == 0 {
        now -= 3 * Self.minuteMs
        times = [:]
      }
      said += 1
      take(limiter.admit(line("s\(Int.random(in: 0..<12, using: &random))"), at: WallTime(ms: now)))
      if Int.random(in: 0..<50, using: &random) == 0 { take(limiter.due(at: WallTime(ms: now))) }
    }
    take(limiter.flush())
    #expect(accounted == said)
    for (subject, times) in times {
      for index in times.indices where index >= perMinute * 2 {
        // Two neighbouring minutes may each have theirs.
        #expect(times[index] - times[index - perMinute * 2] >= Self.minuteMs, "\(subject)")
      }
    }
  }

  @Test func `Ever new subjects do not grow its memory`() {
    var limiter = LogLimiter(perMinute: 1, subjectsMax: 10)
    var told = 0
    for number in 0..<1_000 {
      told += limiter.admit(line("s\(number)"), at: WallTime(ms: 0)).count
    }
    #expect(told == 11)
    #expect(limiter.due(at: WallTime(ms: 60_000)).map(\.fields) == [[.init("repeats", "989")]])
    #expect(limiter.admit(line("later"), at: WallTime(ms: 60_001)).count == 1)
  }

  @Test func `A line is one line of text, or one object, whatever is in it`() throws {
    let time = WallTime(ms: 1_767_225_600_042)
    let plain = LogLine(
      .warning, site: "kafka", "no broker answers", fields: [.init("broker", "a b=\"c\"")])
    #expect(
      LogFormat.text.text(plain, at: time)
        == "2026-01-01T00:00:00.042Z warning no broker answers  site=kafka broker=\"a b=\\\"c\\\"\""
    )
    let nasty = "one\ntwo\u{1B}[31m \"three\" \\ 四\u{0}\t"
    let line = LogLine(.error, site: "worker", nasty, fields: [.init("path", nasty)])
    let text = LogFormat.text.text(line, at: time)
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    let json = LogFormat.json.text(line, at: time)
    #expect(json.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String])
    #expect(
      object == [
        "time": "2026-01-01T00:00:00.042Z", "level": "error", "site": "worker", "message": nasty,
        "path": nasty,
      ])
    #expect(LogFormat.text(WallTime(ms: -1)) == "1969-12-31T23:59:59.999Z")
  }

  @Test func `The log heeds its level, but for what somebody asked to be written`() {
    let lines = Mutex<[String]>([])
    let log = Log(
      level: .warning, limiter: LogLimiter(perMinute: 1), now: { WallTime(ms: 0) },
      write: { line in lines.withLock { $0.append(line) } })
    log("nobody needs this")
    for _ in 0..<3 { log.note(.error, "store", "the disk is slow") }
    for _ in 0..<3 { log.deliver(LogLine(.info, site: "notify", "an alert fires")) }
    log.tick()
    #expect(lines.withLock { $0.count } == 4)
    log.flush()
    let last = lines.withLock { $0.last }
    #expect(last?.contains("the disk is slow … 2 more of these until the end") == true)
  }
}
