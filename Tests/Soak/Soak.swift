import ArgumentParser
import Foundation
import PipelineSpec
import WorkerRuntime

/// `soak`: the real program over many minutes of the demo's stream, while it is killed, its broker
/// fails and its readers are slow; then whether anything shows of it.
///
/// Two workers read the same topic. One is killed again and again; the other runs from beginning to
/// end, so that what it holds on to can be seen to grow. The broker is in this process, which no
/// fault touches. What is sent is written to files as well; a replay of those has to come to the
/// results of both workers, row by row.
@main
struct Soak: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Run workers for minutes under kills, broker outages and slow readers.",
    discussion: """
      Prints a tally and ends with 0 when nothing was lost, memory stayed flat and the results are \
      those of a replay; otherwise with 1, and keeps its folder. The log of what was sent takes \
      about 300 bytes an event there, 9 GB in ten minutes.

      EXAMPLES
        soak --weir .build/release/weir
        soak --weir .build/release/weir --for 60s --seed 7
      """)

  @Option(help: "The program to run.") var weir: String

  @Option(
    name: .customLong("for"), help: ArgumentHelp("How long events are sent.", valueName: "duration")
  )
  var length = "10m"

  @Option(help: "Events a second.") var rate = 50_000

  @Option(help: "Partitions of the topic. The broker keeps 5 MiB of each.") var partitions = 32

  @Option(help: "Decides what is sent and what goes wrong. Default: by the clock.") var seed:
    UInt64?

  @Option(
    help: ArgumentHelp("Where its files go. Default: the temporary folder.", valueName: "dir"))
  var folder: String?

  func validate() throws {
    guard let ms = Durations.parse(length), ms >= 5_000 else {
      throw ValidationError("--for takes a duration from 5s up, as 60s or 10m.")
    }
    guard (100...1_000_000).contains(rate) else {
      throw ValidationError("--rate takes 100 to 1000000 events a second.")
    }
    guard (1...256).contains(partitions) else {
      throw ValidationError("--partitions takes 1 to 256.")
    }
  }

  func run() throws {
    // A peer that is gone is found out by what a call returns.
    signal(SIGPIPE, SIG_IGN)
    let plan = SoakPlan(
      weir: weir, lengthMs: Durations.parse(length) ?? 600_000, rate: rate, partitions: partitions,
      seed: seed ?? UInt64(SystemClock.now().ms) % 1_000_000,
      parent: URL(fileURLWithPath: folder ?? NSTemporaryDirectory()))
    print("soak: seed \(plan.seed), \(length) at \(Text.grouped(rate)) events/s")
    let tally = try SoakRun(plan).run()
    print(tally.text)
    if !tally.faults.isEmpty { throw ExitCode(1) }
  }
}

/// What a soak does.
struct SoakPlan: Sendable {
  var weir: String
  var lengthMs: Int64
  var rate: Int
  var partitions: Int
  var seed: UInt64
  var parent: URL

  static let topic = "shop.events"
  static let deadLetters = "shop.rejected"
  /// Customers of the shop, and as many visitors who do not say who they are: all have come long
  /// before a soak of ten minutes is over, so that no more users are known at its end than at its
  /// middle.
  static let customers = 50_000

  /// Runs shorter than this show rate and memory, but are not judged by them.
  static let judgedFromMs: Int64 = 180_000
}

/// Why a soak could not be done, as opposed to what it found.
struct SoakError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
