// What the queries of the console cost over a year of rows: 350,400 of hourly metrics by five
// channels, 175,200 of 20 KPIs, daily funnels and sessions, weekly retention, 2,000 alerts, 5,110
// findings, 10,000 messages, 20,365 snapshots.
//
//   swift run -c release --package-path Benchmarks QueryBenchmark [FILE]
//
// Each query runs eleven times on one open reader; told are the first, which prepares it, and the
// median of the others. With FILE the file is kept, and used again where it is there.

import Foundation
import SnapshotStore
import StreamCore

let given = CommandLine.arguments.dropFirst().first
let path = given ?? NSTemporaryDirectory() + "weir-queries-\(UUID().uuidString).sqlite"
if !FileManager.default.fileExists(atPath: path) { try YearOfRows.write(path) }
defer {
  if given == nil {
    for suffix in ["", "-wal", "-shm", ".lock"] {
      try? FileManager.default.removeItem(atPath: path + suffix)
    }
  }
}

let reader = try ResultsReader.open(path: path)
let (start, end) = (EventTime(ms: YearOfRows.startMs), EventTime(ms: YearOfRows.endMs))
let week = EventTime(ms: YearOfRows.endMs - 7 * YearOfRows.dayMs)
let middle = EventTime(ms: YearOfRows.endMs - 180 * YearOfRows.dayMs)
let clock = ContinuousClock()

func measure(_ name: String, _ query: () throws -> Int) throws {
  var times: [Double] = []
  var rows = 0
  for _ in 0..<11 {
    let time = try clock.measure { rows = try query() }
    times.append(Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1e3)
  }
  let median = times.dropFirst().sorted()[5]
  print(
    String(format: "%9.2f %9.2f %8d  ", times[0], median, rows) + name)
}

func alerts(_ fill: (inout AlertQuery) -> Void) throws -> Int {
  var query = AlertQuery()
  query.limit = 50
  fill(&query)
  return try reader.alertPage(query).rows.count
}

func findings(_ fill: (inout FindingQuery) -> Void) throws -> Int {
  var query = FindingQuery()
  query.limit = 50
  fill(&query)
  return try reader.findingPage(query).rows.count
}

let revenue = MetricQuery(metric: "revenue", from: week, to: end, limit: 5000)
let newest = MetricQuery(metric: "revenue", limit: 100, newestFirst: true)
let deep = try reader.metricPage(
  MetricQuery(metric: "revenue", from: start, to: middle, limit: 10_000)
).next

print(" first ms median ms     rows  query; file of \(reader.fileSizes().results >> 20) MiB")
try measure("metric, a week of 5 series") { try reader.metricPage(revenue).rows.count }
try measure("metric, one of 5 series in a week") {
  var query = revenue
  query.dimensions = ["channel": "web"]
  return try reader.metricPage(query).rows.count
}
try measure("metric, newest 100") { try reader.metricPage(newest).rows.count }
try measure("metric, 100 behind a place deep in the year") {
  try reader.metricPage(
    MetricQuery(metric: "revenue", from: start, to: middle, limit: 100), after: deep
  ).rows.count
}
try measure("metric, a year of 5 series") {
  try reader.metricPage(MetricQuery(metric: "revenue", limit: 50_000)).rows.count
}
try measure("series of a metric, a week") {
  try reader.series(of: "revenue", from: week).series.count
}
try measure("series of a metric, a year") { try reader.series(of: "revenue").series.count }
try measure("outlines of all stages") { try reader.outlines().count }
try measure("funnel, 30 days") {
  try reader.funnelPage(
    StageQuery(name: "checkout", from: EventTime(ms: end.ms - 30 * YearOfRows.dayMs))
  ).rows.count
}
try measure("retention, 12 cohorts") {
  let cohorts = try reader.latestCohorts(of: "weekly", limit: 12)
  return try reader.retentionPage(StageQuery(name: "weekly"), fromCohort: cohorts.last).rows.count
}
try measure("retention, all") {
  try reader.retentionPage(StageQuery(name: "weekly", limit: 10_000)).rows.count
}
try measure("sessions, 30 days") {
  try reader.sessionPage(StageQuery(name: "visits", limit: 150, newestFirst: true)).rows.count
}
try measure("tree of KPIs") { try reader.kpiTree().count }
try measure("standings of 20 KPIs, 60 points") { try reader.latestKPIs().count }
try measure("12 periods of a KPI") { try reader.kpiPeriods(of: "kpi_07", limit: 12).count }
try measure("rows of a KPI, newest 720") {
  try reader.kpis(KPIQuery(kpi: "kpi_07", limit: 720, newestFirst: true)).rows.count
}
try measure("alerts, newest 50") { try alerts { _ in } }
try measure("alerts, firing") { try alerts { $0.states = [.firing, .recovering] } }
try measure("alerts, resolved") { try alerts { $0.states = [.resolved] } }
try measure("alerts, pending (none)") { try alerts { $0.states = [.pending] } }
try measure("alerts, of a rule") { try alerts { $0.rule = "odd_revenue" } }
try measure("alerts, half a year back") { try alerts { $0.to = middle } }
let id = try reader.alertPage().rows[20].alert.alertID
try measure("one alert's story") { try reader.story(of: id).get().alertTransitions.count }
try measure("transitions of a rule, a week") {
  try reader.transitions(TransitionQuery(rule: "odd_revenue", from: week)).rows.count
}
try measure("transitions of all rules, newest 50") {
  try reader.transitions(TransitionQuery(limit: 50)).rows.count
}
try measure("findings, newest 50") { try findings { _ in } }
try measure("findings, open") { try findings { $0.isOpen = true } }
try measure("findings, provisional (none)") { try findings { $0.statuses = [.provisional] } }
try measure("findings, of an entity") { try findings { $0.entity = "10.0.7.3" } }
try measure("outbox, newest 50") {
  var query = OutboxQuery()
  query.limit = 50
  return try reader.outboxPage(query).rows.count
}
try measure("outbox, pending") {
  var query = OutboxQuery()
  (query.states, query.limit) = ([.pending], 50)
  return try reader.outboxPage(query).rows.count
}
try measure("outbox, dead (none)") {
  var query = OutboxQuery()
  (query.states, query.limit) = ([.dead], 50)
  return try reader.outboxPage(query).rows.count
}
try measure("depth of the outbox") { try reader.outboxDepth().count }
try measure("counts") { Int(try reader.counts().openFindings) }
try measure("verdicts, newest 100") { try reader.verdictPage().rows.count }
try measure("what was real") { try reader.judged(.real).count }
try measure("rejected samples, 100") { try reader.samplePage(.rejected).rows.count }
try measure("snapshots of a day, 300 points") {
  try reader.snapshots(since: WallTime(ms: YearOfRows.endMs), points: 300).count
}
try measure("newest snapshot") { try reader.snapshots(limit: 1).count }
try measure("partitions") { try reader.partitions().count }
try measure("manifest") { try reader.manifest().count }
try measure("thresholds, history") { try reader.thresholdPage().rows.count }
try measure("restatements") { try reader.restatementPage().rows.count }
try measure("data version") { Int(try reader.dataVersion()) }
reader.close()
