// The full job, as its users run it: pipelines/bench-full.yaml over files with the release binary.
//
//   swift run -c release --package-path Benchmarks FullBenchmark [EVENTS_PER_FILE]
//   … FullBenchmark write FOLDER [zipf] [EVENTS_PER_FILE]   only writes four files, for a profile

import BenchmarkKit
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
let perFile = arguments.last.flatMap { Int($0) } ?? 4_000_000
do {
  if arguments.first == "write", arguments.count > 1 {
    let paths = try BenchmarkEvents.write(
      files: 4, events: perFile, users: arguments.contains("zipf") ? .zipf : .uniform,
      spanMs: Double(perFile) * Throughput.stepMs, to: URL(fileURLWithPath: arguments[1]))
    print(paths.joined(separator: "\n"))
    exit(0)
  }
  try Worker.inFolder { folder in
    let worker = try Worker()
    try Throughput(worker: worker, folder: folder, perFile: perFile).run()
    try Restart(worker: worker, folder: folder).run(users: 1_000_000, targetMs: 2_000)
    try Restart(worker: worker, folder: folder).run(users: 10_000_000, targetMs: 15_000)
  }
} catch {
  FileHandle.standardError.write(Data("FullBenchmark: \(error)\n".utf8))
  exit(1)
}
