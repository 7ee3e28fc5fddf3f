import BenchmarkKit
import Foundation

// Measures the worker over files as its users run it: the release binary, its figures and SQLite.
//   swift run -c release --package-path Benchmarks WorkerBenchmark [EVENTS_PER_FILE]

let perFile = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
do {
  try Worker.inFolder { try FileBenchmark(eventsPerFile: perFile, folder: $0).run() }
} catch {
  FileHandle.standardError.write(Data("WorkerBenchmark: \(error)\n".utf8))
  exit(1)
}
