import StreamCore
import StreamTestKit
import Testing
import WorkerRuntime

/// Figures over alerts and incidents, times in hours.
@Suite struct BacktestFiguresTests {
  private func at(_ hour: Int) -> EventTime { EventTime(ms: Int64(hour) * 3_600_000) }

  private func span(_ from: Int, _ to: Int) -> Range<EventTime> { at(from)..<at(to) }

  /// An alert that fired at the end of the hour before `fired`.
  private func alert(_ fired: Int, _ ended: Int?, _ series: String = "{}") -> BacktestAlert {
    BacktestAlert(
      series: series, judged: span(fired - 1, fired), fired: at(fired), ended: ended.map(at))
  }

  private func figures(
    _ alerts: [BacktestAlert], _ incidents: [(Int, Int)] = [], _ part: BacktestPart? = nil
  ) -> BacktestFigures {
    BacktestFigures(
      alerts,
      incidents: incidents.enumerated().map {
        Incident(name: "i\($0.offset)", span: span($0.element.0, $0.element.1))
      }, part: part ?? BacktestPart(span(0, 336)))
  }

  @Test func `Alerts are counted, and hours in which at least one was open`() {
    let own = figures([alert(10, 20), alert(15, 30, "a"), alert(40, 41), alert(300, nil)])
    #expect(own.alerts == 4)
    #expect(own.openMs == (20 + 1 + 36) * 3_600_000)
    #expect(own.longestMs == 36 * 3_600_000, "what goes on is counted to the end")
    #expect(own.alertsPerWeek == 2)
    #expect(own.f1 == nil && own.recall == nil, "nothing is known of incidents")
  }

