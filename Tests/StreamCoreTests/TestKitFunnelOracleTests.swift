import StreamTestKit
import Testing

/// The funnel's oracle on examples worked out by hand. Times are in seconds; names of events are
/// letters, one event a second.
@Suite("Test kit: funnel oracle")
struct TestKitFunnelOracleTests {
  /// Events of one user, one a second from `at` on: `a` is an event of that name, `.` is none.
  private func events(_ letters: String, at start: Int64 = 0, user: String = "u") -> [OracleEvent] {
    letters.enumerated().filter { $0.element != "." }.map { index, letter in
      OracleEvent(
        timeMs: (start + Int64(index)) * 1000, user: user, name: String(letter),
        channel: "\(start + Int64(index))", offset: index)
    }
  }

  private func funnel(
    _ steps: String, within: Int64 = 1000, strict: Bool = false, exclude: String = "",
    hourly: Bool = true
  ) -> FunnelOracle {
    FunnelOracle(
      name: "f", steps: steps.map { step in .init("\(step)") { $0.name == "\(step)" } },
      withinMs: within * 1000, isStrict: strict, exclude: { exclude.contains($0.name) },
      dimensions: [("at", { OracleValue($0.channel) })],
      entered: hourly ? .fixed(ms: 3_600_000) : .day)
  }

  /// The chain of the only user and entry window: seconds of its steps.
  private func chain(_ oracle: FunnelOracle, _ letters: String) -> [Int64] {
    let rows = oracle.rows(events(letters)).filter { $0.users > 0 }
    guard let first = rows.first else { return [] }
    let start = Int64(first.dimensions.filter(\.isNumber)) ?? -1
    return rows.flatMap { $0.timesMs.map { start + $0 / 1000 } }
  }

  @Test("default skips what is not the next step, strict ends there and may begin again")
  func orders() {
    #expect(chain(funnel("abc"), "axbxc") == [0, 2, 4])
    #expect(chain(funnel("abc"), "acb") == [0, 2])
    #expect(chain(funnel("abc"), "bc") == [])
    #expect(chain(funnel("abc", strict: true), "axbabxabc") == [6, 7, 8])
    #expect(chain(funnel("abc", strict: true), "aabxc") == [1, 2])
    #expect(chain(funnel("abc", strict: true), "abx") == [0, 1])
  }

  @Test("within is inclusive and counts from the first step")
  func within() {
    #expect(chain(funnel("abc", within: 4), "a.b.c") == [0, 2, 4])
    #expect(chain(funnel("abc", within: 3), "a.b.c") == [0, 2])
    #expect(chain(funnel("abc", within: 3), "aab.c") == [1, 2, 4])
  }

  @Test("one event fills one step of a chain; a name twice needs two events")
  func repeats() {
    #expect(chain(funnel("aa"), "a") == [0])
    #expect(chain(funnel("aa"), "a.a") == [0, 2])
    #expect(chain(funnel("aba"), "aba") == [0, 1, 2])
    let both = FunnelOracle(
      name: "f",
      steps: [.init("x") { "ab".contains($0.name) }, .init("y") { "bc".contains($0.name) }],
      withinMs: 1000_000)
    #expect(both.rows(events("b")).map(\.users) == [1, 0])
    #expect(both.rows(events("bb")).map(\.timesMs) == [[0], [1000]])
  }

  @Test("an excluding event ends open chains before it is any step, and may be a first step itself")
  func exclusion() {
    #expect(chain(funnel("abc", exclude: "x"), "abxc") == [0, 1])
    #expect(chain(funnel("abc", exclude: "x"), "abxabc") == [3, 4, 5])
    #expect(chain(funnel("abc", exclude: "b"), "abc") == [0])
    #expect(chain(funnel("aab", exclude: "a"), "aaab") == [0])
    #expect(chain(funnel("abb", exclude: "a"), "abab") == [0, 1])
  }

  @Test(
    "the chain that first reached the best level counts; of those completed by one event the last")
  func choice() {
    // Both chains are completed by the same c: the one that began last.
    #expect(chain(funnel("abc"), "abc") == [0, 1, 2])
    #expect(chain(funnel("abc"), "aabc") == [1, 2, 3])
    // The second chain is as long, but later.
    #expect(chain(funnel("ab"), "abab") == [0, 1])
    // Level one is reached first by the first.
    #expect(chain(funnel("ab"), "a.a") == [0])
    // A better level takes the key along.
    #expect(chain(funnel("abc", within: 4), "ab...abc") == [5, 6, 7])
    // The one that began last at a level may have reached it late: b belongs to both.
    #expect(chain(funnel("abc"), "aba.c") == [0, 1, 4])
  }

  @Test("each entry window of a user has its own best chain, the windows being calendar days")
  func windows() {
    var oracle = funnel("ab", within: 200_000, hourly: false)
    oracle.calendar = OracleCalendar(zone: "America/New_York")
    oracle.dimensions = []
    // 2026-03-07 23:59:50 local, and ten minutes into the day of 23 hours after it.
    let evening: Int64 = 1_772_945_990
    let list = events("a", at: evening) + events("a", at: evening + 610)
    let rows = oracle.rows(list + events("b", at: evening + 85_000))
    #expect(rows.map(\.day) == ["2026-03-07", "2026-03-07", "2026-03-08", "2026-03-08"])
    #expect(rows.map(\.timesMs) == [[0], [85_000_000], [0], [84_390_000]])
    #expect(rows[2].window.endMs - rows[2].window.startMs == 23 * 3_600_000)
  }

  @Test("ties are in the order of partition and offset")
  func ties() {
    let tie = { (name: String, partition: Int, offset: Int) in
      OracleEvent(timeMs: 5, user: "u", name: name, partition: partition, offset: offset)
    }
    var oracle = funnel("ab")
    oracle.dimensions = []
    #expect(oracle.rows([tie("b", 0, 7), tie("a", 0, 6)]).map(\.users) == [1, 1])
    #expect(oracle.rows([tie("a", 0, 7), tie("b", 0, 6)]).map(\.users) == [1, 0])
    #expect(oracle.rows([tie("a", 1, 0), tie("b", 0, 9)]).map(\.users) == [1, 0])
  }

  @Test("another key than the user: chains are of its events, whoever made them, nobody's are none")
  func key() {
    var oracle = funnel("ab")
    oracle.key = { $0.order }
    oracle.dimensions = []
    let event = { (ms: Int64, user: String?, name: String, order: String?) in
      OracleEvent(timeMs: ms, user: user, name: name, order: order)
    }
    let list = [
      event(1, "u", "a", "o"), event(2, nil, "b", "o"), event(1, "v", "a", nil),
      event(3, "v", "a", "p"),
    ]
    #expect(oracle.rows(list).map(\.users) == [2, 1])
  }

  @Test("shares are of those that entered and of the step before; none without a step before")
  func shares() {
    var oracle = funnel("abcd")
    oracle.dimensions = []
    let list = ["abc", "ab", "ac", "a"].enumerated().flatMap { events($1, user: "u\($0)") }
    let rows = oracle.rows(list)
    #expect(rows.map(\.users) == [4, 2, 1, 0])
    #expect(rows.map(\.entered) == [4, 4, 4, 4])
    #expect(rows.map(\.previous) == [4, 4, 2, 1])
  }
}

extension FunnelOracle.Row {
  fileprivate var users: Int { timesMs.count }
}
