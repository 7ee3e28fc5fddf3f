// The full job, as its users run it: pipelines/bench-full.yaml over files with the release binary.
//
//   swift run -c release --package-path Benchmarks FullBenchmark [EVENTS_PER_FILE]

import BenchmarkKit
import Foundation

let perFile = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 4_000_000
do {
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
