// What candidates cost: `weir backtest` with 20 of them against one, and against `weir run`.
//
//   swift run -c release --package-path Benchmarks BacktestBenchmark [EVENTS_PER_FILE]
//
// A day of events in four files, each in its own order. Alerts watch a share by channel (5 series)
// and a count by event and channel (50 series), minute by minute; the risk looks at the failed
// payments of each user.

import BenchmarkKit
import Foundation

let perFile = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 500_000
let files = 4
let rounds = 3
let dayMs = 86_400_000.0

let pipeline = """
  name: backtest-bench
  zone: UTC
  source:
    format: segment
    fields: {channel: properties.channel}
  metrics:
    events:   {count: true, every: 1m, by: [event, channel]}
    attempts:
      {count: true, where: 'event in ["payment_details", "payment_error"]', every: 1m, by: [channel]}
    errors:   {count: true, where: 'event == "payment_error"', every: 1m, by: [channel]}
    error_share: {formula: errors / attempts}
  alerts:
    share:  {watch: error_share, when: lower(value) > above, thresholds: {above: 0.5}}
    volume: {watch: events, when: value > above, thresholds: {above: 40}, for: 2}
  risks:
    failing:
      within: 1h
      where: 'event == "payment_error"'
      when: count() >= most
      thresholds: {most: 30}
  """

/// What is run, and the name of the line that it is compared with.
struct Job {
  var name: String
  var words: [String]
  var against: String?
}

let jobs = [
  Job(name: "share, one candidate", words: ["--set", "share.above=0.6"]),
  Job(
    name: "share, 20 candidates", words: ["--sweep", "share.above=0.55..0.74:0.01"],
    against: "share, one candidate"),
  // A row for each step of each alert: most of these fire and end all day.
  Job(
    name: "share, 20 restless", words: ["--sweep", "share.above=0.4..0.59:0.01"],
    against: "share, one candidate"),
  Job(name: "volume, one candidate", words: ["--set", "volume.above=60"]),
  Job(
    name: "volume, 20 candidates", words: ["--sweep", "volume.above=58..77:1"],
    against: "volume, one candidate"),
  Job(name: "risk, one candidate", words: ["--set", "failing.most=30"]),
  Job(
    name: "risk, 20 candidates", words: ["--sweep", "failing.most=11..30:1"],
    against: "risk, one candidate"),
]

do {
  try Worker.inFolder { folder in
    let worker = try Worker()
    let path = folder.appendingPathComponent("backtest.yaml").path
    try Data(pipeline.utf8).write(to: URL(fileURLWithPath: path))
    let input =
      ["--in-order", "--input"]
      + (try BenchmarkEvents.write(
        files: files, events: perFile, users: .uniform, userCount: 100_000, spanMs: dayMs,
        to: folder))
    let total = Double(perFile * files)
    print("\(perFile * files) events, a day of event time; median of \(rounds)")
    func tell(_ name: String, _ runs: [ChildProcess], against base: Double?) -> Double {
      let wall = runs.map(\.wallSeconds).median
      print(
        String(
          format: "%-24@ %9.0f events/s %7.0f ns CPU/event %7.0f MB%@", name as NSString,
          total / wall, runs.map(\.cpuSeconds).median * 1e9 / total,
          runs.map { Double($0.peakBytes) }.median / 1e6,
          base.map { String(format: "   %.2f times the time", wall / $0) } ?? ""))
      return wall
    }
    let whole = try (0..<rounds).map { _ in try worker.run(path, in: folder, input) }
    _ = tell("weir run", whole, against: nil)
    var walls: [String: Double] = [:]
    for job in jobs {
      let runs = try (0..<rounds).map { _ in
        try ChildProcess.run(
          worker.binary, ["backtest", path] + job.words + input,
          environment: ["TMPDIR": folder.path])
      }
      walls[job.name] = tell(job.name, runs, against: job.against.flatMap { walls[$0] })
    }
  }
} catch {
  FileHandle.standardError.write(Data("BacktestBenchmark: \(error)\n".utf8))
  exit(1)
}
