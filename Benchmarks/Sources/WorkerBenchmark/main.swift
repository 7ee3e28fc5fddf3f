import Foundation

// Measures the worker as its users run it: the release binary, over files and from a broker.
//   swift run -c release --package-path Benchmarks WorkerBenchmark [EVENTS_PER_FILE]

let perFile = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
do {
  let benchmark = try FileBenchmark(eventsPerFile: perFile)
  try benchmark.run()
} catch {
  FileHandle.standardError.write(Data("WorkerBenchmark: \(error)\n".utf8))
  exit(1)
}
