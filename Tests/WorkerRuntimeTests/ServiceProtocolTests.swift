import Foundation
import StreamCore
import StreamTestKit
import Testing

@testable import WorkerRuntime

struct ServiceProtocolTests {
  private func sight(
    _ steps: UInt64, ready: Bool = true, stopping: Bool = false, _ status: String = "fine"
  ) -> ServiceProtocol.Sight {
    ServiceProtocol.Sight(
      steps: steps, isReady: ready, isStopping: stopping, status: status)
  }

  /// What is told when the worker is looked at every second, by second.
  private func told(
    _ seconds: Range<Int64>, watchdogMs: Int64? = 4_000,
    _ look: (Int64) -> ServiceProtocol.Sight
  ) -> [Int64: [String]] {
    var rules = ServiceProtocol(watchdogMs: watchdogMs)
    var told: [Int64: [String]] = [:]
    for second in seconds {
      let lines = rules.lines(look(second), nowMs: 7_000_000 + second * 1_000)
      if !lines.isEmpty { told[second] = lines }
    }
    return told
  }

  @Test func `Ready and stopping are said once, in that order`() {
    let told = told(0..<30) {
      sight(UInt64($0), ready: $0 >= 5, stopping: $0 >= 20)
    }
    #expect(told.filter { $0.value.contains("READY=1") }.map(\.key) == [5])
    #expect(told.filter { $0.value.contains("STOPPING=1") }.map(\.key) == [20])
  }

  @Test func `A worker that ends at once was ready all the same`() {
    let told = told(0..<1) { _ in sight(3, stopping: true) }
    #expect(told[0]?.prefix(2) == ["READY=1", "STOPPING=1"])
  }

  @Test func `The watchdog hears of every quarter of its time while something is done`() {
    let told = told(0..<20, watchdogMs: 8_000) { sight(UInt64($0)) }
    let calmed = told.filter { $0.value.contains("WATCHDOG=1") }.map(\.key).sorted()
    #expect(calmed == Array(stride(from: 1, to: 20, by: 2)))
  }

  @Test func `A coordinator that hangs is not vouched for, and the status says since when`() {
    let told = told(0..<120) { sight(UInt64(min($0, 20)), "12 events/s") }
    let calmed = told.filter { $0.value.contains("WATCHDOG=1") }.map(\.key)
    #expect(calmed.max() == 20)
    #expect(told[30]?.last == "STATUS=no progress for 10 s; 12 events/s")
    #expect(told.filter { $0.key > 30 }.values.joined().allSatisfy { $0.hasPrefix("STATUS=no ") })
  }

  @Test func `Nobody watches: nothing is said to the watchdog`() {
    let told = told(0..<60, watchdogMs: nil) { sight(UInt64($0)) }
    #expect(!told.values.joined().contains("WATCHDOG=1"))
  }

  @Test func `A long start and a long last save get more time while they get on, and else not`() {
    let extend = "EXTEND_TIMEOUT_USEC=60000000"
    let start = told(0..<200) { sight(UInt64(min($0, 90)), ready: false) }
    let asked = start.filter { $0.value.contains(extend) }.map(\.key).sorted()
    #expect(asked == [1, 21, 41, 61, 81, 101], "the last one is for what was done up to 90")
    let stop = told(0..<200) { sight(UInt64(min($0, 150)), stopping: $0 >= 100) }
    #expect(
      stop.filter { $0.value.contains(extend) }.map(\.key).sorted() == [100, 120, 140, 160])
  }

  @Test func `A status is told when it changes, not more than every few seconds, in one line`() {
    let told = told(0..<12, watchdogMs: nil) { sight(1, $0 == 0 ? "a\nREADY=0" : "\($0)") }
    #expect(told[0]?.contains("STATUS=a READY=0") == true)
    #expect(told.keys.sorted() == [0, 5, 10])
    #expect(told[10] == ["STATUS=no progress for 10 s; 10"])
  }

  @Test func `A status line says rate, watermark, lag and the last snapshot`() {
    var status = WorkerStatus()
    func text(_ perSecond: Double? = 1_234.5, finishing: Bool = false) -> String {
      ServiceStatus.text(
        status, perSecond: perSecond, now: WallTime(ms: 10_000_000), isFinishing: finishing)
    }
    #expect(
      ServiceStatus.text(nil, perSecond: nil, now: WallTime(ms: 0), isFinishing: false)
        == "opening its files, and asking the broker")
    status.fates.read = 7
    #expect(text(nil) == "7 events")
    status.watermark = EventTime(ms: 10_000_000 - 65_000)
    status.lag = 120
    status.lastSnapshot = WallTime(ms: 10_000_000 - 3_200)
    #expect(
      text() == "1234 events/s, watermark 65 s behind, 120 records wait, snapshot 3 s ago")
    status.isCatchingUp = true
    #expect(text().hasPrefix("reading again what the file has, 1234 events/s"))
    #expect(text(finishing: true) == "saving the last snapshot")
  }

  @Test func `The watchdog of another process is none of this one's`() {
    let environment = ["WATCHDOG_USEC": "30000000"]
    #expect(ServiceNotifier.watchdogMs(environment, processID: 5) == 30_000)
    #expect(
      ServiceNotifier.watchdogMs(environment.merging(["WATCHDOG_PID": "5"]) { $1 }, processID: 5)
        == 30_000)
    #expect(
      ServiceNotifier.watchdogMs(environment.merging(["WATCHDOG_PID": "6"]) { $1 }, processID: 5)
        == nil)
    for bad in ["", "0", "-1", "soon"] {
      #expect(ServiceNotifier.watchdogMs(["WATCHDOG_USEC": bad]) == nil)
    }
  }
}

