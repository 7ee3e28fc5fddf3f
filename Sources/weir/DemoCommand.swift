import ArgumentParser
import Dashboard
import Foundation
import PipelineSpec
import WorkerRuntime

/// `weir demo`: an embedded broker, a simulated shop and the worker, to look at.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch Weir at work on a simulated shop; nothing to set up.",
    discussion: """
      Starts a Kafka broker inside this process, a shop whose customers send events into it in \
      accelerated time, and a worker that runs the pipeline pipelines/shop.yaml over them. Payments \
      on the mini program fail from the fourth minute of the shop's time to the tenth, and from the \
      eighth somebody tries stolen cards. The console, pages that live with it, is at the address \
      that is printed. Ctrl-C ends it in order. The SQLite file stays.

      EXAMPLES
        weir demo                        until Ctrl-C, a minute of the shop a second
        weir demo --for 20s              ends by itself
        weir demo --speed 600 --seed 7   an hour in six seconds, and another day
        weir demo --customers 200000     a bigger shop
        weir demo --kpis                 a company's KPIs, an hour a second
        weir demo --for 30s --events shop.jsonl
                                         half an hour of the shop as JSON lines, for files or a broker
      """)

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Wall time after which it ends: 20s, 5m, 1h.", valueName: "time"))
  var duration: DemoDuration?

  @Flag(
    help: ArgumentHelp(
      "The company's tree of KPIs, pipelines/kpi.yaml, with ads, costs, people and surveys besides "
        + "the shop: a month in twelve minutes."))
  var kpis = false

  @Option(
    name: .customLong("speed"),
    help: ArgumentHelp(
      "How many times as fast as real time. Default: 60; with --kpis 3600.", valueName: "n"))
  var speedGiven: Double?

  @Option(
    name: .customLong("customers"),
    help: ArgumentHelp(
      "Customers of the shop. Default: 20000; with --kpis 400.", valueName: "n"))
  var customersGiven: Int?

  @Option(help: ArgumentHelp("Another seed, another day; the same, the same.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "The SQLite file, or a directory for it. One of an earlier demo is replaced.",
      valueName: "path"))
  var data = DemoFile.name

  @Option(
    help: ArgumentHelp(
      "Where the console is: a port, or an address and a port. Default: 8080, or another where "
        + "that is taken.", valueName: "address:port"))
  var listen: ConsoleAddress?

  @Option(
    help: ArgumentHelp(
      "Write what the shop sends within --for as JSON lines instead, and run nothing. The same on "
        + "every machine; - is standard output.", valueName: "file"))
  var events: String?

  private var speed: Double { speedGiven ?? (kpis ? 3_600 : 60) }
  private var customers: Int { customersGiven ?? (kpis ? 400 : 20_000) }

  func validate() throws {
    guard speed >= 0.1, speed <= 3_600 else {
      throw ValidationError("--speed takes a number from 0.1 to 3600.")
    }
    guard (1...1_000_000).contains(customers) else {
      throw ValidationError("--customers takes a number from 1 to 1000000.")
    }
    if events != nil {
      guard duration != nil else {
        throw ValidationError("--events writes as much as --for says, as in --for 30s.")
      }
      guard !kpis else { throw ValidationError("--events is of the shop alone, without --kpis.") }
    }
  }

  func run() throws {
    if let events { return try writeEvents(to: events) }
    let notes = DemoNotes()
    var options = DemoOptions(
      pipelineText: String(
        decoding: kpis ? PackageResources.kpi_yaml : PackageResources.shop_yaml, as: UTF8.self),
      dataPath: DemoFile.path(data))
    options.seed = seed
    options.customers = customers
    options.speed = speed
    options.lanes = min(DemoSession.partitions, ProcessInfo.processInfo.activeProcessorCount)
    options.log = Log { notes.add($0) }
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    let board = LiveBoard(snapshotEveryMs: 1_000)
    options.onStatus = { board.note($0) }
    let session = try DemoSession(options)
    let console = try DemoConsole.start(session, at: listen, board, log: options.log.console)
    defer { console?.stop() }
    var view = DemoView(session: session, notes: notes)
    let endMs = duration.map { MachineClock().monotonicNs / 1_000_000 + $0.ms } ?? .max
    while !session.progress.hasEnded, !stop.isRaised {
      let leftMs = endMs - MachineClock().monotonicNs / 1_000_000
      if leftMs <= 0 { break }
      _ = session.wait(timeoutMs: min(leftMs, view.periodMs)) { _ in false }
      if !session.progress.hasEnded { view.show() }
    }
    let summary = try session.stop()
    view.show(isLast: true)
    print(DemoEpilogue(summary: summary, zone: session.pipeline.plan.zone).text)
  }

  private func writeEvents(to path: String) throws {
    let eventMs = Double(duration?.ms ?? 0) * speed
    let count = try DemoEventFile(
      path: path, seed: seed, customers: customers, eventMs: Int64(eventMs.rounded())
    ).write()
    Terminal.tell("\(Terminal.count(count, "event")) written to \(path)")
  }
}

/// Wall time on the command line.
struct DemoDuration: ExpressibleByArgument, Equatable {
  var ms: Int64

  init?(argument: String) {
    let units: [(String, Double)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
    guard let (unit, factor) = units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(unit.count)), number > 0,
      let ms = Int64(exactly: (number * factor).rounded(.up)), ms <= 365 * 86_400_000
    else { return nil }
    self.ms = ms
  }
}

/// Where a demonstration's file is.
enum DemoFile {
  static let name = "weir-demo.sqlite"

  /// The file that `--data` means: itself, or one in the directory that it names.
  static func path(_ data: String) -> String {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: data, isDirectory: &isDirectory)
    guard exists, isDirectory.boolValue else { return data }
    return data.hasSuffix("/") ? data + name : data + "/" + name
  }
}