  /// When it fired and ended, and what becomes of an incident of hours 100 to 110.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var fired: Int
    var ended: Int?
    var delay: Int64?
    var hits = 0
    var before = 0
    var wrong = 0
    var testDescription: String { name }
  }

  @Test(arguments: [
    Case(name: "fires in the first hour", fired: 101, ended: 102, delay: 1, hits: 1),
    Case(name: "fires in the last hour", fired: 110, ended: 111, delay: 10, hits: 1),
    Case(name: "fires an hour after", fired: 111, ended: 112, wrong: 1),
    Case(name: "ends as it begins", fired: 90, ended: 100, wrong: 1),
    Case(name: "was open before and goes on into it", fired: 99, ended: 105, before: 1),
    Case(name: "was open before and never ends", fired: 100, ended: nil, before: 1),
  ])
  func `An alert that fires in an incident finds it; one that was open before is neither`(
    _ given: Case
  ) {
    let own = figures([alert(given.fired, given.ended)], [(100, 110)])
    #expect(own.detections.map(\.afterMs) == [given.delay.map { $0 * 3_600_000 }])
    #expect(own.hits == given.hits)
    #expect(own.openBefore == given.before)
    #expect(own.falseAlerts == given.wrong)
  }

  @Test func `An incident of one series is found by its alerts alone`() {
    let incident = Incident(name: "i", span: span(10, 20), series: "ios")
    let found = BacktestFigures(
      [alert(12, 14, "ios"), alert(12, 14, "web"), alert(9, 14, "web")], incidents: [incident],
      part: BacktestPart(span(0, 100)))
    #expect(found.found == 1 && found.hits == 1)
    #expect(found.falseAlerts == 2 && found.openBefore == 0)
    let missed = BacktestFigures(
      [alert(12, 14, "web")], incidents: [incident], part: BacktestPart(span(0, 100)))
    #expect(missed.missed == 1 && missed.falseAlerts == 1)
  }

  @Test func `Precision, recall and F1 count as they say`() {
    let own = figures(
      [alert(12, 13), alert(15, 16), alert(50, 51), alert(105, 108)],
      [(10, 20), (100, 110), (200, 210)])
    #expect(own.hits == 3 && own.falseAlerts == 1 && own.found == 2 && own.missed == 1)
    #expect(own.precision == 0.75)
    #expect(own.recall == 2.0 / 3)
    #expect(own.f1 == 2 * 0.75 * (2.0 / 3) / (0.75 + 2.0 / 3))
    #expect(own.medianDelayMs == 5 * 3_600_000 && own.greatestDelayMs == 5 * 3_600_000)
    #expect(figures([], [(10, 20)]).f1 == 0, "nothing found")
  }

  @Test func `Parts are looked at as if there were no other`() throws {
    let split = try #require(BacktestPart.split(span(0, 336), at: at(168)))
    let alerts = [alert(160, 200), alert(168, 169), alert(169, 170), alert(400, 401)]
    let incidents = [(150, 180), (300, 310)]
    let before = figures(alerts, incidents, split.before)
    let after = figures(alerts, incidents, split.after)
    #expect(before.alerts == 2, "what ended at the border was known before it")
    #expect(before.openMs == 8 * 3_600_000)
    #expect(before.longestMs == 8 * 3_600_000)
    #expect(before.detections.map(\.incident) == ["i0"])
    #expect(after.alerts == 2, "what the last windows say belongs to the end")
    #expect(after.openMs == 32 * 3_600_000, "the alert of before was open in it too")
    #expect(after.detections.map(\.incident) == ["i1"], "an incident counts where it began")
    #expect(after.hits == 1, "it fired because of the incident that had begun before")
    #expect(BacktestPart.split(span(0, 10), at: at(10)) == nil)
  }

  @Test func `Better is more found, then fewer false alerts, then sooner`() {
    let incidents = [(10, 20), (100, 110)]
    let both = figures([alert(12, 13), alert(102, 103)], incidents)
    let slow = figures([alert(15, 16), alert(105, 106)], incidents)
    let one = figures([alert(12, 13)], incidents)
    #expect(both.isBetter(than: slow) && slow.isBetter(than: one) && !one.isBetter(than: both))
    #expect(!both.isBetter(than: both))
    #expect(!figures([alert(12, 13)]).isBetter(than: figures([])), "without incidents nothing is")
  }

  @Test func `Any alerts and incidents: hour by hour it is the same`() {
    withManySeeds(200) { seed, random in
      let length = 60
      var alerts: [BacktestAlert] = []
      for _ in 0..<random.below(8) {
        let fired = random.below(length) + 1
        alerts.append(
          alert(fired, random.chance(0.2) ? nil : fired + 1 + random.below(20)))
      }
      let incidents = (0..<random.below(4)).map { _ -> (Int, Int) in
        let from = random.below(length)
        return (from, from + 1 + random.below(15))
      }
      let own = figures(alerts, incidents, BacktestPart(span(0, length)))
      // An hour is open when any alert covers it.
      let open = (0..<length).count { hour in
        alerts.contains { $0.fired <= at(hour) && at(hour) < $0.ended ?? .distantFuture }
      }
      let firing = alerts.map { Int($0.fired.ms / 3_600_000) - 1 }
      let hits = firing.count { hour in incidents.contains { $0.0 <= hour && hour < $0.1 } }
      let touched = alerts.count { alert in
        (0..<2 * length).contains { hour in
          let isOpen =
            alert.judged.contains(at(hour))
            || (alert.fired <= at(hour) && hour < length
              && at(hour) < alert.ended ?? .distantFuture)
          return isOpen && incidents.contains { $0.0 <= hour && hour < $0.1 }
        }
      }
      let delays = incidents.map { incident in
        firing.filter { incident.0 <= $0 && $0 < incident.1 }.min().map {
          Int64($0 + 1 - incident.0) * 3_600_000
        }
      }
      #expect(own.openMs == Int64(open) * 3_600_000)
      #expect(own.hits == hits && own.openBefore == touched - hits)
      #expect(own.hits + own.openBefore + own.falseAlerts == own.alerts)
      #expect(own.detections.map(\.afterMs) == delays)
      return own.openMs == Int64(open) * 3_600_000 && own.hits == hits
        && own.openBefore == touched - hits && own.detections.map(\.afterMs) == delays
    }
  }
}
