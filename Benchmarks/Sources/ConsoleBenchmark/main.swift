import BenchmarkKit
import Foundation

// Measures the console as its readers use it: the release binary over HTTP.
//   swift run -c release --package-path Benchmarks ConsoleBenchmark [pages|readers]

let what = CommandLine.arguments.dropFirst().first
do {
  try Worker.inFolder { folder in
    if what != "readers" { try PageTimes(folder: folder, rounds: 40).run() }
    if what != "pages" {
      try ReaderLoad(folder: folder, readers: 200, pairs: 7, eventsPerFile: 4_000_000).run()
    }
  }
} catch {
  FileHandle.standardError.write(Data("ConsoleBenchmark: \(error)\n".utf8))
  exit(1)
}
