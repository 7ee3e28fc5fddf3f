import BenchmarkKit
import Foundation
import Synchronization

/// A worker that reads files at full speed, with its console open: alone, and while many people
/// look at it. Each of them has a stream of live updates and fetches the page whenever something
/// was committed, as the console's script does.
struct ReaderLoad {
  let folder: URL
  let readers: Int
  let pairs: Int
  let eventsPerFile: Int

  func run() throws {
    let paths = try BenchmarkEvents.write(
      files: 4, events: eventsPerFile, users: .zipf, to: folder)
    print(
      "A worker on \(eventsPerFile * paths.count) events of \(paths.count) partitions; alone, and "
        + "with \(readers) readers")
    print("  seconds alone   with readers   ratio   ratio of CPU   snapshots told   pages fetched")
    _ = try measure(paths, readers: 0)
    var ratios: [Double] = []
    for pair in 0..<pairs {
      // Whichever comes first, so that what drifts on the machine falls on both.
      let (alone, crowded): (Run, Run)
      if pair % 2 == 0 {
        alone = try measure(paths, readers: 0)
        crowded = try measure(paths, readers: readers)
      } else {
        crowded = try measure(paths, readers: readers)
        alone = try measure(paths, readers: 0)
      }
      ratios.append(crowded.wallSeconds / alone.wallSeconds)
      print(
        String(
          format: "%15.2f %14.2f %7.3f %14.3f %16d %15d", alone.wallSeconds, crowded.wallSeconds,
          crowded.wallSeconds / alone.wallSeconds, crowded.cpuSeconds / alone.cpuSeconds,
          crowded.told, crowded.pages))
    }
    print(String(format: "median ratio %.3f", ratios.median))
    try Figures.note(
      Figure(
        "console", "the stream's time with \(readers) readers, against none", ratios.median, "x",
        .atMost(1.05)))
  }

  private struct Run {
    var wallSeconds: Double
    var cpuSeconds: Double
    var told = 0
    var pages = 0
  }

  private func measure(_ paths: [String], readers: Int) throws -> Run {
    let data = folder.appendingPathComponent("load.sqlite").path
    for suffix in ["", "-wal", "-shm", "-state", "-state-wal", "-state-shm", ".lock"] {
      try? FileManager.default.removeItem(atPath: data + suffix)
    }
    let before = rusage.childrenCPUSeconds
    let worker = try ConsoleProcess(
      [
        "run", Worker.fullPipeline, "--data", data, "--listen", "127.0.0.1:0", "--in-order",
        "--input",
      ] + paths, in: folder)
    let port = try worker.port()
    let crowd = Crowd()
    for _ in 0..<readers { crowd.add(port) }
    let wall = try worker.wait()
    crowd.waitForEnd()
    return Run(
      wallSeconds: wall, cpuSeconds: rusage.childrenCPUSeconds - before,
      told: crowd.told.load(ordering: .relaxed), pages: crowd.pages.load(ordering: .relaxed))
  }
}

/// People who look, each a thread that gives way to the worker: their browsers run elsewhere.
private final class Crowd: Sendable {
  let told = Atomic(0)
  let pages = Atomic(0)
  private let group = DispatchGroup()

  func add(_ port: Int) {
    group.enter()
    let thread = Thread { [self] in
      defer { group.leave() }
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
      do {
        let events = try HTTPConnection(port: port)
        try events.stream("/live")
        let page = try HTTPConnection(port: port)
        while true {
          try events.skip(to: "event: snapshot")
          told.add(1, ordering: .relaxed)
          _ = try page.get("/", ["Accept": "text/html"])
          pages.add(1, ordering: .relaxed)
        }
      } catch {
        // The worker has ended.
      }
    }
    thread.stackSize = 512 << 10
    thread.start()
  }

  func waitForEnd() { group.wait() }
}
