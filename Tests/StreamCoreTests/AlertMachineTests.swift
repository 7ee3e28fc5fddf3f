import StreamTestKit
import Testing

@testable import StreamCore

/// The states of alerts, window by window. Windows are an hour long; `w` is one in which the
/// condition holds, `e` one in which the end does, `b` both, `.` neither, and `-` is not judged.
@Suite struct AlertMachineTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var windows: String
    var hold = AlertPlan.Hold.windows(1)
    var keepHours: Int64 = 0
    /// What is entered: the window's number, then states.
    var entered: String
    var testDescription: String { "\(windows), \(hold), kept for \(keepHours)h" }
  }

  static let cases: [Case] = [
    Case(windows: "ee.e", entered: ""),
    Case(windows: "ewe", entered: "1 pending firing, 2 resolved"),
    Case(windows: "ww.e", entered: "0 pending firing, 3 resolved"),
    // The window that ends an alert begins none, even where both hold.
    Case(windows: "wbwe", entered: "0 pending firing, 1 resolved, 2 pending firing, 3 resolved"),
    Case(windows: "bb", entered: "0 pending firing, 1 resolved"),
    // For two and three windows in a row.
    Case(windows: "wwe", hold: .windows(2), entered: "0 pending, 1 firing, 2 resolved"),
    Case(
      windows: "wewwe", hold: .windows(2),
      entered: "0 pending, 1 inactive, 2 pending, 3 firing, 4 resolved"),
    Case(windows: "w.ww", hold: .windows(2), entered: "0 pending, 1 inactive, 2 pending, 3 firing"),
    Case(windows: "ww", hold: .windows(3), entered: "0 pending"),
    // What is not judged neither counts nor breaks.
    Case(windows: "w-w-w", hold: .windows(3), entered: "0 pending, 4 firing"),
    Case(windows: "w--e", hold: .windows(2), entered: "0 pending, 3 inactive"),
    Case(windows: "w--e", entered: "0 pending firing, 3 resolved"),
    // For a time: from the first start to the last end.
    Case(windows: "w", hold: .duration(ms: 3_600_000), entered: "0 pending firing"),
    Case(windows: "ww", hold: .duration(ms: 3_600_001), entered: "0 pending, 1 firing"),
    Case(windows: "www", hold: .duration(ms: 10_800_000), entered: "0 pending, 2 firing"),
    Case(windows: "w-w", hold: .duration(ms: 10_800_000), entered: "0 pending, 2 firing"),
    // It goes on for a while.
    Case(windows: "weee", keepHours: 2, entered: "0 pending firing, 1 recovering, 3 resolved"),
    Case(windows: "wee", keepHours: 2, entered: "0 pending firing, 1 recovering"),
    Case(windows: "we-e", keepHours: 2, entered: "0 pending firing, 1 recovering, 3 resolved"),
    Case(
      windows: "wewee", keepHours: 1,
      entered: "0 pending firing, 1 recovering, 2 firing, 3 recovering, 4 resolved"),
    Case(
      windows: "we.ee", keepHours: 1,
      entered: "0 pending firing, 1 recovering, 2 firing, 3 recovering, 4 resolved"),
    Case(windows: "wee", keepHours: 1, entered: "0 pending firing, 1 recovering, 2 resolved"),
    // Flapping makes one alert after another, or with a time to keep firing a single one.
    Case(
      windows: "wewewe",
      entered:
        "0 pending firing, 1 resolved, 2 pending firing, 3 resolved, 4 pending firing, 5 resolved"),
    Case(
      windows: "wewewe", keepHours: 5,
      entered: "0 pending firing, 1 recovering, 2 firing, 3 recovering, 4 firing, 5 recovering"),
  ]

  @Test(arguments: cases) func `Windows lead from state to state`(_ test: Case) {
    #expect(Self.entered(test, restartAt: nil) == test.entered)
  }

  @Test(arguments: cases) func `A machine made of what was saved goes on the same`(_ test: Case) {
    for at in test.windows.indices.map({
      test.windows.distance(from: test.windows.startIndex, to: $0)
    }) {
      #expect(Self.entered(test, restartAt: at) == test.entered)
    }
  }

  private static func entered(_ test: Case, restartAt: Int?) -> String {
    var machine = AlertMachine()
    let rule = AlertMachine.Rule(
      hold: test.hold, keepFiringForMs: test.keepHours * 3_600_000)
    var found: [String] = []
    for (number, letter) in test.windows.enumerated() {
      if number == restartAt {
        machine = AlertMachine(
          state: machine.state, firstStart: machine.firstStart, held: machine.held,
          recoveringSince: machine.recoveringSince)
      }
      if letter == "-" { continue }
      let start = EventTime(ms: Int64(number) * 3_600_000)
      let window = AlertMachine.Window(
        start: start, end: EventTime(ms: start.ms + 3_600_000),
        isWhen: letter == "w" || letter == "b", isEnd: letter == "e" || letter == "b")
      let entered = machine.take(window, rule)
      if !entered.isEmpty {
        found.append("\(number) " + entered.map(\.rawValue).joined(separator: " "))
      }
    }
    return found.joined(separator: ", ")
  }

  @Test func `Wilson's bounds are those of the books`() throws {
    let bounds = try #require(AlertView.wilson(AlertReading(value: 0.2, samples: 50)))
    #expect(abs(bounds.lower - 0.112_4) < 0.000_1)
    #expect(abs(bounds.upper - 0.330_4) < 0.000_1)
    let none = try #require(AlertView.wilson(AlertReading(value: 0, samples: 10)))
    #expect(none.lower == 0)
    #expect(abs(none.upper - 0.277_5) < 0.000_1)
    #expect(AlertView.wilson(AlertReading(value: 1.1, samples: 10)) == nil)
    #expect(AlertView.wilson(AlertReading(value: 0.5, samples: 0)) == nil)
    #expect(AlertView.wilson(.noData) == nil)
  }

  @Test func `Readings are kept as far as they are asked for, gaps included`() {
    var history = ReadingHistory()
    for ordinal in Int64(5)...9 {
      history.append(AlertReading(value: Double(ordinal), samples: 1), at: ordinal, keepFrom: 0)
    }
    history.append(AlertReading(value: 12, samples: 1), at: 12, keepFrom: 0)
    #expect((3...13).map { history[$0]?.value } == [nil, nil, 5, 6, 7, 8, 9, nil, nil, 12, nil])
    history.trim(before: 8)
    #expect((6...12).map { history[$0]?.value } == [nil, nil, 8, 9, nil, nil, 12])
    history.append(AlertReading(value: 90, samples: 1), at: 90, keepFrom: 50)
    #expect(history.first == 90)
    #expect(history[12] == nil)
  }

  @Test func `The id of an alert is the same for ever`() {
    let name = SeriesName("{\"channel\":\"web\"}")
    let id = AlertID.of(
      pipeline: "shop", rule: "r", name, EventTime(ms: 0), isProvisional: false)
    #expect(id.utf8.count == 32)
    let others = [
      AlertID.of(pipeline: "shop", rule: "r", name, EventTime(ms: 1), isProvisional: false),
      AlertID.of(pipeline: "shop", rule: "r", name, EventTime(ms: 0), isProvisional: true),
      AlertID.of(pipeline: "shop", rule: "s", name, EventTime(ms: 0), isProvisional: false),
      AlertID.of(pipeline: "sho", rule: "pr", name, EventTime(ms: 0), isProvisional: false),
    ]
    #expect(Set(others + [id]).count == 5)
  }

  @Test func `Damaged state is refused or read, and never a crash`() throws {
    let window = WindowPlan(unit: .day, every: 1)
    var pipeline = PipelinePlan(
      name: "shop", definition: "", zone: .utc, tzdataVersion: "", sources: [],
      time: TimePlan(), fields: [])
    pipeline.retentions = [RetentionPlan(name: "back", unit: window, periods: 3)]
    pipeline.alerts = [
      AlertPlan(
        name: "lost",
        watch: ResultReference(stage: "back", figure: .retention(period: 1, .share)),
        when: try Expression.compile("value < 0.5") { _ in .slot(0) }, inputs: [.value],
        window: window)
    ]
    let plan = StagePlan(pipeline, keyed: true)
    let judge = try #require(AlertJudge(plan))
    let day: Int64 = 86_400_000
    judge.take(
      [],
      (0..<5).map {
        RetentionRow(
          retention: "back", cohort: "", period: 0, unitStart: EventTime(ms: $0 * day),
          unitEnd: EventTime(ms: ($0 + 1) * day), dimensions: "{}", users: 10, amount: nil,
          amountExact: nil, status: .final)
      }, [], [])
    let closed = EventTime(ms: 5 * day)
    judge.advance(horizon: closed, thresholds: ThresholdSchedule([])) { _ in closed }
    var writer = ByteWriter()
    judge.encode(into: &writer)
    #expect(judge.progress.first?.open.count == 1)
    try withSeeds([7]) { _, generator in
      for _ in 0..<2000 {
        var bytes = writer.bytes
        for _ in 0...generator.below(3) {
          bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
        }
        if generator.chance(0.3) { bytes.removeLast(generator.below(bytes.count)) }
        var reader = ByteReader(bytes)
        let other = try #require(AlertJudge(plan))
        do throws(CodecError) { try other.restore(from: &reader) } catch { continue }
        other.advance(horizon: closed, thresholds: ThresholdSchedule([])) { _ in closed }
      }
    }
  }
}