struct ServiceNotifierTests {
  private static var names: [String] {
    let unique = UUID().uuidString
    return [NSTemporaryDirectory() + "weir-\(unique).socket", "@weir-test-\(unique)"]
  }

  @Test(arguments: names) func `A manager hears what a worker does`(_ name: String) async throws {
    let manager = try DatagramListener(name)
    let progress = WorkProgress()
    let log = Awaited<String>()
    let made = ServiceNotifier(
      environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"], progress: progress,
      log: { log.append($0) })
    let notifier = try #require(made)
    let first = try #require(await manager.next(withinMs: Patience.ms))
    #expect(first.contains("STATUS=opening its files"))
    #expect(!first.contains("READY=1"))
    var status = WorkerStatus()
    status.isCatchingUp = true
    notifier.note(status)
    var lines = try #require(
      await manager.lines(until: "WATCHDOG=1", first: { progress.beat() }))
    #expect(!lines.contains("READY=1"), "what is read again is nothing new")
    status.isCatchingUp = false
    notifier.note(status)
    lines = try #require(await manager.lines(until: "READY=1"))
    #expect(!lines.contains("STOPPING=1"))
    notifier.note(failure: "the disk is full\nREADY=1")
    notifier.end()
    lines = try #require(await manager.lines(until: "STOPPING=1"))
    // On a slow machine it also says for how long there was no progress.
    let last = lines.last ?? ""
    #expect(
      last.hasPrefix("STATUS=") && last.hasSuffix("failed: the disk is full READY=1"), "\(last)")
    #expect(await manager.next(withinMs: 0) == nil)
  }

  @Test func `Without a manager nothing is told, and a bad name is complained of`() throws {
    let progress = WorkProgress()
    for environment in [[:], ["NOTIFY_SOCKET": ""]] {
      let notifier = ServiceNotifier(environment: environment, progress: progress) {
        Issue.record("there is nothing to say: \($0)")
      }
      #expect(notifier == nil)
    }
    let long = "/" + String(repeating: "a", count: 120)
    for bad in ["relative/path", "vsock:2:1234", "@", "/", long] {
      let complaints = Awaited<String>()
      let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": bad], progress: progress) {
        complaints.append($0)
      }
      #expect(notifier == nil && complaints.all.count == 1, "\(bad)")
    }
  }

  @Test func `A manager that is not there is complained of once`() async throws {
    let log = Awaited<String>()
    let made = ServiceNotifier(
      environment: ["NOTIFY_SOCKET": NSTemporaryDirectory() + UUID().uuidString],
      progress: WorkProgress(), log: { log.append($0) })
    let notifier = try #require(made)
    let complaint = try await log.first(1)[0]
    #expect(complaint.contains("No such file") && complaint.contains("NOTIFY_SOCKET"))
    notifier.end()
    #expect(log.all.count == 1)
  }
}
